//! The levels of a logger.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::level::Level;
use crate::level_cache::invalidation;
use crate::python::kept;
use crate::python::library::LOGGING_GLOBALS;
use crate::python::raised::attempt;
use crate::raw::thin::{self, Name, Result, Thin};

/// `logger.isEnabledFor(level)`.
pub(crate) fn is_enabled_for(logger: &Bound<'_, PyAny>, level: Level) -> Result<bool> {
    let py = logger.py();
    if level == Level::TRACE {
        attempt(py, name_trace(py));
    }
    let levelno = thin::number(py, level.levelno().into())?;
    logger
        .call_named_with(Name::isEnabledFor, &levelno)?
        .is_true()
}

/// Whether an answer of `isEnabledFor` holds until the next invalidation.
pub(crate) fn is_cacheable(logger: &Bound<'_, PyAny>) -> Result<bool> {
    if kept::are_released() {
        return Ok(false);
    }
    let is_enabled_for = logger.get(Name::isEnabledFor)?;
    if !LOGGING_GLOBALS.define(&is_enabled_for)? {
        return Ok(false);
    }
    let root = logger.get(Name::manager)?.get(Name::root)?;
    invalidation::install_hook(&root).map(|()| true)
}

/// The answer for `level` in the logger's own `_cache`. If the logger is disabled, there is none.
pub(crate) fn cached_answer(logger: &Bound<'_, PyAny>, level: Level) -> Result<Option<bool>> {
    let cache = logger.get(Name::_cache)?;
    let levelno = thin::number(logger.py(), level.levelno().into())?;
    let answer = cache.cast::<PyDict>()?.entry(&levelno)?;
    answer.map(|answer| answer.is_true()).transpose()
}

/// Names level 5 `TRACE`, unless the application has named the level or uses the name.
pub(crate) fn name_trace(py: Python<'_>) -> Result<()> {
    let levelno = thin::number(py, Level::TRACE.levelno().into())?;
    let trace = thin::text(py, "TRACE")?;
    let of_numbers = LOGGING_GLOBALS.get(Name::_levelToName, py)?;
    let of_names = LOGGING_GLOBALS.get(Name::_nameToLevel, py)?;
    if of_numbers.entry(&levelno)?.is_none() && of_names.entry(&trace)?.is_none() {
        let add_level_name = LOGGING_GLOBALS.get(Name::addLevelName, py)?;
        add_level_name.run_with_two(&levelno, &trace)?;
    }
    Ok(())
}
