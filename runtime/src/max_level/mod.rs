//! `log::max_level()` and the maximum level of `tracing` follow Python.
//!
//! The macros of these crates compare with it before anything else. So it is as restrictive as possible: the most
//! verbose level that any Python logger accepts, within the filters on the Rust side. A reconfiguration
//! resets it to what the filters allow, and the next call that Python refuses restricts it again.
//!
//! It may reject only levels that Python itself would refuse. A level that is assigned to `logger.level`
//! directly causes no invalidation, but has no effect either where Python has cached an earlier answer.
//! So the maximum rejects a level only if Python has cached a refusal of it for each target seen.
//!
//! A maximum that the program sets below that is a cap.

pub(crate) mod changes;

use std::sync::{Arc, Once};

use arc_swap::ArcSwapOption;
use log::LevelFilter;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use self::changes::{Changes, Maximum};
use crate::callsite::table::Table;
use crate::level::Level;
use crate::level_cache::invalidation::{self, Listener};
use crate::logger::{levels, lookup};
use crate::python::library::LOGGING_GLOBALS;
use crate::raw::list::List;
use crate::raw::thin::{Name, Object, Result, Thin};

/// A maximum level that follows Python.
pub(crate) struct MaxLevel {
    changes: Changes,
    /// The calls that have been seen.
    calls: ArcSwapOption<Table>,
}

/// All that have ever followed Python.
static ALL: List<&'static MaxLevel> = List::new();

impl MaxLevel {
    pub(crate) const fn new(maximum: Maximum) -> MaxLevel {
        MaxLevel {
            changes: Changes::new(maximum),
            calls: ArcSwapOption::const_empty(),
        }
    }

    /// Makes the maximum follow Python from now on, within `allowed`.
    pub(crate) fn follow(&'static self, allowed: LevelFilter, calls: Arc<Table>) {
        static LISTENS: Once = Once::new();
        LISTENS.call_once(|| {
            invalidation::add_listener(Listener {
                on_invalidation: || ALL.iter().for_each(|(_, it)| it.changes.reset()),
                on_refusal: |py| ALL.iter().try_for_each(|(_, it)| it.restrict(py)),
            });
        });
        if self.calls.swap(Some(calls)).is_none() {
            ALL.push(self);
        }
        self.changes.follow(allowed);
    }

    /// Sets the maximum, and no longer makes it follow Python.
    pub(crate) fn leave_at(&self, level: LevelFilter) {
        self.changes.leave_at(level);
    }

    /// Rejects the levels that no Python logger accepts. Called when Python has just refused a level.
    fn restrict(&self, py: Python<'_>) -> Result<()> {
        // The question may find a logger that has been replaced, and so void its answer: then it is asked again.
        (0..2).try_for_each(|_| self.ask(py))
    }

    fn ask(&self, py: Python<'_>) -> Result<()> {
        let Some(question) = self.changes.question() else {
            return Ok(());
        };
        let accepted = most_verbose(py)?;
        let calls = self.calls.load_full();
        let calls = calls.iter().flat_map(|calls| calls.targets());
        let names: Vec<_> = calls.map(|it| it.name(py)).collect();
        let accepted = accepted.max(not_refused(&names, accepted, question.allowed)?);
        self.changes.answer(&question, accepted);
        Ok(())
    }
}

/// The most verbose level that any logger accepts. Loggers that are yet to be created inherit theirs.
fn most_verbose(py: Python<'_>) -> Result<LevelFilter> {
    let root = LOGGING_GLOBALS.get(Name::root, py)?;
    // So that changes are noticed.
    invalidation::install_hook(&root)?;
    let manager = root.get(Name::manager)?;
    let loggers = manager.get(Name::loggerDict)?;
    let loggers = loggers.cast::<PyDict>()?.values();

    let class = LOGGING_GLOBALS.get(Name::getLoggerClass, py)?.run()?;
    let class_of_manager = manager.get(Name::loggerClass)?;
    for class in [class, class_of_manager] {
        if class.is_none() {
            continue;
        }
        // The `__init__` of a class may set a level.
        let init = class.get(Name::__init__)?;
        if !(has_stock_level_check(&class, &class)? && LOGGING_GLOBALS.define(&init)?) {
            return Ok(LevelFilter::Trace);
        }
    }
    let mut lowest = i64::MAX;
    for logger in loggers.iter().map(Object::from).chain([root]) {
        if !logger.has(Name::getEffectiveLevel)? {
            continue; // A `PlaceHolder`.
        }
        if !has_stock_level_check(&logger, &logger.get_type())? {
            return Ok(LevelFilter::Trace);
        }
        let level = logger.call_named(Name::getEffectiveLevel)?;
        // A level that doesn't fit is above all others.
        lowest = lowest.min(level.number().unwrap_or(i64::MAX));
    }
    let disabled = manager.get(Name::disable)?;
    let disabled = disabled.number().unwrap_or(i64::MAX);
    let lowest = lowest.max(disabled.saturating_add(1));
    let accepted =
        log::Level::iter().filter(|level| i64::from(Level::from(*level).levelno()) >= lowest);
    // From `Error` to `Trace`.
    Ok(accepted
        .last()
        .map_or(LevelFilter::Off, |it| it.to_level_filter()))
}

/// The most verbose level above `accepted` for which Python hasn't cached a refusal for each name.
fn not_refused(
    names: &[Bound<'_, PyString>],
    accepted: LevelFilter,
    allowed: LevelFilter,
) -> Result<LevelFilter> {
    let mut not_refused = accepted;
    let in_question = |level: &log::Level| *level > accepted && *level <= allowed;
    for level in log::Level::iter().filter(in_question) {
        for name in names {
            let logger = lookup::get_logger(name)?;
            let is_enabled = levels::is_enabled_for(&logger, level.into())?;
            if is_enabled || levels::cached_answer(&logger, level.into())?.is_none() {
                not_refused = level.to_level_filter();
                break;
            }
        }
    }
    Ok(not_refused)
}

/// Whether a logger of a class, or the class itself, has the stock methods that decide on levels. Every
/// change of their answers is reported.
fn has_stock_level_check(logger: &Bound<'_, PyAny>, class: &Bound<'_, PyAny>) -> Result<bool> {
    let is_enabled_for = logger.get(Name::isEnabledFor)?;
    let get_effective_level = logger.get(Name::getEffectiveLevel)?;
    Ok(LOGGING_GLOBALS.define(&is_enabled_for)?
        && LOGGING_GLOBALS.define(&get_effective_level)?
        // Not a property.
        && !class.has(Name::level)?)
}
