//! Objects, owned and stored, and the error of everything that calls Python: the exception that was raised.

#![allow(
    deprecated,
    reason = "the limited API has nothing else than `PyErr_Fetch` before 3.12"
)]

use std::fmt;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr::{self, NonNull};

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyType;
use pyo3::{PyTypeCheck, PyTypeInfo};

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

    pub(crate) fn cast_into<T: PyTypeCheck>(self) -> Result<Bound<'py, T>> {
        Ok(self.into_bound().cast_into()?)
    }

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

/// A reference to an exception. A `PyResult` has eight words, which each `?` copies. A result of this type is returned in
/// registers.
pub(crate) struct Exception(Stored);

/// The result of calling Python.
pub(crate) type Result<T, E = Exception> = std::result::Result<T, E>;

impl Exception {
    /// An exception of a class.
    #[cold]
    pub(crate) fn new<T: PyTypeInfo>(py: Python<'_>, message: &str) -> Exception {
        let class = py.get_type::<T>();
        Exception::owned(made(class.as_ptr(), message.as_ptr(), message.len()))
    }

    /// The exception that a function of the C API has set. It is set no longer.
    #[inline(always)]
    pub(crate) fn taken() -> Exception {
        Exception::owned(take())
    }

    /// The exception of a new reference.
    #[inline(always)]
    fn owned(exception: NonNull<PyObject>) -> Exception {
        // SAFETY: called with what `take`, `made` and `value_of` return. What returns an error has called Python, so this thread is
        // attached.
        let value = unsafe { Bound::from_owned_ptr(Python::assume_attached(), exception.as_ptr()) };
        Exception(value.into())
    }

    /// Whether an exception is set.
    pub(crate) fn is_set(_py: Python<'_>) -> bool {
        // SAFETY: this thread is attached, as `_py` shows.
        unsafe { !ffi::PyErr_Occurred().is_null() }
    }

    pub(crate) fn into_inner(self) -> PyErr {
        // SAFETY: what returns an error has called Python, so this thread is attached.
        PyErr::from_value(
            self.0
                .into_inner()
                .into_bound(unsafe { Python::assume_attached() }),
        )
    }

    /// Sets the exception in this thread.
    pub(crate) fn restore(self, _py: Python<'_>) {
        restore(self.0.into_inner().into_ptr());
    }

    /// Gives the exception to `sys.unraisablehook`, with the object where it was raised.
    pub(crate) fn write_unraisable(self, py: Python<'_>, place: Option<&Bound<'_, PyAny>>) {
        self.restore(py);
        let place = place.map_or(ptr::null_mut(), Bound::as_ptr);
        // SAFETY: an exception is set in this thread, which is attached, as `py` shows. `place` is null or alive.
        unsafe { ffi::PyErr_WriteUnraisable(place) }
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
    #[inline(always)]
    fn from(error: E) -> Exception {
        Exception::owned(value_of(&mut ManuallyDrop::new(error)))
    }
}

/// The exception that is set in this thread, as an object with its traceback. It is set no longer.
#[cold]
#[inline(never)]
extern "C" fn take() -> NonNull<PyObject> {
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
        // `PyErr_NormalizeException` leaves an exception, whatever happens.
        NonNull::new_unchecked(value)
    }
}

/// An exception of a class, as a new reference.
#[cold]
#[inline(never)]
extern "C" fn made(class: *mut PyObject, text: *const u8, length: usize) -> NonNull<PyObject> {
    // SAFETY: called by `new`, whose class is alive, and whose text is UTF-8 of that length. Whichever function fails sets
    // another exception.
    unsafe {
        let message = ffi::PyUnicode_FromStringAndSize(text.cast(), length as ffi::Py_ssize_t);
        if !message.is_null() {
            ffi::PyErr_SetObject(class, message);
            ffi::Py_DECREF(message);
        }
    }
    take()
}

/// Sets an exception, whose reference is taken over.
#[cold]
#[inline(never)]
extern "C" fn restore(exception: *mut PyObject) {
    // SAFETY: called with an exception in an attached thread. `PyErr_Restore` takes over a reference to each argument.
    unsafe {
        let class = ffi::Py_TYPE(exception).cast();
        ffi::Py_INCREF(class);
        let traceback = ffi::PyException_GetTraceback(exception);
        ffi::PyErr_Restore(class, exception, traceback);
    }
}

/// The exception object of an error, as a new reference.
#[cold]
#[inline(never)]
extern "C" fn value_of<E>(error: &mut ManuallyDrop<E>) -> NonNull<PyObject>
where
    PyErr: From<E>,
{
    // SAFETY: called by `from` alone, which doesn't use the error again. What returns an error has called Python, so this
    // thread is attached. A reference isn't null.
    unsafe {
        let error = ManuallyDrop::take(error);
        let value = PyErr::from(error).into_value(Python::assume_attached());
        NonNull::new_unchecked(value.into_ptr())
    }
}
