//! The error of everything that calls Python: the exception that was raised.

use std::fmt;
use std::ops::Deref;

use pyo3::prelude::*;

/// A `PyErr` in a box. A `PyResult` has eight words, which each `?` copies. A result of this type is returned in
/// registers.
pub(crate) struct Exception(Box<PyErr>);

/// The result of calling Python.
pub(crate) type Result<T, E = Exception> = std::result::Result<T, E>;

impl Exception {
    pub(crate) fn into_inner(self) -> PyErr {
        *self.0
    }
}

impl Deref for Exception {
    type Target = PyErr;

    fn deref(&self) -> &PyErr {
        &self.0
    }
}

impl fmt::Debug for Exception {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl<E> From<E> for Exception
where
    PyErr: From<E>,
{
    // In hundreds of places, and rare.
    #[cold]
    #[inline(never)]
    fn from(error: E) -> Exception {
        Exception(Box::new(error.into()))
    }
}
