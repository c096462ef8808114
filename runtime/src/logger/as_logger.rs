//! The types that `logger:` takes.

use pyo3::prelude::*;

/// A Python object that `logger:` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a Python logger",
    label = "not a Python object",
    note = "`logger:` takes a `Bound<'_, T>`, a `Py<T>`, or a reference to one"
)]
pub trait AsLogger {
    /// The Python object.
    fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny>;
}

impl<T> AsLogger for Py<T> {
    fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.bind(py).as_any().clone()
    }
}

impl<T> AsLogger for Bound<'_, T> {
    fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.clone().into_any().unbind().into_bound(py)
    }
}

impl<T: AsLogger + ?Sized> AsLogger for &T {
    fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        (**self).to_bound(py)
    }
}
