//! `log::max_level()` follows Python.
//!
//! `log`'s macros compare with it before anything else. So it is as low as it may be: the most
//! verbose level that some Python logger accepts, and what the filters on the Rust side allow. A
//! reconfiguration raises it to what the filters allow, at once; the next call that Python then
//! refuses lowers it again.
//!
//! What it rejects, Python must have refused by itself. Levels that are assigned past `setLevel` are
//! announced to nobody, but have no effect either where Python has kept an earlier answer. So it is
//! lowered only as far as Python has kept a refusal for each target that has been seen.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use log::LevelFilter;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::once::intern;
use crate::python::{LOGGING, LOGGING_GLOBALS};
use crate::table::Table;
use crate::{Level, coherence, logger};

/// What there is to know. Locked for a few instructions, by who holds the GIL: no Python code runs
/// meanwhile, and nobody can fork.
struct State {
    /// What the filters allow; `None` if the bridge isn't `log`'s logger.
    allowed: Option<LevelFilter>,
    /// How often Python was reconfigured.
    changes: u32,
    /// After how many changes it was asked last.
    asked_after: Option<u32>,
    /// What the bridge has seen.
    calls: Option<Arc<Table>>,
}

static STATE: Mutex<State> = Mutex::new(State {
    allowed: None,
    changes: 0,
    asked_after: None,
    calls: None,
});

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// From now on it follows, within `allowed`.
pub(super) fn follow(allowed: LevelFilter, calls: Arc<Table>) {
    let mut state = state();
    state.calls = Some(calls);
    state.allowed = Some(allowed);
    log::set_max_level(allowed);
}

/// Lets everything through that the filters allow: Python may accept it now.
pub(crate) fn reopen() {
    let mut state = state();
    state.changes = state.changes.wrapping_add(1);
    if let Some(allowed) = state.allowed {
        log::set_max_level(allowed);
    }
}

/// Rejects what no Python logger accepts, nor any of those that calls have logged to. To be called when
/// Python has just refused something.
pub(crate) fn narrow(py: Python<'_>) -> PyResult<()> {
    let (allowed, calls, changes) = {
        let mut state = state();
        let changes = state.changes;
        match (state.allowed, &state.calls) {
            (Some(allowed), Some(calls)) if state.asked_after != Some(changes) => {
                let calls = Arc::clone(calls);
                // Once for each change, even if it fails.
                state.asked_after = Some(changes);
                (allowed, calls, changes)
            }
            _ => return Ok(()),
        }
    };
    let accepted = most_verbose(py)?;
    let names: Vec<_> = calls.targets().iter().map(|it| it.name(py)).collect();
    let accepted = accepted.max(not_refused(&names, accepted, allowed)?);
    let state = state();
    // Else the answer was overtaken.
    if state.changes == changes {
        log::set_max_level(accepted.min(allowed));
    }
    Ok(())
}

/// The most verbose level that some logger accepts. Those yet to be created inherit theirs.
fn most_verbose(py: Python<'_>) -> PyResult<LevelFilter> {
    let logging = LOGGING.get(py)?;
    let root = logging.getattr(intern!(py, "root"))?;
    // Or changes would go unnoticed.
    coherence::watch(&root)?;
    let manager = root.getattr(intern!(py, "manager"))?;
    let loggers = manager.getattr(intern!(py, "loggerDict"))?;
    let loggers = loggers.cast::<PyDict>()?.values();

    let class = logging.call_method0(intern!(py, "getLoggerClass"))?;
    let class_of_manager = manager.getattr(intern!(py, "loggerClass"))?;
    for class in [class, class_of_manager] {
        if class.is_none() {
            continue;
        }
        // A class may also give its loggers a level of their own when it makes them.
        let init = class.getattr(intern!(py, "__init__"))?;
        if !(decides_as_ever(&class, &class)? && LOGGING_GLOBALS.define(&init)?) {
            return Ok(LevelFilter::Trace);
        }
    }
    let mut lowest = i64::MAX;
    for logger in loggers.iter().chain([root]) {
        let get_effective_level = intern!(py, "getEffectiveLevel");
        if !logger.hasattr(get_effective_level)? {
            continue; // A `PlaceHolder`.
        }
        if !decides_as_ever(&logger, &logger.get_type())? {
            return Ok(LevelFilter::Trace);
        }
        let level = logger.call_method0(get_effective_level)?;
        // One that doesn't fit lies above all others.
        lowest = lowest.min(level.extract().unwrap_or(i64::MAX));
    }
    let disabled = manager.getattr(intern!(py, "disable"))?;
    let disabled: i64 = disabled.extract().unwrap_or(i64::MAX);
    let lowest = lowest.max(disabled.saturating_add(1));
    let accepted =
        log::Level::iter().filter(|level| i64::from(Level::from(*level).levelno()) >= lowest);
    // From `Error` to `Trace`.
    Ok(accepted
        .last()
        .map_or(LevelFilter::Off, |it| it.to_level_filter()))
}

/// The most verbose level above `accepted` for which Python doesn't keep a refusal for each name.
fn not_refused(
    names: &[Bound<'_, PyString>],
    accepted: LevelFilter,
    allowed: LevelFilter,
) -> PyResult<LevelFilter> {
    let mut not_refused = accepted;
    let in_question = |level: &log::Level| *level > accepted && *level <= allowed;
    for level in log::Level::iter().filter(in_question) {
        for name in names {
            let logger = logger::current(name)?;
            let is_enabled = logger::is_enabled_for(&logger, level.into())?;
            if is_enabled || logger::cached_answer(&logger, level.into())?.is_none() {
                not_refused = level.to_level_filter();
                break;
            }
        }
    }
    Ok(not_refused)
}

/// Whether the answers of a logger of that class, or of all that it will have, change with no other
/// notice than Python's own.
fn decides_as_ever(logger: &Bound<'_, PyAny>, class: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = logger.py();
    let is_enabled_for = logger.getattr(intern!(py, "isEnabledFor"))?;
    let get_effective_level = logger.getattr(intern!(py, "getEffectiveLevel"))?;
    Ok(LOGGING_GLOBALS.define(&is_enabled_for)?
        && LOGGING_GLOBALS.define(&get_effective_level)?
        // A property.
        && !class.hasattr(intern!(py, "level"))?)
}
