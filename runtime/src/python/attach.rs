//! Runs code attached to Python. Nothing that it raises reaches the caller, and an exception that is
//! already in flight when a log call is made is still in flight afterwards. Exceptions that have to reach
//! the program are [raised] later.

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
use super::{fork, interpreter, library, raised};
use crate::metadata::Metadata;

/// Attaches, and runs `f`. What it raises goes to `sys.unraisablehook`.
///
/// `None` if it raised, or if there is no interpreter to attach to: before Python is initialized,
/// while it finalizes, in a garbage collector's traversal.
pub(crate) fn attach<R>(
    metadata: &Metadata,
    f: impl FnOnce(Python<'_>) -> PyResult<R>,
) -> Option<R> {
    let _permit = AttachPermit::acquire()?;
    let context = RecordContext::of_this_thread();
    let watched = Watched::new(metadata);
    Python::try_attach(|py| {
        watched.set_attached();
        with_nothing_in_flight(py, || {
            raised::suspend(py);
            let value = unless_raised(py, metadata, || {
                raised::attempt(py, interpreter::prepare(py));
                fork::prepare(py);
                exit::prepare(py)?;
                let _inside = context.and_then(|context| context.enter(py));
                f(py)
            });
            raised::schedule(py);
            value
        })
    })
    .flatten()
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
    f: impl FnOnce() -> PyResult<R>,
) -> Option<R> {
    with_nothing_in_flight(py, || unless_raised(py, metadata, f))
}

/// Calls `f` with a token if this thread is attached. Never waits, and runs no Python code.
pub(crate) fn if_attached<R>(f: impl FnOnce(Option<Python<'_>>) -> R) -> R {
    interpreter::if_attached(|py| match py {
        Some(py) => with_nothing_in_flight(py, || f(Some(py))),
        None => f(None),
    })
}

fn with_nothing_in_flight<R>(py: Python<'_>, f: impl FnOnce() -> R) -> R {
    let in_flight = catch(|| PyErr::take(py)).unwrap_or_else(Some);
    let value = f();
    if let Some(error) = in_flight {
        error.restore(py);
    }
    value
}

fn unless_raised<R>(
    py: Python<'_>,
    metadata: &Metadata,
    f: impl FnOnce() -> PyResult<R>,
) -> Option<R> {
    let _call = CallGuard::enter();
    let checked = || {
        nesting::check_stack()?;
        f()
    };
    match catch(checked).and_then(|result| result) {
        Ok(value) => Some(value),
        Err(error) => {
            report(py, error, metadata);
            None
        }
    }
}

/// PyO3 resumes a panic when it meets the exception that carries it, such as one that another
/// extension raised in a handler. Here the panic becomes an exception like any other.
fn catch<R>(f: impl FnOnce() -> R) -> Result<R, PyErr> {
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(|payload: Box<dyn Any + Send>| {
        let message = match payload.downcast::<String>() {
            Ok(message) => *message,
            Err(payload) => payload
                .downcast_ref::<&str>()
                .unwrap_or(&"panic")
                .to_string(),
        };
        PanicException::new_err(message)
    })
}

fn report(py: Python<'_>, error: PyErr, metadata: &Metadata) {
    let Some(error) = raised::hold(py, error) else {
        return;
    };
    if library::is_logging_gone(py) {
        return;
    }
    if error.is_instance_of::<PyRecursionError>(py) {
        if nesting::drops_records() {
            return; // It has been reported once.
        }
        nesting::drop_nested_records();
    }
    let place = format!("pylog call at {}:{}", metadata.file, metadata.line);
    error.write_unraisable(py, Some(&PyString::new(py, &place)));
}
