//! The levels of a logger.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::level::Level;
use crate::level_cache::invalidation;
use crate::python::exception::Result;
use crate::python::kept;
use crate::python::library::LOGGING_GLOBALS;
use crate::python::once::intern;
use crate::python::raised::attempt;

/// `logger.isEnabledFor(level)`.
pub(crate) fn is_enabled_for(logger: &Bound<'_, PyAny>, level: Level) -> Result<bool> {
    let py = logger.py();
    if level == Level::TRACE {
        attempt(py, name_trace(py));
    }
    Ok(logger
        .call_method1(intern!(py, "isEnabledFor"), (level.levelno(),))?
        .is_truthy()?)
}

/// Whether an answer of `isEnabledFor` holds until the next invalidation.
pub(crate) fn is_cacheable(logger: &Bound<'_, PyAny>) -> Result<bool> {
    if kept::are_released() {
        return Ok(false);
    }
    let py = logger.py();
    let is_enabled_for = logger.getattr(intern!(py, "isEnabledFor"))?;
    if !LOGGING_GLOBALS.define(&is_enabled_for)? {
        return Ok(false);
    }
    let root = logger
        .getattr(intern!(py, "manager"))?
        .getattr(intern!(py, "root"))?;
    invalidation::install_hook(&root).map(|()| true)
}

/// The answer for `level` in the logger's own `_cache`. If the logger is disabled, there is none.
pub(crate) fn cached_answer(logger: &Bound<'_, PyAny>, level: Level) -> Result<Option<bool>> {
    let cache = logger.getattr(intern!(logger.py(), "_cache"))?;
    let answer = cache.cast::<PyDict>()?.get_item(level.levelno())?;
    Ok(answer.map(|answer| answer.is_truthy()).transpose()?)
}

/// Names level 5 `TRACE`, unless the application has named the level or uses the name.
pub(crate) fn name_trace(py: Python<'_>) -> Result<()> {
    let get_level_name = LOGGING_GLOBALS.get(intern!(py, "getLevelName"))?;
    let levelno = Level::TRACE.levelno();
    // It answers "Level X" for a number or a name that it doesn't know.
    let number: String = get_level_name.call1((levelno,))?.str()?.extract()?;
    let name: String = get_level_name.call1(("TRACE",))?.str()?.extract()?;
    if number == "Level 5" && name == "Level TRACE" {
        let add_level_name = LOGGING_GLOBALS.get(intern!(py, "addLevelName"))?;
        add_level_name.call1((levelno, "TRACE"))?;
    }
    Ok(())
}
