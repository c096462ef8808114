//! References without a token.

use std::convert::Infallible;
use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;

use pyo3::Borrowed;
use pyo3::ffi::PyObject;
use pyo3::prelude::*;

/// A reference that is stored where no token is: a `Py` that is given up by one function, wherever that happens.
#[repr(transparent)]
pub(crate) struct Stored<T = PyAny>(ManuallyDrop<Py<T>>);

impl<T> Drop for Stored<T> {
    #[inline(always)]
    fn drop(&mut self) {
        release_stored(self.0.as_ptr());
    }
}

#[inline(never)]
extern "C" fn release_stored(object: *mut PyObject) {
    // SAFETY: called by the `drop` of a `Stored`, which owns the reference, and with any object, of which only the count is
    // touched. A `Py` has the layout of a pointer. It may be dropped in any thread.
    drop(unsafe { std::mem::transmute::<*mut PyObject, Py<PyAny>>(object) });
}

impl<T> Deref for Stored<T> {
    type Target = Py<T>;

    #[inline(always)]
    fn deref(&self) -> &Py<T> {
        &self.0
    }
}

impl<T> From<Bound<'_, T>> for Stored<T> {
    #[inline(always)]
    fn from(object: Bound<'_, T>) -> Stored<T> {
        Stored(ManuallyDrop::new(object.unbind()))
    }
}

impl<T> From<Py<T>> for Stored<T> {
    #[inline(always)]
    fn from(object: Py<T>) -> Stored<T> {
        Stored(ManuallyDrop::new(object))
    }
}

impl<T> Stored<T> {
    pub(crate) fn into_inner(self) -> Py<T> {
        let mut this = ManuallyDrop::new(self);
        // SAFETY: `this` isn't used again, and isn't dropped.
        unsafe { ManuallyDrop::take(&mut this.0) }
    }
}

impl<T> fmt::Debug for Stored<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// For `Bound::is`.
impl AsRef<Py<PyAny>> for Stored {
    fn as_ref(&self) -> &Py<PyAny> {
        &self.0
    }
}

impl<'a, 'py, T> IntoPyObject<'py> for &'a Stored<T> {
    type Target = T;
    type Output = Borrowed<'a, 'py, T>;
    type Error = Infallible;

    fn into_pyobject(self, py: Python<'py>) -> Result<Self::Output, Infallible> {
        Ok(self.0.bind_borrowed(py))
    }
}
