//! An object of `logging` and its own attributes.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::python::exception::Result;
use crate::python::once::intern;

/// An object whose class is known to have no attribute of the names that are read here.
pub(super) struct Object<'a, 'py> {
    pub(super) itself: &'a Bound<'py, PyAny>,
    pub(super) dict: Bound<'py, PyDict>,
}

impl<'a, 'py> Object<'a, 'py> {
    pub(super) fn of(itself: &'a Bound<'py, PyAny>) -> Result<Object<'a, 'py>> {
        let dict = itself.getattr(intern!(itself.py(), "__dict__"))?;
        Ok(Object {
            itself,
            // A subclass can have a `__getitem__` that formats go by.
            dict: dict.cast_into_exact()?,
        })
    }

    pub(super) fn py(&self) -> Python<'py> {
        self.itself.py()
    }

    pub(super) fn get(&self, name: &Bound<'py, PyString>) -> Result<Option<Bound<'py, PyAny>>> {
        Ok(self.dict.get_item(name)?)
    }

    /// # Errors
    /// An `AttributeError` if the object itself has no such attribute. Python may find one elsewhere.
    pub(super) fn required(&self, name: &Bound<'py, PyString>) -> Result<Bound<'py, PyAny>> {
        let missing = || PyAttributeError::new_err(name.clone().unbind());
        Ok(self.get(name)?.ok_or_else(missing)?)
    }

    /// Whether the object itself, not its class, has any of these attributes.
    pub(super) fn has_any(&self, names: &[&Bound<'py, PyString>]) -> Result<bool> {
        for name in names {
            if self.dict.contains(*name)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
