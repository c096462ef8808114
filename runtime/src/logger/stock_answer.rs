//! The answer of `isEnabledFor` without running Python code, for calls that must not run any.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyInt, PyString};

use crate::level::Level;
use crate::python::garbage;
use crate::python::library::LOGGING_GLOBALS;
use crate::raw::interpreter;
use crate::raw::thin::{self, Exception, Name, Object, Result, Thin};

/// The answer of `logging.getLogger(name).isEnabledFor(level)` at this moment. `None` if only Python can tell, because
/// a class or an object isn't the stock one.
pub(crate) fn of_name(name: &Bound<'_, PyString>, level: Level) -> Option<bool> {
    let answer = || {
        let root = LOGGING_GLOBALS.get(Name::root, name.py())?;
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
    let answer = || {
        let root = LOGGING_GLOBALS.get(Name::root, logger.py())?;
        answer(logger, &root, level)
    };
    garbage::without_collection(Some(logger.py()), answer).unwrap_or_default()
}

enum Found<'py> {
    Logger(Object<'py>),
    /// The logger doesn't exist yet. It would be of a stock class, and inherit from this one.
    Parent(Object<'py>),
    Unknown,
}

/// Looks for the logger of that name.
fn find<'py>(name: &Bound<'py, PyString>, root: &Bound<'py, PyAny>) -> Result<Found<'py>> {
    let py = name.py();
    let manager = manager(root)?;
    let loggers = attribute(&manager, Name::loggerDict)?;
    let placeholder = LOGGING_GLOBALS.get(Name::PlaceHolder, py)?;
    let get = |name: &Bound<'py, PyString>| -> Result<_> {
        let found = loggers.cast_exact::<PyDict>()?.entry(name)?;
        Ok(found.filter(|found| !found.is_exactly(&placeholder)))
    };
    if let Some(logger) = get(name)? {
        return Ok(Found::Logger(logger));
    }
    let class = LOGGING_GLOBALS.get(Name::_loggerClass, py)?;
    if !attribute(&manager, Name::loggerClass)?.is_none() || !is_stock(&class)? {
        return Ok(Found::Unknown);
    }
    let mut rest = &*name.to_cow()?;
    while let Some((parent, _)) = rest.rsplit_once('.') {
        if let Some(parent) = get(thin::text(py, parent)?.cast()?)? {
            return Ok(Found::Parent(parent));
        }
        rest = parent;
    }
    Ok(Found::Parent(root.into()))
}

/// The attributes of the manager.
fn manager<'py>(root: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    let manager = root.get(Name::manager)?;
    attributes(&manager)
}

fn attributes<'py>(object: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    interpreter::dict_of(object)?.cast_into_exact()
}

/// An attribute of the object itself. It is an error if there is none.
fn attribute<'py>(attributes: &Bound<'py, PyDict>, name: Name) -> Result<Object<'py>> {
    let missing = || Exception::new::<PyAttributeError>(attributes.py(), name.text());
    attributes.entry_named(name)?.ok_or_else(missing)
}

/// The answer of the stock `Logger.isEnabledFor`. A value that isn't in the object itself, or not of the stock type, is
/// an error.
fn answer(
    logger: &Bound<'_, PyAny>,
    root: &Bound<'_, PyAny>,
    level: Level,
) -> Result<Option<bool>> {
    if !is_stock(logger.get_type().as_any())? {
        return Ok(None);
    }
    let of_logger = attributes(logger)?;
    for method in [Name::isEnabledFor, Name::getEffectiveLevel] {
        if of_logger.has_entry(method)? {
            return Ok(None);
        }
    }
    if attribute(&of_logger, Name::disabled)?.is_true()? {
        return Ok(Some(false));
    }
    // A subclass of `dict`, if it is pylog's own.
    let cache = attribute(&of_logger, Name::_cache)?;
    let levelno = thin::number(logger.py(), level.levelno().into())?;
    if let Some(answer) = cache.cast::<PyDict>()?.entry(&levelno)? {
        return answer.is_true().map(Some);
    }
    answer_of_level(logger, root, level)
}

/// The same, without the checks that concern only the logger itself.
fn answer_of_level(
    logger: &Bound<'_, PyAny>,
    root: &Bound<'_, PyAny>,
    level: Level,
) -> Result<Option<bool>> {
    let number = |attributes: &Bound<'_, PyDict>, name| -> Result<i64> {
        attribute(attributes, name)?
            .cast_into_exact::<PyInt>()?
            .number()
    };
    let levelno = i64::from(level.levelno());
    let manager = manager(root)?;
    if number(&manager, Name::_disable)? >= levelno {
        return Ok(Some(false));
    }
    let mut current = Object::from(logger);
    loop {
        if !is_stock(current.get_type().as_any())? {
            return Ok(None);
        }
        let attributes = attributes(&current)?;
        let effective = number(&attributes, Name::level)?;
        if effective != 0 || current.is(root) {
            return Ok(Some(levelno >= effective));
        }
        current = attribute(&attributes, Name::parent)?;
    }
}

/// Whether a class of loggers has the stock methods, and reads attributes as `object` does.
fn is_stock(class: &Bound<'_, PyAny>) -> Result<bool> {
    let object = class.py().get_type::<PyAny>();
    let own = class.get(Name::__getattribute__)?;
    if !own.is(&object.get(Name::__getattribute__)?) {
        return Ok(false);
    }
    for method in [Name::isEnabledFor, Name::getEffectiveLevel] {
        let method = class.get(method)?;
        if !LOGGING_GLOBALS.define(&method)? {
            return Ok(false);
        }
    }
    Ok(true)
}
