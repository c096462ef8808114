//! Exceptions that reach the program although they were raised while a record was handled.
//!
//! Python runs signal handlers between any two steps of Python code in the main thread, so also in the
//! middle of a logging handler. A `SystemExit` that such a signal handler raises has to end the program. The
//! same holds for every exception that isn't an `Exception`, such as `KeyboardInterrupt`, and for every
//! exception of a signal handler. Other exceptions go to `sys.unraisablehook`.
//!
//! Such an exception is kept until the outermost log call of its thread returns. Then Python is made to
//! raise the same object as soon as Python code runs in that thread: by a pending call in the main thread,
//! by an asynchronous exception in other threads. A thread that Rust has spawned has no Python code, so its
//! exceptions are raised in the main thread.

use std::cell::RefCell;
use std::ffi::c_ulong;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::exception::{Exception, Result};
use super::interpreter::{add_pending_call, current_frame, set_async_exception};
use super::kept;
use super::library::{GET_IDENT, THREADING_GLOBALS, function, loaded};
use super::nesting;
use super::once::intern;

// No function here runs Python code in the main thread: Python would run signal handlers and pending calls
// meanwhile.

thread_local! {
    /// The exception that this thread keeps.
    static HELD: RefCell<Option<Exception>> = const { RefCell::new(None) };

    /// The asynchronous exception of this thread, which isn't the main thread.
    static ASYNCHRONOUS: RefCell<Option<Exception>> = const { RefCell::new(None) };
}

/// The exceptions that pending calls are going to raise in the main thread. Locked by attached threads,
/// for a few instructions.
static OF_MAIN_THREAD: Mutex<Vec<Exception>> = Mutex::new(Vec::new());

/// How many exceptions are going to be raised, in any thread.
static SCHEDULED: AtomicUsize = AtomicUsize::new(0);

fn of_main_thread() -> MutexGuard<'static, Vec<Exception>> {
    OF_MAIN_THREAD
        .lock()
        .unwrap_or_else(PoisonError::into_inner)
}

/// Keeps an exception that has to reach the program, and returns the one that was kept before. Returns
/// any other exception.
pub(super) fn hold(py: Python<'_>, error: Exception) -> Option<Exception> {
    let is_exception = error.is_instance_of::<PyException>(py) || is_panic(py, &error);
    if is_exception && !is_of_signal_handler(py, &error).unwrap_or_default() {
        return Some(error);
    }
    replace_held(error)
}

/// Returns the exception that was kept before, or `error` at the end of a thread, where the variable may
/// be gone.
fn replace_held(error: Exception) -> Option<Exception> {
    let mut error = Some(error);
    let earlier = HELD.try_with(|held| held.replace(error.take()));
    earlier.unwrap_or(error)
}

/// `try: … except Exception: pass`. An exception that has to reach the program is kept.
pub(crate) fn attempt<T>(py: Python<'_>, result: Result<T, impl Into<Exception>>) -> Option<T> {
    result.map_err(|error| pass(py, error.into())).ok()
}

#[cold]
fn pass(py: Python<'_>, error: Exception) {
    let earlier = take();
    let dropped = hold(py, error);
    if let Some(earlier) = earlier {
        replace_held(earlier);
    }
    drop(dropped);
}

/// Whether the exception stands for a panic in this or another extension. It isn't an `Exception`, but
/// reports a mistake, like one.
fn is_panic(py: Python<'_>, error: &PyErr) -> bool {
    let module = error.get_type(py).getattr(intern!(py, "__module__"));
    module
        .and_then(|it| it.eq("pyo3_runtime"))
        .unwrap_or_default()
}

/// Whether this thread keeps an exception.
pub(crate) fn is_held() -> bool {
    HELD.try_with(|held| held.borrow().is_some())
        .unwrap_or_default()
}

/// The exception that this thread keeps. It is kept no longer.
pub(super) fn take() -> Option<Exception> {
    HELD.try_with(RefCell::take).unwrap_or_default()
}

/// Begins a log call: an exception that is going to be raised in this thread would otherwise be raised in a
/// logging handler, which would lose the record.
#[inline]
pub(super) fn suspend(py: Python<'_>) {
    if SCHEDULED.load(Ordering::Relaxed) > 0 {
        suspend_scheduled(py);
    }
}

#[cold]
fn suspend_scheduled(py: Python<'_>) {
    let Ok((ident, main)) = current_ident(py).and_then(|it| Ok((it, main_ident(py)?))) else {
        return;
    };
    let suspended = if ident == main {
        // The pending calls then do nothing.
        std::mem::take(&mut *of_main_thread())
    } else {
        let error = ASYNCHRONOUS.try_with(RefCell::take).unwrap_or_default();
        if error.is_some() {
            set_async_exception(py, ident, None);
        }
        error.into_iter().collect()
    };
    SCHEDULED.fetch_sub(suspended.len(), Ordering::Relaxed);
    for error in suspended {
        if let Some(earlier) = replace_held(error) {
            earlier.into_inner().write_unraisable(py, None);
        }
    }
}

/// Ends a log call: schedules the exception that this thread keeps.
pub(crate) fn schedule(py: Python<'_>) {
    if !is_held() || nesting::is_in_call() {
        return;
    }
    if let Some(error) = take() {
        // At the end of the interpreter no Python code may follow that could raise it.
        if kept::are_released() && current_frame(py).is_none() {
            error.into_inner().write_unraisable(py, None);
            return;
        }
        SCHEDULED.fetch_add(1, Ordering::Relaxed);
        let unscheduled = match ident_unless_main(py) {
            Ok(Some(ident)) => schedule_here(py, ident, error),
            _ => schedule_in_main_thread(error),
        };
        if let Some(error) = unscheduled {
            SCHEDULED.fetch_sub(1, Ordering::Relaxed);
            error.into_inner().write_unraisable(py, None);
        }
    }
}

/// The ident of this thread, if it runs Python code and isn't the main thread.
fn ident_unless_main(py: Python<'_>) -> Result<Option<c_ulong>> {
    let ident = current_ident(py)?;
    let is_other = !is_main_thread(py)? && current_frame(py).is_some();
    Ok(is_other.then_some(ident))
}

/// The exception comes back if it can't be scheduled.
fn schedule_in_main_thread(error: Exception) -> Option<Exception> {
    of_main_thread().push(error);
    let raise = |_: Python<'_>| {
        let Some(error) = of_main_thread().pop() else {
            return Ok(()); // It was suspended.
        };
        SCHEDULED.fetch_sub(1, Ordering::Relaxed);
        Err(error)
    };
    match add_pending_call(raise) {
        true => None,
        false => of_main_thread().pop(),
    }
}

/// The exception comes back if it can't be scheduled.
fn schedule_here(py: Python<'_>, ident: c_ulong, error: Exception) -> Option<Exception> {
    match class_that_makes(py, &error) {
        Ok(class) if set_async_exception(py, ident, Some(&class)) => {
            let set = ASYNCHRONOUS.try_with(|it| it.replace(Some(error)));
            drop(set);
            None
        }
        _ => Some(error),
    }
}

/// A class whose instance is the exception itself. Python takes a class, which it calls without arguments
/// when it raises the exception. `except` clauses of older Pythons compare the class.
fn class_that_makes<'py>(py: Python<'py>, error: &PyErr) -> Result<Bound<'py, PyAny>> {
    let object = error.value(py).clone().into_any().unbind();
    let make = move |py: Python<'_>| {
        let raised = ASYNCHRONOUS.try_with(RefCell::take);
        if raised.is_ok_and(|error| error.is_some()) {
            SCHEDULED.fetch_sub(1, Ordering::Relaxed);
        }
        Ok(object.clone_ref(py))
    };
    let namespace = PyDict::new(py);
    namespace.set_item("__new__", function(py, Box::new(make))?)?;
    let class = error.get_type(py);
    let name = class.getattr(intern!(py, "__name__"))?;
    Ok(class.get_type().call1((name, (class,), namespace))?)
}

/// Whether the exception was raised by a signal handler, which Python runs in the main thread.
fn is_of_signal_handler(py: Python<'_>, error: &PyErr) -> Result<bool> {
    let Some(signal) = loaded(intern!(py, "_signal"))? else {
        return Ok(false);
    };
    if !is_main_thread(py)? {
        return Ok(false);
    }
    let signals = signal.getattr(intern!(py, "NSIG"))?.extract()?;
    let mut entry = error.traceback(py).map(Bound::into_any);
    while let Some(traceback) = entry.filter(|it| !it.is_none()) {
        if handles_signal(&traceback.getattr(intern!(py, "tb_frame"))?, signals)? {
            return Ok(true);
        }
        entry = Some(traceback.getattr(intern!(py, "tb_next"))?);
    }
    Ok(false)
}

/// Whether a frame is of a function that was called as Python calls the handlers of signals: with the number of
/// a signal, below `signals`, and a frame. The handler that is installed tells less: it can be any callable, and can
/// have been replaced meanwhile.
fn handles_signal(frame: &Bound<'_, PyAny>, signals: u32) -> Result<bool> {
    /// The flag of a code object that takes `*args`.
    const HAS_VARIABLE_ARGUMENTS: u32 = 4;

    let py = frame.py();
    let code = frame.getattr(intern!(py, "f_code"))?;
    let number = |name| code.getattr(name)?.extract::<usize>();
    let positional = number(intern!(py, "co_argcount"))?;
    let flags: u32 = code.getattr(intern!(py, "co_flags"))?.extract()?;
    let names = code.getattr(intern!(py, "co_varnames"))?;
    let locals = frame.getattr(intern!(py, "f_locals"))?;
    // `None` where the function has deleted the variable.
    let value = |index: usize| {
        locals
            .get_item(names.get_item(index)?)
            .map(Some)
            .or(Ok(None))
    };
    let mut arguments = (0..positional).map(value).collect::<Result<Vec<_>>>()?;
    if flags & HAS_VARIABLE_ARGUMENTS != 0 {
        let more = value(positional + number(intern!(py, "co_kwonlyargcount"))?)?;
        let more = more.and_then(|it| it.cast_into_exact::<PyTuple>().ok());
        arguments.extend(more.iter().flatten().map(Some));
    }
    let is_signal = |it: &Bound<'_, PyAny>| it.extract().is_ok_and(|it: u32| it < signals);
    let is_frame = |it: &Bound<'_, PyAny>| it.get_type().is(frame.get_type());
    Ok(arguments.windows(2).any(|pair| match pair {
        [Some(first), Some(second)] => is_frame(second) && is_signal(first),
        _ => false,
    }))
}

fn current_ident(py: Python<'_>) -> Result<c_ulong> {
    Ok(GET_IDENT.get(py)?.call0()?.extract()?)
}

/// Whether this is the main thread.
pub(super) fn is_main_thread(py: Python<'_>) -> Result<bool> {
    Ok(current_ident(py)? == main_ident(py)?)
}

fn main_ident(py: Python<'_>) -> Result<c_ulong> {
    let main = THREADING_GLOBALS.get(intern!(py, "_main_thread"))?;
    Ok(main.getattr(intern!(py, "_ident"))?.extract()?)
}
