//! What is done with objects.

use std::ptr;

use pyo3::Borrowed;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::exception::{Exception, Result};
use super::name::Name;
use super::object::Object;
use crate::raw::once::Once;

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

#[inline(never)]
extern "C" fn get_item(list: *mut PyObject, index: usize) -> *mut PyObject {
    // SAFETY: see above. There is no item where the function sets an exception.
    unsafe {
        if index as ffi::Py_ssize_t >= ffi::PyList_Size(list) {
            ffi::PyErr_Clear();
            return ptr::null_mut();
        }
        let item = ffi::compat::PyList_GetItemRef(list, index as ffi::Py_ssize_t);
        if item.is_null() {
            ffi::PyErr_Clear();
        }
        item
    }
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
    /// The object.
    fn it(&self) -> &Bound<'py, PyAny>;

    /// `object.name`
    #[inline(always)]
    fn get(&self, name: Name) -> Result<Object<'py>> {
        // SAFETY: the function returns a new reference, or sets an exception.
        unsafe { Object::made(get_attribute(self.it().as_ptr(), name), self.it().py()) }
    }

    /// `getattr(object, name, None)`, where `None` is an attribute that isn't there.
    #[inline(always)]
    fn find(&self, name: &Bound<'py, PyString>) -> Result<Option<Object<'py>>> {
        let mut found = ptr::null_mut();
        match flag(find_attribute(
            self.it().as_ptr(),
            name.as_ptr(),
            &mut found,
        ))? {
            // SAFETY: the function has found a new reference.
            true => unsafe { Object::made(found, self.it().py()) }.map(Some),
            false => Ok(None),
        }
    }

    /// `object.name = value`
    #[inline(always)]
    fn set(&self, name: Name, value: &Bound<'py, PyAny>) -> Result<()> {
        flag(set_attribute(self.it().as_ptr(), name, value.as_ptr())).map(drop)
    }

    /// `hasattr(object, name)`
    #[inline(always)]
    fn has(&self, name: Name) -> Result<bool> {
        Ok(self.find(name.get(self.it().py()))?.is_some())
    }

    /// `object.name()`
    #[inline(always)]
    fn call_named(&self, name: Name) -> Result<Object<'py>> {
        let null = ptr::null_mut();
        // SAFETY: the function returns a new reference, or sets an exception.
        unsafe {
            Object::made(
                call_method(self.it().as_ptr(), name, null, null),
                self.it().py(),
            )
        }
    }

    /// `object.name(argument)`
    #[inline(always)]
    fn call_named_with(&self, name: Name, argument: &Bound<'py, PyAny>) -> Result<Object<'py>> {
        let argument = argument.as_ptr();
        // SAFETY: as above.
        unsafe {
            Object::made(
                call_method(self.it().as_ptr(), name, argument, ptr::null_mut()),
                self.it().py(),
            )
        }
    }

    /// `object.name(first, second)`
    #[inline(always)]
    fn call_named_with_two(
        &self,
        name: Name,
        first: &Bound<'py, PyAny>,
        second: &Bound<'py, PyAny>,
    ) -> Result<Object<'py>> {
        let (first, second) = (first.as_ptr(), second.as_ptr());
        // SAFETY: as above.
        unsafe {
            Object::made(
                call_method(self.it().as_ptr(), name, first, second),
                self.it().py(),
            )
        }
    }

    /// `object()`
    #[inline(always)]
    fn run(&self) -> Result<Object<'py>> {
        let null = ptr::null_mut();
        // SAFETY: as above.
        unsafe { Object::made(call(self.it().as_ptr(), null, null), self.it().py()) }
    }

    /// `object(argument)`
    #[inline(always)]
    fn run_with(&self, argument: &Bound<'py, PyAny>) -> Result<Object<'py>> {
        // SAFETY: as above.
        unsafe {
            Object::made(
                call(self.it().as_ptr(), argument.as_ptr(), ptr::null_mut()),
                self.it().py(),
            )
        }
    }

    /// `object(first, second)`
    #[inline(always)]
    fn run_with_two(
        &self,
        first: &Bound<'py, PyAny>,
        second: &Bound<'py, PyAny>,
    ) -> Result<Object<'py>> {
        // SAFETY: as above.
        unsafe {
            Object::made(
                call(self.it().as_ptr(), first.as_ptr(), second.as_ptr()),
                self.it().py(),
            )
        }
    }

    /// `object(*arguments, **keywords)`
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
                ffi::PyObject_Call(self.it().as_ptr(), arguments, keywords),
                self.it().py(),
            )
        }
    }

    /// `bool(object)`
    #[inline(always)]
    fn is_true(&self) -> Result<bool> {
        // SAFETY: the object is alive, and this thread is attached.
        flag(unsafe { ffi::PyObject_IsTrue(self.it().as_ptr()) })
    }

    /// Whether `type(object)` is that class.
    #[inline(always)]
    fn is_exactly(&self, class: &Bound<'py, PyAny>) -> bool {
        self.class_address() == class.as_ptr().addr()
    }

    /// `type(object)`, as long as the object is of that class: while no Python code runs.
    #[inline(always)]
    fn class(&self) -> Borrowed<'_, 'py, PyAny> {
        let class = self.class_address() as *mut PyObject;
        // SAFETY: the object keeps its class alive.
        unsafe { Borrowed::from_ptr(self.it().py(), class) }
    }

    /// The address of `type(object)`.
    #[inline(always)]
    fn class_address(&self) -> usize {
        // SAFETY: the object is alive.
        unsafe { ffi::Py_TYPE(self.it().as_ptr()) }.addr()
    }

    /// Of a dict, the value of a key.
    #[inline(always)]
    fn entry(&self, key: &Bound<'py, PyAny>) -> Result<Option<Object<'py>>> {
        let mut found = ptr::null_mut();
        match flag(find_entry(self.it().as_ptr(), key.as_ptr(), &mut found))? {
            // SAFETY: the function has found a new reference.
            true => unsafe { Object::made(found, self.it().py()) }.map(Some),
            false => Ok(None),
        }
    }

    /// Of a dict, the value of a name.
    #[inline(always)]
    fn entry_named(&self, name: Name) -> Result<Option<Object<'py>>> {
        let mut found = ptr::null_mut();
        match flag(find_named(self.it().as_ptr(), name, &mut found))? {
            // SAFETY: the function has found a new reference.
            true => unsafe { Object::made(found, self.it().py()) }.map(Some),
            false => Ok(None),
        }
    }

    /// Of a dict: sets the value of a name.
    #[inline(always)]
    fn set_entry(&self, name: Name, value: &Bound<'py, PyAny>) -> Result<()> {
        flag(set_named(self.it().as_ptr(), name, value.as_ptr())).map(drop)
    }

    /// Of a list: its item at an index, if there is one.
    #[inline(always)]
    fn item(&self, index: usize) -> Option<Object<'py>> {
        let item = get_item(self.it().as_ptr(), index);
        // SAFETY: the function returns a new reference, or null.
        unsafe { Bound::from_owned_ptr_or_opt(self.it().py(), item) }.map(Object::from)
    }

    /// Of a dict: removes a key.
    #[inline(always)]
    fn remove_entry(&self, key: &Bound<'py, PyAny>) -> Result<()> {
        // SAFETY: see above.
        flag(unsafe { ffi::PyDict_DelItem(self.it().as_ptr(), key.as_ptr()) }).map(drop)
    }

    /// Of a dict: another one with the same entries.
    #[inline(always)]
    fn copied(&self) -> Result<Object<'py>> {
        // SAFETY: the function returns a new reference, or sets an exception.
        unsafe { Object::made(ffi::PyDict_Copy(self.it().as_ptr()), self.it().py()) }
    }

    /// Of a dict: whether it has a name.
    #[inline(always)]
    fn has_entry(&self, name: Name) -> Result<bool> {
        flag(has_named(self.it().as_ptr(), name))
    }
}

impl<'py> Thin<'py> for Bound<'py, PyAny> {
    #[inline(always)]
    fn it(&self) -> &Bound<'py, PyAny> {
        self
    }
}
