//! A text that is made here, or by Python.

use crate::python::exception::Result;
use pyo3::prelude::*;
use pyo3::types::PyString;

pub(super) enum Text<'py> {
    Made(String),
    Object(Bound<'py, PyAny>),
}

impl<'py> Text<'py> {
    pub(super) fn into_object(self, py: Python<'py>) -> Bound<'py, PyAny> {
        match self {
            Text::Made(text) => PyString::new(py, &text).into_any(),
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
    pub(super) fn with_end(self, end: &Bound<'py, PyAny>) -> Result<Bound<'py, PyAny>> {
        match (self, end.cast_exact::<PyString>()) {
            (Text::Object(text), _) => Ok(text.add(end)?),
            (Text::Made(mut text), Ok(string)) => {
                text.push_str(&string.to_cow()?);
                Ok(PyString::new(end.py(), &text).into_any())
            }
            (Text::Made(text), Err(_)) => Ok(PyString::new(end.py(), &text).as_any().add(end)?),
        }
    }
}
