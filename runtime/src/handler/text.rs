//! A text that is made here, or by Python.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::raw::thin::Object;
use crate::raw::thin::exception::Result;

pub(super) enum Text<'py> {
    Made(String),
    Object(Object<'py>),
}

impl<'py> Text<'py> {
    pub(super) fn into_object(self, py: Python<'py>) -> Object<'py> {
        match self {
            Text::Made(text) => PyString::new(py, &text).into(),
            Text::Object(text) => text,
        }
    }

    /// `len(text)`.
    ///
    /// # Errors
    /// The exception that Python raises.
    pub(super) fn len(&self) -> Result<usize> {
        match self {
            Text::Made(text) => Ok(text.chars().count()),
            Text::Object(text) => Ok(text.len()?),
        }
    }

    /// `text + end`.
    ///
    /// # Errors
    /// The exception that Python raises.
    pub(super) fn with_end(self, end: &Bound<'py, PyAny>) -> Result<Object<'py>> {
        match (self, end.cast_exact::<PyString>()) {
            (Text::Object(text), _) => Ok(text.add(end)?.into()),
            (Text::Made(mut text), Ok(string)) => {
                text.push_str(&string.to_cow()?);
                Ok(PyString::new(end.py(), &text).into())
            }
            (Text::Made(text), Err(_)) => {
                Ok(PyString::new(end.py(), &text).as_any().add(end)?.into())
            }
        }
    }
}
