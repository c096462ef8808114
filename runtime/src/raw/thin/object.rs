//! An owned object.

use std::convert::Infallible;
use std::mem::ManuallyDrop;
use std::ops::Deref;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::{Borrowed, PyTypeCheck, PyTypeInfo};

use super::exception::{Exception, Result};
use super::stored::Stored;

/// An owned reference to an object. It is given up by one function, wherever that happens.
#[repr(transparent)]
pub(crate) struct Object<'py>(ManuallyDrop<Bound<'py, PyAny>>);

impl Drop for Object<'_> {
    #[inline(always)]
    fn drop(&mut self) {
        release(self.0.as_ptr());
    }
}

/// Gives up a reference.
#[inline(never)]
extern "C" fn release(object: *mut PyObject) {
    // SAFETY: called by the `drop` of an `Object`, which owns the reference and shows that this thread is attached.
    unsafe { ffi::Py_DECREF(object) }
}

impl<'py> Deref for Object<'py> {
    type Target = Bound<'py, PyAny>;

    #[inline(always)]
    fn deref(&self) -> &Bound<'py, PyAny> {
        &self.0
    }
}

impl Clone for Object<'_> {
    #[inline(always)]
    fn clone(&self) -> Self {
        Object(self.0.clone())
    }
}

impl<'py, T> From<Bound<'py, T>> for Object<'py> {
    #[inline(always)]
    fn from(object: Bound<'py, T>) -> Object<'py> {
        Object(ManuallyDrop::new(object.into_any()))
    }
}

/// Another reference to a borrowed object.
impl<'py, T> From<&Bound<'py, T>> for Object<'py> {
    #[inline(always)]
    fn from(object: &Bound<'py, T>) -> Object<'py> {
        Object::from(object.clone())
    }
}

impl<'py> Object<'py> {
    #[inline(always)]
    pub(crate) fn into_bound(self) -> Bound<'py, PyAny> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` isn't used again, and isn't dropped.
        unsafe { ManuallyDrop::take(&mut this.0) }
    }

    #[inline(always)]
    pub(crate) fn unbind(self) -> Stored {
        Stored::from(self.into_bound())
    }

    /// # Errors
    /// A `TypeError`, if it isn't of that type.
    pub(crate) fn cast_into<T: PyTypeCheck>(self) -> Result<Bound<'py, T>> {
        Ok(self.into_bound().cast_into()?)
    }

    /// # Errors
    /// A `TypeError`, if it isn't of that type, or is of a subclass.
    pub(crate) fn cast_into_exact<T: PyTypeInfo>(self) -> Result<Bound<'py, T>> {
        Ok(self.into_bound().cast_into_exact()?)
    }

    /// The object that a function of the C API has returned, or the exception that it has set.
    ///
    /// # Safety
    /// `object` is a new reference, or null with an exception set, and this thread is attached.
    #[inline(always)]
    pub(in crate::raw) unsafe fn made(
        object: *mut PyObject,
        py: Python<'py>,
    ) -> Result<Object<'py>> {
        match object.is_null() {
            true => Err(Exception::taken()),
            // SAFETY: by the contract of this function.
            false => Ok(Object(ManuallyDrop::new(unsafe {
                Bound::from_owned_ptr(py, object)
            }))),
        }
    }
}

/// For `Bound::is`.
impl AsRef<Py<PyAny>> for Object<'_> {
    fn as_ref(&self) -> &Py<PyAny> {
        self.0.as_unbound()
    }
}

impl<'py> IntoPyObject<'py> for Object<'py> {
    type Target = PyAny;
    type Output = Bound<'py, PyAny>;
    type Error = Infallible;

    fn into_pyobject(self, _py: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.into_bound())
    }
}

impl<'a, 'py> IntoPyObject<'py> for &'a Object<'py> {
    type Target = PyAny;
    type Output = Borrowed<'a, 'py, PyAny>;
    type Error = Infallible;

    fn into_pyobject(self, _py: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.as_borrowed())
    }
}
