//! The attributes of a logger itself.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::python::exception::Result;
use crate::python::interpreter;
use crate::python::once::intern;
use crate::stock::class;

/// A logger's `__dict__`, if it has one: a logger that isn't of the library may be of a class written in C.
pub(crate) struct LoggerDict<'py>(Option<Bound<'py, PyDict>>);

impl<'py> LoggerDict<'py> {
    pub(crate) fn of(logger: &Bound<'py, PyAny>) -> LoggerDict<'py> {
        let dict = interpreter::dict_of(logger).ok();
        LoggerDict(dict.and_then(|dict| dict.cast_into().ok()))
    }

    pub(crate) fn get(&self, name: &Bound<'py, PyString>) -> Result<Option<Bound<'py, PyAny>>> {
        match &self.0 {
            Some(dict) => Ok(dict.get_item(name)?),
            None => Ok(None),
        }
    }

    /// `Logger.disabled`, which `dictConfig` and pytest set without an invalidation.
    pub(crate) fn is_disabled(&self, logger: &Bound<'py, PyAny>) -> Result<bool> {
        let name = intern!(logger.py(), "disabled");
        let disabled = match class::has_own_attributes(&logger.get_type()) {
            true => self.get(name)?,
            false => None,
        };
        Ok(disabled
            .map_or_else(|| logger.getattr(name), Ok)?
            .is_truthy()?)
    }

    /// Whether the logger itself, not its class, has one of the methods that a record passes through.
    /// `handles` says whether its class [handles][class::LoggerClass::handles] records as the stock one.
    pub(crate) fn has_method(&self, handles: bool) -> Result<bool> {
        let Some(dict) = &self.0 else {
            return Ok(false);
        };
        let py = dict.py();
        // `Logger.__init__` and `Manager.getLogger` set nine attributes. A plain logger works without
        // `manager`, but fails without any of the other eight.
        if handles && dict.len() == 9 && dict.contains(intern!(py, "manager"))? {
            return Ok(false);
        }
        for method in [
            intern!(py, "_log"),
            intern!(py, "makeRecord"),
            intern!(py, "handle"),
            intern!(py, "filter"),
            intern!(py, "callHandlers"),
        ] {
            if dict.contains(method)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
