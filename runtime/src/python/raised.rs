//! Exceptions that reach the program although they were raised while a record was handled.
//!
//! Python runs signal handlers between any two steps of Python code in the main thread, so also in the
//! middle of a logging handler. A `SystemExit` that such a signal handler raises has to end the program. The
//! same holds for every exception that isn't an `Exception`, such as `KeyboardInterrupt`, and for every
//! exception of a signal handler. Other exceptions go to `sys.unraisablehook`.
//!
//! Such an exception is kept until the outermost log call of its thread returns. Then
//! `PyThreadState_SetAsyncExc` makes Python raise the same object, as soon as Python code runs in that
//! thread. A thread that Rust has spawned has no Python code, so its exceptions are raised in the main
//! thread.

use std::cell::RefCell;
use std::ffi::c_ulong;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict};

use super::interpreter::set_async_exception;
use super::library::{GET_IDENT, THREADING, current_frame, loaded};
use super::once::intern;
use super::thread_state;

thread_local! {
    /// The exception that this thread keeps.
    static KEPT: RefCell<Option<PyErr>> = const { RefCell::new(None) };

    /// The exception that Python is going to raise in this thread.
    static SCHEDULED: RefCell<Option<PyErr>> = const { RefCell::new(None) };
}

/// Keeps an exception if it has to reach the program. Otherwise it comes back.
pub(super) fn keep(py: Python<'_>, error: PyErr) -> Option<PyErr> {
    let is_exception = error.is_instance_of::<PyException>(py);
    if is_exception && !is_of_signal_handler(py, &error).unwrap_or_default() {
        return Some(error);
    }
    // At the end of a thread the variable may be gone.
    let earlier = KEPT.try_with(|kept| kept.replace(Some(error)));
    earlier.unwrap_or_default()
}

/// Whether this thread keeps an exception.
pub(crate) fn is_kept() -> bool {
    KEPT.try_with(|kept| kept.borrow().is_some())
        .unwrap_or_default()
}

/// The exception that this thread keeps. It is kept no longer.
pub(super) fn take() -> Option<PyErr> {
    KEPT.try_with(RefCell::take).unwrap_or_default()
}

/// Begins a log call: an exception that Python is going to raise in this thread would otherwise be raised
/// in a logging handler, which would lose the record.
pub(super) fn suspend(py: Python<'_>) {
    let scheduled = SCHEDULED.try_with(RefCell::take).unwrap_or_default();
    if let Some(error) = scheduled {
        if let Ok(ident) = current_ident(py) {
            set_async_exception(py, ident, None);
        }
        let _ = KEPT.try_with(|kept| {
            kept.borrow_mut().get_or_insert(error);
        });
    }
}

/// Ends a log call: makes Python raise the exception that this thread keeps.
pub(crate) fn schedule(py: Python<'_>) {
    if !is_kept() || thread_state::is_handling_record() {
        return;
    }
    if let Some(error) = take() {
        if let Err(failure) = schedule_error(py, &error) {
            failure.write_unraisable(py, None);
            error.write_unraisable(py, None);
        }
    }
}

fn schedule_error(py: Python<'_>, error: &PyErr) -> PyResult<()> {
    let is_of_this_thread = current_frame(py)?.is_some();
    let ident = match is_of_this_thread {
        true => current_ident(py)?,
        false => main_ident(py)?,
    };
    let class = class_that_makes(py, error)?;
    if !set_async_exception(py, ident, Some(&class)) {
        error.clone_ref(py).write_unraisable(py, None);
    } else if is_of_this_thread {
        let _ = SCHEDULED.try_with(|scheduled| scheduled.replace(Some(error.clone_ref(py))));
    }
    Ok(())
}

/// A class whose instance is the exception itself. Python takes a class, which it calls without arguments
/// when it raises the exception. `except` clauses of older Pythons compare the class.
fn class_that_makes<'py>(py: Python<'py>, error: &PyErr) -> PyResult<Bound<'py, PyAny>> {
    let object = error.value(py).clone().unbind();
    let new = PyCFunction::new_closure(py, None, None, move |args, _| {
        let _ = SCHEDULED.try_with(RefCell::take);
        object.clone_ref(args.py())
    })?;
    let namespace = PyDict::new(py);
    namespace.set_item("__new__", new)?;
    let class = error.get_type(py);
    let name = class.getattr(intern!(py, "__name__"))?;
    class.get_type().call1((name, (class,), namespace))
}

/// Whether the exception was raised by a signal handler, which Python runs in the main thread.
fn is_of_signal_handler(py: Python<'_>, error: &PyErr) -> PyResult<bool> {
    let Some(signal) = loaded(intern!(py, "signal"))? else {
        return Ok(false);
    };
    if current_ident(py)? != main_ident(py)? {
        return Ok(false);
    }
    let code = intern!(py, "__code__");
    let mut handlers = Vec::new();
    for number in signal.call_method0("valid_signals")?.try_iter()? {
        let handler = signal.call_method1("getsignal", (number?,))?;
        handlers.extend(handler.getattr_opt(code)?);
    }
    let mut entry = error.traceback(py).map(Bound::into_any);
    while let Some(traceback) = entry.filter(|it| !it.is_none()) {
        let frame = traceback.getattr(intern!(py, "tb_frame"))?;
        let code = frame.getattr(intern!(py, "f_code"))?;
        if handlers.iter().any(|handler| handler.is(&code)) {
            return Ok(true);
        }
        entry = Some(traceback.getattr(intern!(py, "tb_next"))?);
    }
    Ok(false)
}

fn current_ident(py: Python<'_>) -> PyResult<c_ulong> {
    GET_IDENT.get(py)?.call0()?.extract()
}

fn main_ident(py: Python<'_>) -> PyResult<c_ulong> {
    let main = THREADING.get(intern!(py, "main_thread"))?.call0()?;
    main.getattr(intern!(py, "ident"))?.extract()
}
