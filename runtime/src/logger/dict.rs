//! The attributes of a logger itself.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::raw::interpreter;
use crate::raw::thin::exception::Result;
use crate::raw::thin::{Name, Object, Thin};
use crate::stock::class;

/// A logger's `__dict__`, if it has one: a logger that isn't of the library may be of a class written in C.
pub(crate) struct LoggerDict<'py>(Option<Bound<'py, PyDict>>);

impl<'py> LoggerDict<'py> {
    pub(crate) fn of(logger: &Bound<'py, PyAny>) -> LoggerDict<'py> {
        let dict = interpreter::dict_of(logger).ok();
        LoggerDict(dict.and_then(|dict| dict.cast_into().ok()))
    }

    pub(crate) fn get(&self, name: Name) -> Result<Option<Object<'py>>> {
        match &self.0 {
            Some(dict) => dict.entry_named(name),
            None => Ok(None),
        }
    }

    /// The same for a logger of a class that is known to find each attribute there, and that is true. Empty for others.
    pub(crate) fn of_stock(logger: &Bound<'py, PyAny>) -> LoggerDict<'py> {
        match class::has_own_attributes(logger.class_address()) {
            true => LoggerDict::of(logger),
            false => LoggerDict(None),
        }
    }

    pub(crate) fn exists(&self) -> bool {
        self.0.is_some()
    }

    /// An attribute of a logger, which is here if the logger's class is stock.
    pub(crate) fn get_from(&self, logger: &Bound<'py, PyAny>, name: Name) -> Result<Object<'py>> {
        match self.get(name)? {
            Some(value) => Ok(value),
            None => logger.get(name),
        }
    }

    /// `Logger.disabled`, which `dictConfig` and pytest set without an invalidation.
    pub(crate) fn is_disabled(&self, logger: &Bound<'py, PyAny>) -> Result<bool> {
        let disabled = match class::has_own_attributes(logger.class_address()) {
            true => self.get(Name::disabled)?,
            false => None,
        };
        disabled
            .map_or_else(|| logger.get(Name::disabled), Ok)?
            .is_true()
    }

    /// Whether the logger itself, not its class, has one of the methods that a record passes through.
    /// `handles` says whether its class [handles][class::LoggerClass::handles] records as the stock one.
    pub(crate) fn has_method(&self, handles: bool) -> Result<bool> {
        let Some(dict) = &self.0 else {
            return Ok(false);
        };
        // `Logger.__init__` and `Manager.getLogger` set nine attributes. A plain logger works without
        // `manager`, but fails without any of the other eight.
        if handles && dict.len() == 9 && dict.has_entry(Name::manager)? {
            return Ok(false);
        }
        for method in [
            Name::_log,
            Name::makeRecord,
            Name::handle,
            Name::filter,
            Name::callHandlers,
        ] {
            if dict.has_entry(method)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
