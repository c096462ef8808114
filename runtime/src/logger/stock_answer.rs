//! The answer of `isEnabledFor` without running Python code, for calls that must not run any.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString, PyType};

use crate::level::Level;
use crate::python::exception::Result;
use crate::python::garbage;
use crate::python::interpreter;
use crate::python::library::LOGGING_GLOBALS;
use crate::python::once::intern;

/// The answer of `logging.getLogger(name).isEnabledFor(level)` at this moment. `None` if only Python can tell, because
/// a class or an object isn't the stock one.
pub(crate) fn of_name(name: &Bound<'_, PyString>, level: Level) -> Option<bool> {
    let answer = || {
        let root = LOGGING_GLOBALS.get(intern!(name.py(), "root"))?;
        match find(name, &root)? {
            Found::Logger(logger) => answer(&logger, &root, level),
            Found::Parent(parent) => answer_of_level(&parent, &root, level),
            Found::Unknown => Ok(None),
        }
    };
    garbage::without_collection(Some(name.py()), answer).unwrap_or_default()
}

/// The same for an object that may be a logger.
pub(crate) fn of_logger(logger: &Bound<'_, PyAny>, level: Level) -> Option<bool> {
    let py = logger.py();
    let answer = || answer(logger, &LOGGING_GLOBALS.get(intern!(py, "root"))?, level);
    garbage::without_collection(Some(py), answer).unwrap_or_default()
}

enum Found<'py> {
    Logger(Bound<'py, PyAny>),
    /// The logger doesn't exist yet. It would be of a stock class, and inherit from this one.
    Parent(Bound<'py, PyAny>),
    Unknown,
}

/// Looks for the logger of that name.
fn find<'py>(name: &Bound<'py, PyString>, root: &Bound<'py, PyAny>) -> Result<Found<'py>> {
    let py = name.py();
    let manager = manager(root)?.into_any();
    let loggers = manager.get_item(intern!(py, "loggerDict"))?;
    let loggers = loggers.cast_exact::<PyDict>()?;
    let placeholder = LOGGING_GLOBALS.get(intern!(py, "PlaceHolder"))?;
    let get = |name: &str| -> Result<_> {
        let found = loggers.get_item(name)?;
        Ok(found.filter(|found| !found.get_type().is(&placeholder)))
    };
    let name = name.to_cow()?;
    if let Some(logger) = get(&name)? {
        return Ok(Found::Logger(logger));
    }
    let class = LOGGING_GLOBALS.get(intern!(py, "_loggerClass"))?;
    let of_manager = manager.get_item(intern!(py, "loggerClass"))?;
    if !of_manager.is_none() || !is_stock(class.cast()?)? {
        return Ok(Found::Unknown);
    }
    let mut rest = &*name;
    while let Some((parent, _)) = rest.rsplit_once('.') {
        if let Some(parent) = get(parent)? {
            return Ok(Found::Parent(parent));
        }
        rest = parent;
    }
    Ok(Found::Parent(root.clone()))
}

fn manager<'py>(root: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    attributes(&root.getattr(intern!(root.py(), "manager"))?)
}

fn attributes<'py>(object: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    let attributes = interpreter::dict_of(object)?;
    Ok(attributes.cast_into_exact()?)
}

/// The answer of the stock `Logger.isEnabledFor`. A value that isn't in the object itself, or not of the stock type, is
/// an error.
fn answer(
    logger: &Bound<'_, PyAny>,
    root: &Bound<'_, PyAny>,
    level: Level,
) -> Result<Option<bool>> {
    let py = logger.py();
    if !is_stock(&logger.get_type())? {
        return Ok(None);
    }
    let of_logger = attributes(logger)?.into_any();
    for method in [
        intern!(py, "isEnabledFor"),
        intern!(py, "getEffectiveLevel"),
    ] {
        if of_logger.contains(method)? {
            return Ok(None);
        }
    }
    if of_logger.get_item(intern!(py, "disabled"))?.is_truthy()? {
        return Ok(Some(false));
    }
    // A subclass of `dict`, if it is pylog's own.
    let cache = of_logger
        .get_item(intern!(py, "_cache"))?
        .cast_into::<PyDict>()?;
    if let Some(answer) = cache.get_item(level.levelno())? {
        return Ok(Some(answer.is_truthy()?));
    }
    answer_of_level(logger, root, level)
}

/// The same, without the checks that concern only the logger itself.
fn answer_of_level(
    logger: &Bound<'_, PyAny>,
    root: &Bound<'_, PyAny>,
    level: Level,
) -> Result<Option<bool>> {
    let py = logger.py();
    let number = |value: Bound<'_, PyAny>| value.cast_exact::<PyInt>()?.extract::<i32>();
    if number(manager(root)?.as_any().get_item(intern!(py, "_disable"))?)? >= level.levelno() {
        return Ok(Some(false));
    }
    let mut current = logger.clone();
    loop {
        if !is_stock(&current.get_type())? {
            return Ok(None);
        }
        let attributes = attributes(&current)?.into_any();
        let effective = number(attributes.get_item(intern!(py, "level"))?)?;
        if effective != 0 || current.is(root) {
            return Ok(Some(level.levelno() >= effective));
        }
        current = attributes.get_item(intern!(py, "parent"))?;
    }
}

/// Whether a class of loggers has the stock methods, and reads attributes as `object` does.
fn is_stock(class: &Bound<'_, PyType>) -> Result<bool> {
    let py = class.py();
    let get_attribute = intern!(py, "__getattribute__");
    let of_object = py.get_type::<PyAny>().getattr(get_attribute)?;
    Ok(class.getattr(get_attribute)?.is(&of_object)
        && LOGGING_GLOBALS.define(&class.getattr(intern!(py, "isEnabledFor"))?)?
        && LOGGING_GLOBALS.define(&class.getattr(intern!(py, "getEffectiveLevel"))?)?)
}
