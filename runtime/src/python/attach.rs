//! Runs code attached to Python. Nothing that it raises reaches the caller, and an exception that is
//! already in flight when a log call is made is still in flight afterwards. Exceptions that have to reach
//! the program are [raised] later. Nothing runs in a subinterpreter: the objects of pylog are of the main one.

use std::any::Any;
use std::panic::{self, AssertUnwindSafe};

use pyo3::exceptions::PyRecursionError;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::context::RecordContext;
use super::exit::{self, AttachPermit};
use super::nesting::{self, CallGuard};
use super::watchdog::Watched;
use super::{fork, library, loose, raised};
use crate::metadata::Metadata;
use crate::raw::interpreter;
use crate::raw::thin::{Exception, Result};

/// Attaches, and runs `f`. What it raises goes to `sys.unraisablehook`.
///
/// `None` if it raised, or if there is no interpreter to attach to: before Python is initialized,
/// while it finalizes, in a garbage collector's traversal, in a thread that is attached to a subinterpreter.
pub(crate) fn attach<R>(metadata: &Metadata, f: impl FnOnce(Python<'_>) -> Result<R>) -> Option<R> {
    let mut f = Some(f);
    let mut value = None;
    attach_and_run(metadata, &mut |py| {
        value = f.take().map(|f| f(py)).transpose()?;
        Ok(())
    });
    value
}

// It is compiled once, not for each type of `f`.
fn attach_and_run(metadata: &Metadata, f: &mut dyn FnMut(Python<'_>) -> Result<()>) {
    let Some(_permit) = AttachPermit::acquire() else {
        return;
    };
    let context = RecordContext::of_this_thread();
    let watched = Watched::waits(metadata);
    Python::try_attach(|py| {
        watched.set_attached();
        let _in_flight = InFlight::take(py);
        // First: what is released may have finalizers, in which an exception would be lost.
        raised::suspend(py);
        loose::release(py);
        unless_raised(py, metadata, &mut || {
            raised::attempt(py, interpreter::prepare(py));
            if !interpreter::is_main(py) {
                return Ok(());
            }
            fork::prepare(py);
            raised::attempt(py, exit::prepare(py));
            let _inside = context.as_ref().and_then(|context| context.enter(py));
            f(py)
        });
        raised::schedule(py);
    });
}

/// Attaches while no record is handled, such as to clone a Python object. `None` if there is no
/// interpreter to attach to. Runs no Python code if the thread is attached already.
pub(crate) fn try_attach<R>(f: impl FnOnce(Python<'_>) -> R) -> Option<R> {
    interpreter::if_attached(|py| match py {
        Some(py) => Some(f(py)),
        None => {
            let _permit = AttachPermit::acquire()?;
            Python::try_attach(f)
        }
    })
}

/// The same as [`attach`] for a thread that is attached already. Exceptions that have to reach the program are only
/// kept.
pub(crate) fn guard<R>(
    py: Python<'_>,
    metadata: &Metadata,
    f: impl FnOnce() -> Result<R>,
) -> Option<R> {
    let mut f = Some(f);
    let mut value = None;
    let _in_flight = InFlight::take(py);
    unless_raised(py, metadata, &mut || {
        value = f.take().map(|f| f()).transpose()?;
        Ok(())
    });
    value
}

/// Calls `f` with a token if this thread is attached. Never waits, and runs no Python code.
pub(crate) fn if_attached<R>(f: impl FnOnce(Option<Python<'_>>) -> R) -> R {
    interpreter::if_attached(|py| {
        let _in_flight = py.map(InFlight::take);
        f(py)
    })
}

/// The exception that is in flight, which is set again at the end.
struct InFlight<'py>(Python<'py>, Option<Exception>);

impl<'py> InFlight<'py> {
    fn take(py: Python<'py>) -> InFlight<'py> {
        InFlight(py, Exception::is_set(py).then(Exception::taken))
    }
}

impl Drop for InFlight<'_> {
    fn drop(&mut self) {
        if let Some(error) = self.1.take() {
            error.restore(self.0);
        }
    }
}

fn unless_raised(py: Python<'_>, metadata: &Metadata, f: &mut dyn FnMut() -> Result<()>) {
    let _call = CallGuard::enter();
    let checked = catch(py, &mut || {
        nesting::check_stack(py)?;
        f()
    });
    if let Err(error) = checked {
        report(py, error, metadata);
    }
    if let Some((error, place)) = nesting::take_ended() {
        error.write_unraisable(py, Some(place.bind(py)));
    }
}

/// PyO3 resumes a panic when it meets the exception that carries it, such as one that another
/// extension raised in a handler. Here the panic becomes an exception like any other.
fn catch(py: Python<'_>, f: &mut dyn FnMut() -> Result<()>) -> Result<()> {
    let caught = panic::catch_unwind(AssertUnwindSafe(f));
    caught.unwrap_or_else(|payload: Box<dyn Any + Send>| {
        let message = match payload.downcast::<String>() {
            Ok(message) => *message,
            Err(payload) => payload
                .downcast_ref::<&str>()
                .unwrap_or(&"panic")
                .to_string(),
        };
        Err(Exception::new::<PanicException>(py, &message))
    })
}

fn report(py: Python<'_>, error: Exception, metadata: &Metadata) {
    let Some(error) = raised::hold(py, error) else {
        return;
    };
    if library::is_logging_gone(py) {
        return;
    }
    let place = format!("pylog call at {}:{}", metadata.file, metadata.line);
    let place = PyString::new(py, &place);
    let error = match error.is_instance_of::<PyRecursionError>(py) {
        true => nesting::end(error, place.clone()),
        false => Some(error),
    };
    if let Some(error) = error {
        error.write_unraisable(py, Some(&place));
    }
}
