//! An object of `logging` and its own attributes.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyType, PyWeakrefMethods, PyWeakrefReference};

use crate::python::exception::Result;
use crate::python::interpreter;
use crate::python::raised::attempt;
use crate::stock::watch::InstanceWatch;

/// Methods by which a handler does something else than its class.
pub(super) const METHODS: &[&str] = &[
    "handle",
    "filter",
    "acquire",
    "release",
    "emit",
    "format",
    "flush",
    "shouldRollover",
    "prepare",
    "enqueue",
];

/// The attributes of handlers, formatters and styles that a plan depends on.
pub(super) const ATTRIBUTES: [&[&str]; 2] = [METHODS, OTHERS];

const OTHERS: &[&str] = &[
    "level",
    "lock",
    "formatter",
    "terminator",
    "maxBytes",
    "rolloverAt",
    "usesTime",
    "formatTime",
    "formatMessage",
    "_style",
    "datefmt",
    "converter",
    "default_time_format",
    "default_msec_format",
    "_fmt",
    "_defaults",
    "_format",
    "asctime_search",
];

/// An object whose class is known to have no attribute of the names that are read here.
pub(super) struct Object<'a, 'py> {
    pub(super) itself: &'a Bound<'py, PyAny>,
    pub(super) dict: Bound<'py, PyDict>,
}

impl<'a, 'py> Object<'a, 'py> {
    /// `None` if it has no dict of its own.
    pub(super) fn of(itself: &'a Bound<'py, PyAny>) -> Option<Object<'a, 'py>> {
        let dict = dict_of(itself)?;
        Some(Object { itself, dict })
    }

    pub(super) fn py(&self) -> Python<'py> {
        self.itself.py()
    }

    /// `None` if the object itself has no such attribute. Python may find one elsewhere.
    pub(super) fn get(&self, name: &Bound<'py, PyString>) -> Result<Option<Bound<'py, PyAny>>> {
        Ok(self.dict.get_item(name)?)
    }

    /// Whether the object itself, not its class, has any of these attributes.
    pub(super) fn has_any(&self, names: &[&str]) -> Result<bool> {
        for name in names {
            if self.dict.contains(*name)? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// An attribute of the object itself or of its class. `None` if it has none, or if Python code may make it.
    pub(super) fn attribute(&self, name: &str) -> Result<Option<Bound<'py, PyAny>>> {
        let of_class = self.itself.get_type().getattr_opt(name)?;
        if let Some(of_class) = &of_class {
            if of_class.get_type().hasattr("__get__")? {
                return Ok(None);
            }
        }
        Ok(self.dict.get_item(name)?.or(of_class))
    }
}

/// The dict of an object's own attributes.
pub(super) fn dict_of<'py>(object: &Bound<'py, PyAny>) -> Option<Bound<'py, PyDict>> {
    let dict = attempt(object.py(), interpreter::dict_of(object))?;
    // A subclass can have methods by which Python finds something else.
    dict.cast_into_exact().ok()
}

/// The class and the dict of an object, in which nothing relevant has changed. CPython doesn't report when the object gets
/// others.
pub(super) struct Identity {
    /// So that the object isn't kept alive, nor what it leads to.
    object: Py<PyWeakrefReference>,
    class: Py<PyType>,
    dict: InstanceWatch,
}

impl Identity {
    /// # Errors
    /// If the object can't have weak references.
    pub(super) fn of(object: &Object<'_, '_>, dict: InstanceWatch) -> Result<Identity> {
        Ok(Identity {
            object: PyWeakrefReference::new(object.itself)?.unbind(),
            class: object.itself.get_type().unbind(),
            dict,
        })
    }

    /// The dict of the object. `None` if the object has another class or another dict now, or has changed.
    pub(super) fn dict<'py>(&self, py: Python<'py>) -> Option<Bound<'py, PyDict>> {
        let object = self.object.bind(py).upgrade()?;
        let is_same_class = object.get_type().is(&self.class);
        let dict = dict_of(&object).filter(|_| is_same_class)?;
        self.dict.is_current(dict.as_ptr().addr()).then_some(dict)
    }
}
