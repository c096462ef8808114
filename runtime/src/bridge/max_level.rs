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

use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};

use log::LevelFilter;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::once::intern;
use crate::python::{LOGGING, is_defined_in};
use crate::{Level, coherence, logger};

/// What the filters allow, as `usize`; [`NOT_OURS`] if the bridge isn't `log`'s logger.
static ALLOWED: AtomicUsize = AtomicUsize::new(NOT_OURS);
const NOT_OURS: usize = usize::MAX;

/// What was set here last. If `log::max_level()` is anything else, somebody has set it over ours.
static SET: AtomicUsize = AtomicUsize::new(NOT_OURS);

/// How often Python was reconfigured, and when it was last asked. Both start where they differ.
static CHANGES: AtomicU32 = AtomicU32::new(1);
static ASKED: AtomicU32 = AtomicU32::new(0);

/// From now on it follows, within `allowed`.
pub(super) fn follow(allowed: LevelFilter) {
    ALLOWED.store(allowed as usize, Ordering::SeqCst);
    set(allowed);
}

/// Lets everything through that the filters allow: Python may accept it now.
pub(crate) fn reopen() {
    CHANGES.fetch_add(1, Ordering::SeqCst);
    if let Some(allowed) = allowed() {
        set(allowed);
    }
}

/// Rejects what no Python logger accepts, nor any of those with the names that `seen` gives. For calls
/// that Python has just refused.
pub(super) fn narrow<'py>(
    py: Python<'py>,
    seen: impl FnOnce() -> Vec<Bound<'py, PyString>>,
) -> PyResult<()> {
    let changes = CHANGES.load(Ordering::SeqCst);
    let Some(allowed) = allowed() else {
        return Ok(());
    };
    if ASKED.load(Ordering::SeqCst) == changes {
        return Ok(());
    }
    // Once for each change, even if it fails.
    ASKED.store(changes, Ordering::SeqCst);
    let accepted = most_verbose(py)?;
    let accepted = accepted.max(not_refused(&seen(), accepted, allowed)?);
    set(accepted.min(allowed));
    if CHANGES.load(Ordering::SeqCst) != changes {
        // The answer was overtaken. Whoever changes it from now on sets it after us.
        set(allowed);
    }
    Ok(())
}

/// What the filters allow, and `log::set_max_level` if the program has called it itself.
fn allowed() -> Option<LevelFilter> {
    let allowed = ALLOWED.load(Ordering::SeqCst);
    if allowed == NOT_OURS {
        return None;
    }
    let now = log::max_level();
    if now as usize != SET.load(Ordering::SeqCst) {
        ALLOWED.store(now as usize, Ordering::SeqCst);
        return Some(now);
    }
    LevelFilter::iter().find(|filter| *filter as usize == allowed)
}

fn set(level: LevelFilter) {
    SET.store(level as usize, Ordering::SeqCst);
    log::set_max_level(level);
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
    // A class may also give its loggers a level of their own when it makes them.
    let init = class.getattr(intern!(py, "__init__"))?;
    if !(decides_as_ever(&class)? && is_defined_in(logging, &init)?) {
        return Ok(LevelFilter::Trace);
    }
    let mut lowest = i64::MAX;
    for logger in loggers.iter().chain([root]) {
        let get_effective_level = intern!(py, "getEffectiveLevel");
        if !logger.hasattr(get_effective_level)? {
            continue; // A `PlaceHolder`.
        }
        if !decides_as_ever(&logger)? {
            return Ok(LevelFilter::Trace);
        }
        lowest = lowest.min(logger.call_method0(get_effective_level)?.extract()?);
    }
    let disabled: i64 = manager.getattr(intern!(py, "disable"))?.extract()?;
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

/// Whether the answers of a logger, or of those of a class, change with no other notice than
/// Python's own.
fn decides_as_ever(logger: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = logger.py();
    let logging = LOGGING.get(py)?;
    let is_enabled_for = logger.getattr(intern!(py, "isEnabledFor"))?;
    let get_effective_level = logger.getattr(intern!(py, "getEffectiveLevel"))?;
    Ok(is_defined_in(logging, &is_enabled_for)? && is_defined_in(logging, &get_effective_level)?)
}
