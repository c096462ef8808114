//! A text that is made here, or by Python.

use pyo3::prelude::*;
use pyo3::types::PyString;

use crate::raw::thin::{self, Object, Result, Thin};

pub(super) enum Text<'py> {
    Made(String),
    Object(Object<'py>),
}

impl<'py> Text<'py> {
    pub(super) fn into_object(self, py: Python<'py>) -> Result<Object<'py>> {
        match self {
            Text::Made(text) => thin::text(py, &text),
            Text::Object(text) => Ok(text),
        }
    }

    /// `len(text)`.
    pub(super) fn len(&self) -> Result<usize> {
        match self {
            Text::Made(text) => Ok(text.chars().count()),
            Text::Object(text) => text.length(),
        }
    }

    /// `text + end`.
    pub(super) fn with_end(self, end: &Bound<'py, PyAny>) -> Result<Object<'py>> {
        match (self, end.cast_exact::<PyString>()) {
            (Text::Made(mut text), Ok(string)) => {
                text.push_str(&string.to_cow()?);
                thin::text(end.py(), &text)
            }
            (text, _) => text.into_object(end.py())?.plus(end),
        }
    }
}
