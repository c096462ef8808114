//! Exceptions that reach the program although they were raised while a record was handled.
//!
//! Python runs signal handlers between any two steps of Python code in the main thread, so also in the
//! middle of a logging handler. A `SystemExit` that such a signal handler raises has to end the program. The
//! same holds for every exception that isn't an `Exception`, such as `KeyboardInterrupt`, and for every
//! exception of a signal handler. Other exceptions go to `sys.unraisablehook`.
//!
//! Such an exception is kept until the outermost log call of its thread returns. Then Python is made to
//! raise the same object as soon as Python code runs in that thread: by a [simulated signal][main_thread] in the main
//! thread, by an [asynchronous exception][other_thread] in other threads. A thread that Rust has spawned has no Python
//! code, so its exceptions are raised in the main thread.
//!
//! Until then more log calls can be made, and more exceptions raised, where Rust code logs in a loop. The first one of
//! each class reaches the program, in order. A second `SystemExit` would tell the program nothing new.

mod main_thread;
mod other_thread;
mod signal_handlers;

use std::cell::{Cell, RefCell};
use std::ffi::c_ulong;

use pyo3::exceptions::{PyException, PyKeyboardInterrupt};
use pyo3::prelude::*;

use self::signal_handlers::is_of_signal_handler;
use super::kept;
use super::library::{GET_IDENT, THREADING_GLOBALS};
use super::nesting;
use crate::raw::interpreter::{current_frame, is_pypy};
use crate::raw::thin::{Exception, Name, Result, Thin};

// No function here runs Python code in the main thread: Python would run signal handlers and pending calls
// meanwhile.

thread_local! {
    /// The exceptions that this thread keeps, the earliest first.
    static HELD: RefCell<Vec<Exception>> = const { RefCell::new(Vec::new()) };

    /// How many exceptions of signals this thread has met.
    static INTERRUPTS: Cell<usize> = const { Cell::new(0) };
}

/// Keeps an exception that has to reach the program, unless one of the same class is kept. Returns any other exception.
pub(super) fn hold(py: Python<'_>, error: Exception) -> Option<Exception> {
    let is_exception = error.is_instance_of::<PyException>(py) || is_panic(py, &error);
    // Python's own handler of SIGINT has no frame.
    let is_interrupt = error.is_instance_of::<PyKeyboardInterrupt>(py)
        || is_of_signal_handler(py, &error).unwrap_or_default();
    if is_interrupt {
        let _ = INTERRUPTS.try_with(|it| it.set(it.get() + 1));
    } else if is_exception {
        return Some(error);
    }
    let mut error = Some(error);
    let class = |error: &Exception| error.get_type(py);
    // At the end of a thread the variable may be gone.
    let _ = HELD.try_with(|held| {
        let mut held = held.borrow_mut();
        if let Some(new) = error.take_if(|new| held.iter().all(|it| !class(it).is(class(new)))) {
            held.push(new);
        }
    });
    error
}

/// `try: … except Exception: pass`. An exception that has to reach the program is kept.
pub(crate) fn attempt<T>(py: Python<'_>, result: Result<T, impl Into<Exception>>) -> Option<T> {
    result.map_err(|error| pass(py, error.into())).ok()
}

#[cold]
fn pass(py: Python<'_>, error: Exception) {
    drop(hold(py, error));
}

/// Whether the exception stands for a panic in this or another extension. It isn't an `Exception`, but
/// reports a mistake, like one.
fn is_panic(py: Python<'_>, error: &Exception) -> bool {
    let module = error.get_type(py).get(Name::__module__);
    module
        .and_then(|it| it.equals_text("pyo3_runtime"))
        .unwrap_or_default()
}

/// Whether this thread keeps an exception.
pub(crate) fn is_held() -> bool {
    HELD.try_with(|held| !held.borrow().is_empty())
        .unwrap_or_default()
}

/// How many exceptions of signals this thread has met. A `KeyboardInterrupt` counts as one of them.
pub(crate) fn interrupts() -> usize {
    INTERRUPTS.try_with(Cell::get).unwrap_or_default()
}

/// The exceptions that this thread keeps. They are kept no longer.
fn take() -> Vec<Exception> {
    HELD.try_with(RefCell::take).unwrap_or_default()
}

/// Begins a log call: an exception that is going to be raised in this thread would otherwise be raised in a
/// logging handler, which would lose the record.
#[inline]
pub(super) fn suspend(py: Python<'_>) {
    if main_thread::has_scheduled() || other_thread::has_scheduled() {
        suspend_scheduled(py);
    }
}

#[cold]
fn suspend_scheduled(py: Python<'_>) {
    let Ok((ident, main)) = current_ident(py).and_then(|it| Ok((it, main_ident(py)?))) else {
        return;
    };
    let mut suspended = match ident == main {
        true => main_thread::take_all(),
        false => Vec::from_iter(other_thread::cancel(py, ident)),
    };
    // They are of classes of their own, and nothing else is kept outside of calls.
    let _ = HELD.try_with(|held| held.borrow_mut().append(&mut suspended));
}

/// Ends a log call: schedules the exceptions that this thread keeps.
pub(crate) fn schedule(py: Python<'_>) {
    if nesting::is_in_call() || !is_held() && !main_thread::has_scheduled() {
        return;
    }
    let mut held = take();
    // At the end of the interpreter no Python code may follow that could raise it.
    if kept::are_released() && current_frame(py).is_none() {
        write_off(py, held);
        return;
    }
    let other_thread = match ident_unless_main(py) {
        Ok(Some(ident)) => Some((Ok(ident), true)),
        // PyPy's pending calls can't raise.
        _ if is_pypy() && !is_main_thread(py).unwrap_or(true) => Some((main_ident(py), false)),
        _ => None,
    };
    match other_thread {
        // Python has one place for an asynchronous exception.
        Some((ident, is_this)) if !held.is_empty() => {
            if let Some(error) = other_thread::raise(py, ident, is_this, held.remove(0)) {
                held.insert(0, error);
            }
        }
        Some(_) => {}
        None => main_thread::add(std::mem::take(&mut held)),
    }
    write_off(py, held);
    main_thread::make_call_due(py);
}

/// Runs the handlers of the signals that have arrived, as [`Python::check_signals`] does, and raises an exception that a log
/// call in this thread has kept. Call it in long loops of Rust code.
///
/// [`Python::check_signals`] alone does both in the main thread from Python 3.10 on.
/// [`guide::errors`](crate::guide::errors) says which exceptions a log call keeps.
///
/// ```
/// use pyo3::prelude::*;
///
/// #[pyfunction]
/// fn work(py: Python<'_>) -> PyResult<()> {
///     for step in 0..1000 {
///         pylog::info!("step {step}");
///         pylog::check_signals(py)?;
///     }
///     Ok(())
/// }
/// # Python::attach(work).unwrap();
/// ```
///
/// # Errors
/// The exception that a signal handler raises, or the earliest one that was kept. Later ones are kept for the next call, or
/// until Python code runs.
pub fn check_signals(py: Python<'_>) -> PyResult<()> {
    // An exception of the innermost call would end a logging handler.
    if nesting::is_in_call() {
        return py.check_signals();
    }
    // First: from 3.12 on Python also collects garbage here. What is raised in a finalizer is lost.
    suspend(py);
    let checked = py.check_signals();
    let mut held = take();
    let first = match checked {
        Err(error) => Some(error),
        Ok(()) if held.is_empty() => None,
        Ok(()) => Some(held.remove(0).into_inner()),
    };
    let _ = HELD.try_with(|it| it.borrow_mut().append(&mut held));
    schedule(py);
    first.map_or(Ok(()), Err)
}

fn write_off(py: Python<'_>, errors: Vec<Exception>) {
    for error in errors {
        error.write_unraisable(py, None);
    }
}

/// Raises what this thread keeps here and now.
pub(crate) fn raise_held(py: Python<'_>) -> Result<()> {
    let mut errors = take();
    if errors.is_empty() {
        return Ok(());
    }
    let first = errors.remove(0);
    write_off(py, errors);
    Err(first)
}

/// The ident of this thread, if it runs Python code and isn't the main thread.
fn ident_unless_main(py: Python<'_>) -> Result<Option<c_ulong>> {
    let ident = current_ident(py)?;
    let is_other = !is_main_thread(py)? && current_frame(py).is_some();
    Ok(is_other.then_some(ident))
}

fn current_ident(py: Python<'_>) -> Result<c_ulong> {
    Ok(GET_IDENT.get(py)?.run()?.number()? as c_ulong)
}

/// Whether this is the main thread.
pub(super) fn is_main_thread(py: Python<'_>) -> Result<bool> {
    Ok(current_ident(py)? == main_ident(py)?)
}

fn main_ident(py: Python<'_>) -> Result<c_ulong> {
    let main = THREADING_GLOBALS.get(Name::_main_thread, py)?;
    Ok(main.get(Name::_ident)?.number()? as c_ulong)
}
