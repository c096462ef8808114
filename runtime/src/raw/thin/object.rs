//! An owned object, and what is done with objects.

use std::convert::Infallible;
use std::mem::ManuallyDrop;
use std::ops::Deref;
use std::ptr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyType};
use pyo3::{Borrowed, PyTypeCheck, PyTypeInfo};

use super::exception::{Exception, Result};
use super::name::Name;
use super::stored::Stored;
use crate::raw::once::Once;

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
    /// # Errors
    /// The error of PyO3 for the exception that was raised.
    pub(in crate::raw) unsafe fn of(object: *mut PyObject, py: Python<'py>) -> Result<Object<'py>> {
        // SAFETY: by the contract of this function, which is that of `made`.
        unsafe { Object::made(object, py) }
    }

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
    unsafe fn made(object: *mut PyObject, py: Python<'py>) -> Result<Object<'py>> {
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

#[inline(always)]
fn flag(result: i32) -> Result<bool> {
    match result {
        0.. => Ok(result != 0),
        _ => Err(Exception::taken()),
    }
}

// SAFETY of the functions below: they are only called by the methods of `Thin`, whose arguments are alive and show that the
// thread is attached. An object of another type than a function of the C API expects is an exception.

#[inline(never)]
extern "C" fn get_attribute(object: *mut PyObject, name: Name) -> *mut PyObject {
    // SAFETY: see above.
    unsafe { ffi::PyObject_GetAttr(object, name.as_ptr()) }
}

#[inline(never)]
extern "C" fn set_attribute(object: *mut PyObject, name: Name, value: *mut PyObject) -> i32 {
    // SAFETY: see above.
    unsafe { ffi::PyObject_SetAttr(object, name.as_ptr(), value) }
}

#[inline(never)]
extern "C" fn find_attribute(
    object: *mut PyObject,
    name: *mut PyObject,
    found: &mut *mut PyObject,
) -> i32 {
    // SAFETY: see above.
    unsafe {
        *found = ffi::PyObject_GetAttr(object, name);
        if !found.is_null() {
            return 1;
        }
        if ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) == 0 {
            return -1;
        }
        ffi::PyErr_Clear();
    }
    0
}

#[inline(never)]
extern "C" fn find_entry(
    dict: *mut PyObject,
    key: *mut PyObject,
    found: &mut *mut PyObject,
) -> i32 {
    // SAFETY: see above.
    unsafe { ffi::compat::PyDict_GetItemRef(dict, key, found) }
}

#[inline(never)]
extern "C" fn find_named(dict: *mut PyObject, name: Name, found: &mut *mut PyObject) -> i32 {
    find_entry(dict, name.as_ptr(), found)
}

#[inline(never)]
extern "C" fn set_named(dict: *mut PyObject, name: Name, value: *mut PyObject) -> i32 {
    // SAFETY: see above.
    unsafe { ffi::PyDict_SetItem(dict, name.as_ptr(), value) }
}

#[inline(never)]
extern "C" fn has_named(dict: *mut PyObject, name: Name) -> i32 {
    // SAFETY: see above.
    unsafe { ffi::PyDict_Contains(dict, name.as_ptr()) }
}

/// How many of the arguments there are: up to the first null.
fn count(arguments: &[*mut PyObject]) -> usize {
    arguments.iter().take_while(|it| !it.is_null()).count()
}

#[inline(never)]
extern "C" fn call_method(
    object: *mut PyObject,
    name: Name,
    first: *mut PyObject,
    second: *mut PyObject,
) -> *mut PyObject {
    let null = ptr::null_mut();
    let arguments = [null, object, first, second];
    // SAFETY: see above. The first place is for the function to use; the arguments end with the first null.
    unsafe {
        match VECTORCALL_METHOD.get() {
            Some(function) => {
                let count = count(&arguments[1..]) | ARGUMENTS_OFFSET;
                function(name.as_ptr(), arguments.as_ptr().add(1), count, null)
            }
            None => ffi::PyObject_CallMethodObjArgs(object, name.as_ptr(), first, second, null),
        }
    }
}

#[inline(never)]
extern "C" fn call(
    callable: *mut PyObject,
    first: *mut PyObject,
    second: *mut PyObject,
) -> *mut PyObject {
    let null = ptr::null_mut();
    let arguments = [null, first, second];
    // SAFETY: as for `call_method`.
    unsafe {
        match VECTORCALL.get() {
            Some(function) => {
                let count = count(&arguments[1..]) | ARGUMENTS_OFFSET;
                function(callable, arguments.as_ptr().add(1), count, null)
            }
            None => ffi::PyObject_CallFunctionObjArgs(callable, first, second, null),
        }
    }
}

/// `PyObject_Vectorcall` or `PyObject_VectorcallMethod`, which the limited API has from Python 3.12 on.
type Vectorcall = unsafe extern "C" fn(
    *mut PyObject,
    *const *mut PyObject,
    usize,
    *mut PyObject,
) -> *mut PyObject;

/// `PY_VECTORCALL_ARGUMENTS_OFFSET`: the function may use the place before the first argument.
const ARGUMENTS_OFFSET: usize = 1 << (usize::BITS - 1);

static VECTORCALL: Once<Vectorcall> = Once::new();
static VECTORCALL_METHOD: Once<Vectorcall> = Once::new();

/// Makes calls faster: by `PyObject_Vectorcall` and `PyObject_VectorcallMethod`.
///
/// # Safety
/// They are the addresses of these functions in the interpreter that runs this, which stay as long as the process.
pub(in crate::raw) unsafe fn call_by(vectorcall: Option<usize>, of_method: Option<usize>) {
    for (place, address) in [(&VECTORCALL, vectorcall), (&VECTORCALL_METHOD, of_method)] {
        if let Some(address) = address {
            // SAFETY: by the contract of this function.
            place.get_or_make(|| unsafe { std::mem::transmute::<usize, Vectorcall>(address) });
        }
    }
}

#[inline(never)]
extern "C" fn new_text(text: *const u8, length: usize) -> *mut PyObject {
    // SAFETY: called by `text`, whose argument is UTF-8 of that length.
    unsafe { ffi::PyUnicode_FromStringAndSize(text.cast(), length as ffi::Py_ssize_t) }
}

/// A `str`.
#[inline(always)]
pub(crate) fn text<'py>(py: Python<'py>, text: &str) -> Result<Object<'py>> {
    // SAFETY: the function returns a new reference, or sets an exception.
    unsafe { Object::made(new_text(text.as_ptr(), text.len()), py) }
}

/// An `int`.
#[inline(always)]
pub(crate) fn number(py: Python<'_>, number: i64) -> Result<Object<'_>> {
    // SAFETY: as above.
    unsafe { Object::made(ffi::PyLong_FromLongLong(number), py) }
}

/// A `float`.
#[inline(always)]
pub(crate) fn float(py: Python<'_>, number: f64) -> Result<Object<'_>> {
    // SAFETY: as above.
    unsafe { Object::made(ffi::PyFloat_FromDouble(number), py) }
}

/// An empty `dict`.
#[inline(always)]
pub(crate) fn dict(py: Python<'_>) -> Result<Object<'_>> {
    // SAFETY: as above.
    unsafe { Object::made(ffi::PyDict_New(), py) }
}

#[inline(never)]
extern "C" fn new_tuple(items: *const *mut PyObject, length: usize) -> *mut PyObject {
    // SAFETY: called by `tuple`, whose items are alive. `PyTuple_SetItem` takes over a reference to each.
    unsafe {
        let tuple = ffi::PyTuple_New(length as ffi::Py_ssize_t);
        for index in 0..length {
            if !tuple.is_null() {
                let item = *items.add(index);
                ffi::Py_INCREF(item);
                ffi::PyTuple_SetItem(tuple, index as ffi::Py_ssize_t, item);
            }
        }
        tuple
    }
}

/// A `tuple`.
#[inline(always)]
pub(crate) fn tuple<'py>(py: Python<'py>, items: &[Object<'py>]) -> Result<Object<'py>> {
    // SAFETY: an `Object` has the layout of a pointer. The function returns a new reference, or sets an exception.
    unsafe { Object::made(new_tuple(items.as_ptr().cast(), items.len()), py) }
}

/// What is done with any object. The receiver and the arguments are borrowed.
pub(crate) trait Thin<'py> {
    /// `object.name`
    fn get(&self, name: Name) -> Result<Object<'py>>;
    /// `getattr(object, name, None)`, where `None` is an attribute that isn't there.
    fn find(&self, name: &Bound<'py, PyString>) -> Result<Option<Object<'py>>>;
    /// `object.name = value`
    fn set(&self, name: Name, value: &Bound<'py, PyAny>) -> Result<()>;
    /// `hasattr(object, name)`
    fn has(&self, name: Name) -> Result<bool>;
    /// `object.name()`
    fn call_named(&self, name: Name) -> Result<Object<'py>>;
    /// `object.name(argument)`
    fn call_named_with(&self, name: Name, argument: &Bound<'py, PyAny>) -> Result<Object<'py>>;
    /// `object.name(first, second)`
    fn call_named_with_two(
        &self,
        name: Name,
        first: &Bound<'py, PyAny>,
        second: &Bound<'py, PyAny>,
    ) -> Result<Object<'py>>;
    /// `object()`
    fn run(&self) -> Result<Object<'py>>;
    /// `object(argument)`
    fn run_with(&self, argument: &Bound<'py, PyAny>) -> Result<Object<'py>>;
    /// `object(first, second)`
    fn run_with_two(
        &self,
        first: &Bound<'py, PyAny>,
        second: &Bound<'py, PyAny>,
    ) -> Result<Object<'py>>;
    /// `object(*arguments, **keywords)`
    fn run_by(
        &self,
        arguments: &Bound<'py, PyAny>,
        keywords: &Bound<'py, PyAny>,
    ) -> Result<Object<'py>>;
    /// `bool(object)`
    fn is_true(&self) -> Result<bool>;
    /// Whether `type(object)` is that class.
    fn is_exactly(&self, class: &Bound<'py, PyAny>) -> bool;
    /// `type(object)`, as long as the object is of that class: while no Python code runs.
    fn class(&self) -> Borrowed<'_, 'py, PyType>;
    /// The address of `type(object)`.
    fn class_address(&self) -> usize;
    /// Of a dict, the value of a key.
    fn entry(&self, key: &Bound<'py, PyAny>) -> Result<Option<Object<'py>>>;
    /// Of a dict, the value of a name.
    fn entry_named(&self, name: Name) -> Result<Option<Object<'py>>>;
    /// Of a dict: sets the value of a name.
    fn set_entry(&self, name: Name, value: &Bound<'py, PyAny>) -> Result<()>;
    /// Of a dict: another one with the same entries.
    fn copied(&self) -> Result<Object<'py>>;
    /// Of a dict: whether it has a name.
    fn has_entry(&self, name: Name) -> Result<bool>;
}

impl<'py> Thin<'py> for Bound<'py, PyAny> {
    #[inline(always)]
    fn get(&self, name: Name) -> Result<Object<'py>> {
        // SAFETY: the function returns a new reference, or sets an exception.
        unsafe { Object::made(get_attribute(self.as_ptr(), name), self.py()) }
    }

    #[inline(always)]
    fn find(&self, name: &Bound<'py, PyString>) -> Result<Option<Object<'py>>> {
        let mut found = ptr::null_mut();
        match flag(find_attribute(self.as_ptr(), name.as_ptr(), &mut found))? {
            // SAFETY: the function has found a new reference.
            true => unsafe { Object::made(found, self.py()) }.map(Some),
            false => Ok(None),
        }
    }

    #[inline(always)]
    fn set(&self, name: Name, value: &Bound<'py, PyAny>) -> Result<()> {
        flag(set_attribute(self.as_ptr(), name, value.as_ptr())).map(drop)
    }

    #[inline(always)]
    fn has(&self, name: Name) -> Result<bool> {
        Ok(self.find(name.get(self.py()))?.is_some())
    }

    #[inline(always)]
    fn call_named(&self, name: Name) -> Result<Object<'py>> {
        let null = ptr::null_mut();
        // SAFETY: the function returns a new reference, or sets an exception.
        unsafe { Object::made(call_method(self.as_ptr(), name, null, null), self.py()) }
    }

    #[inline(always)]
    fn call_named_with(&self, name: Name, argument: &Bound<'py, PyAny>) -> Result<Object<'py>> {
        let argument = argument.as_ptr();
        // SAFETY: as above.
        unsafe {
            Object::made(
                call_method(self.as_ptr(), name, argument, ptr::null_mut()),
                self.py(),
            )
        }
    }

    #[inline(always)]
    fn call_named_with_two(
        &self,
        name: Name,
        first: &Bound<'py, PyAny>,
        second: &Bound<'py, PyAny>,
    ) -> Result<Object<'py>> {
        let (first, second) = (first.as_ptr(), second.as_ptr());
        // SAFETY: as above.
        unsafe { Object::made(call_method(self.as_ptr(), name, first, second), self.py()) }
    }

    #[inline(always)]
    fn run(&self) -> Result<Object<'py>> {
        let null = ptr::null_mut();
        // SAFETY: as above.
        unsafe { Object::made(call(self.as_ptr(), null, null), self.py()) }
    }

    #[inline(always)]
    fn run_with(&self, argument: &Bound<'py, PyAny>) -> Result<Object<'py>> {
        // SAFETY: as above.
        unsafe {
            Object::made(
                call(self.as_ptr(), argument.as_ptr(), ptr::null_mut()),
                self.py(),
            )
        }
    }

    #[inline(always)]
    fn run_with_two(
        &self,
        first: &Bound<'py, PyAny>,
        second: &Bound<'py, PyAny>,
    ) -> Result<Object<'py>> {
        // SAFETY: as above.
        unsafe {
            Object::made(
                call(self.as_ptr(), first.as_ptr(), second.as_ptr()),
                self.py(),
            )
        }
    }

    #[inline(always)]
    fn run_by(
        &self,
        arguments: &Bound<'py, PyAny>,
        keywords: &Bound<'py, PyAny>,
    ) -> Result<Object<'py>> {
        let (arguments, keywords) = (arguments.as_ptr(), keywords.as_ptr());
        // SAFETY: as above.
        unsafe {
            Object::made(
                ffi::PyObject_Call(self.as_ptr(), arguments, keywords),
                self.py(),
            )
        }
    }

    #[inline(always)]
    fn is_true(&self) -> Result<bool> {
        // SAFETY: the object is alive, and this thread is attached.
        flag(unsafe { ffi::PyObject_IsTrue(self.as_ptr()) })
    }

    #[inline(always)]
    fn is_exactly(&self, class: &Bound<'py, PyAny>) -> bool {
        self.class_address() == class.as_ptr().addr()
    }

    #[inline(always)]
    fn class(&self) -> Borrowed<'_, 'py, PyType> {
        let class = self.class_address() as *mut PyObject;
        // SAFETY: the object keeps its class alive.
        unsafe { Borrowed::from_ptr(self.py(), class).cast_unchecked() }
    }

    #[inline(always)]
    fn class_address(&self) -> usize {
        // SAFETY: the object is alive.
        unsafe { ffi::Py_TYPE(self.as_ptr()) }.addr()
    }

    #[inline(always)]
    fn entry(&self, key: &Bound<'py, PyAny>) -> Result<Option<Object<'py>>> {
        let mut found = ptr::null_mut();
        match flag(find_entry(self.as_ptr(), key.as_ptr(), &mut found))? {
            // SAFETY: the function has found a new reference.
            true => unsafe { Object::made(found, self.py()) }.map(Some),
            false => Ok(None),
        }
    }

    #[inline(always)]
    fn entry_named(&self, name: Name) -> Result<Option<Object<'py>>> {
        let mut found = ptr::null_mut();
        match flag(find_named(self.as_ptr(), name, &mut found))? {
            // SAFETY: the function has found a new reference.
            true => unsafe { Object::made(found, self.py()) }.map(Some),
            false => Ok(None),
        }
    }

    #[inline(always)]
    fn set_entry(&self, name: Name, value: &Bound<'py, PyAny>) -> Result<()> {
        flag(set_named(self.as_ptr(), name, value.as_ptr())).map(drop)
    }

    #[inline(always)]
    fn copied(&self) -> Result<Object<'py>> {
        // SAFETY: the function returns a new reference, or sets an exception.
        unsafe { Object::made(ffi::PyDict_Copy(self.as_ptr()), self.py()) }
    }

    #[inline(always)]
    fn has_entry(&self, name: Name) -> Result<bool> {
        flag(has_named(self.as_ptr(), name))
    }
}
