//! The error of everything that calls Python: the exception that was raised.

use std::fmt;
use std::ptr;

use pyo3::PyTypeInfo;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyType;

use super::stored::Stored;

/// A reference to an exception. A `PyResult` has eight words, which each `?` copies. A result of this type is returned in
/// registers.
pub(crate) struct Exception(Stored);

/// The result of calling Python.
pub(crate) type Result<T, E = Exception> = std::result::Result<T, E>;

impl Exception {
    /// The exception that a function of the C API has set. It is set no longer.
    #[inline(always)]
    pub(crate) fn taken() -> Exception {
        Exception(take_raised().into())
    }

    /// Whether an exception is set.
    pub(crate) fn is_set(_py: Python<'_>) -> bool {
        // SAFETY: this thread is attached, as `_py` shows.
        unsafe { !ffi::PyErr_Occurred().is_null() }
    }

    pub(crate) fn into_inner(self) -> PyErr {
        into_error(self.0.into_inner())
    }

    pub(crate) fn value<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.0.bind(py)
    }

    pub(crate) fn is_instance_of<T: PyTypeInfo>(&self, py: Python<'_>) -> bool {
        self.value(py).is_instance_of::<T>()
    }

    pub(crate) fn get_type<'py>(&self, py: Python<'py>) -> Bound<'py, PyType> {
        self.value(py).get_type()
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
        Exception(value_of(error.into()).into())
    }
}

/// The exception that is set in this thread, as an object with its traceback. It is set no longer.
#[cold]
#[inline(never)]
#[allow(
    deprecated,
    reason = "the limited API has nothing else before Python 3.12"
)]
extern "C" fn take() -> *mut PyObject {
    let (mut class, mut value, mut traceback) = (ptr::null_mut(), ptr::null_mut(), ptr::null_mut());
    // SAFETY: called in attached threads. `PyErr_Fetch` returns new references or nulls, which are given up or returned.
    unsafe {
        ffi::PyErr_Fetch(&raw mut class, &raw mut value, &raw mut traceback);
        if class.is_null() {
            let message = c"an operation failed without an exception";
            ffi::PyErr_SetString(ffi::PyExc_SystemError, message.as_ptr());
            ffi::PyErr_Fetch(&raw mut class, &raw mut value, &raw mut traceback);
        }
        ffi::PyErr_NormalizeException(&raw mut class, &raw mut value, &raw mut traceback);
        if !traceback.is_null() {
            ffi::PyException_SetTraceback(value, traceback);
            ffi::Py_DECREF(traceback);
        }
        ffi::Py_DECREF(class);
    }
    value
}

/// The exception that a function of the C API has set. It is set no longer.
fn take_raised() -> Py<PyAny> {
    // SAFETY: functions of the C API are called by attached threads, and `take` returns a new reference.
    unsafe { Bound::from_owned_ptr(Python::assume_attached(), take()) }.unbind()
}

/// The exception object of an error.
fn value_of(error: PyErr) -> Py<PyAny> {
    // SAFETY: what returns an error has called Python, so this thread is attached.
    error
        .into_value(unsafe { Python::assume_attached() })
        .into_any()
}

/// The error of an exception object.
fn into_error(value: Py<PyAny>) -> PyErr {
    // SAFETY: as for `value_of`.
    PyErr::from_value(value.into_bound(unsafe { Python::assume_attached() }))
}
