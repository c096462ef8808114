//! Raising exceptions in the main thread.
//!
//! A signal is simulated whose handler raises the exception. Python runs that handler where it runs any other: before
//! the next step of Python code, and in `PyErr_CheckSignals`, which Rust code calls in long loops. Where no signal can be
//! simulated, a pending call raises the exception, at the next step of Python code.

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use pyo3::prelude::*;

use super::{hold, is_main_thread};
use crate::python::library::{function, loaded};
use crate::python::process;
use crate::raw::interpreter::add_pending_call;
use crate::raw::thin::{Exception, Name, Result, Thin};
use crate::raw::version::version;

/// The exceptions, the earliest first. Locked by attached threads, for a few instructions.
static SCHEDULED: Mutex<Vec<Exception>> = Mutex::new(Vec::new());

/// How many there are.
static COUNT: AtomicUsize = AtomicUsize::new(0);

/// The generation of the process, plus one, in which Python is going to call [`raise_next`]; 0 if it isn't. A forked child
/// has lost the simulated signal. There is never a second call in one process: CPython has few places for pending calls.
static CALL_IS_DUE_IN: AtomicU32 = AtomicU32::new(0);

const NOT_DUE: u32 = 0;

fn scheduled() -> MutexGuard<'static, Vec<Exception>> {
    SCHEDULED.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether an exception is going to be raised.
pub(super) fn has_scheduled() -> bool {
    COUNT.load(Ordering::Relaxed) > 0
}

/// Takes back what is going to be raised. The call that is due then does nothing.
pub(super) fn take_all() -> Vec<Exception> {
    COUNT.store(0, Ordering::Relaxed);
    std::mem::take(&mut *scheduled())
}

/// Adds exceptions that are going to be raised, one after the other.
pub(super) fn add(mut errors: Vec<Exception>) {
    let mut scheduled = scheduled();
    scheduled.append(&mut errors);
    COUNT.store(scheduled.len(), Ordering::Relaxed);
}

/// Makes Python raise what is scheduled, unless it is going to. If there is no place for another pending call, the next
/// log call tries again.
pub(super) fn make_call_due(py: Python<'_>) {
    let here = process::here();
    if !has_scheduled() || CALL_IS_DUE_IN.swap(here, Ordering::Relaxed) == here {
        return;
    }
    let is_simulated = is_main_thread(py).and_then(|is_main| match is_main {
        true => simulate_signal(py),
        false => Ok(false),
    });
    if !is_simulated.unwrap_or_default() && !add_pending_call(raise_next) {
        CALL_IS_DUE_IN.store(NOT_DUE, Ordering::Relaxed);
    }
}

/// Raises the earliest exception. Python calls this again for the next one.
fn raise_next(py: Python<'_>) -> Result<()> {
    CALL_IS_DUE_IN.store(NOT_DUE, Ordering::Relaxed);
    let next = {
        let mut scheduled = scheduled();
        let next = (!scheduled.is_empty()).then(|| scheduled.remove(0));
        COUNT.store(scheduled.len(), Ordering::Relaxed);
        next
    };
    make_call_due(py);
    next.map_or(Ok(()), Err)
}

/// Signals that programs hardly handle, and that no Python code of this thread can send before the simulated one is
/// handled: the first one for Unix, the second for Windows.
const SIGNALS: [Name; 2] = [Name::SIGURG, Name::SIGBREAK];

/// Makes Python call [`raise_next`] as the handler of a signal, which then gets back the handler that it had. Returns
/// `false` where that isn't possible.
fn simulate_signal(py: Python<'_>) -> Result<bool> {
    // Before 3.10 Python simulates SIGINT alone, which programs do handle.
    if version(py) < (10, 0) {
        return Ok(false);
    }
    let Some(signals) = loaded(Name::_signal.get(py))? else {
        return Ok(false);
    };
    for name in SIGNALS {
        let Some(number) = signals.find(name.get(py))? else {
            continue;
        };
        let before = signals.call_named_with(Name::getsignal, &number)?;
        // A handler that wasn't installed by Python couldn't be put back.
        if before.is_none() {
            continue;
        }
        let restored = (
            signals.clone().unbind(),
            number.clone().unbind(),
            before.unbind(),
        );
        let handler = function(
            py,
            Box::new(move |py| {
                let (signals, number, before) = &restored;
                set_handler(signals.bind(py), number.bind(py), before.bind(py))?;
                raise_next(py).map(|()| py.None())
            }),
        )?;
        set_handler(&signals, &number, &handler)?;
        py.import("_thread")?
            .call_named_with(Name::interrupt_main, &number)?;
        return Ok(true);
    }
    Ok(false)
}

/// `signal.signal(number, handler)`. That function first runs the handlers of signals that have arrived. What they raise
/// is raised later.
fn set_handler(
    signals: &Bound<'_, PyAny>,
    number: &Bound<'_, PyAny>,
    handler: &Bound<'_, PyAny>,
) -> Result<()> {
    /// More signals than that don't arrive in between.
    const ATTEMPTS: usize = 64;

    let py = signals.py();
    let set = || signals.call_named_with_two(Name::signal, number, handler);
    for _ in 0..ATTEMPTS {
        let Err(error) = set() else {
            return Ok(());
        };
        if let Some(error) = hold(py, error) {
            return Err(error);
        }
    }
    set().map(drop)
}
