//! A text that is made here, or by Python.

use pyo3::prelude::*;
use pyo3::types::PyString;

#[derive(Clone)]
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
    pub(super) fn len(&self) -> PyResult<usize> {
        match self {
            Text::Made(text) => Ok(text.chars().count()),
            Text::Object(text) => text.len(),
        }
    }

    /// `text + end`.
    ///
    /// # Errors
    /// The exception that Python raises.
    pub(super) fn with_end(mut self, end: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
        if let (Text::Made(text), Ok(end)) = (&mut self, end.cast_exact::<PyString>()) {
            text.push_str(&end.to_cow()?);
            return Ok(self.into_object(end.py()));
        }
        self.into_object(end.py()).add(end)
    }
}
