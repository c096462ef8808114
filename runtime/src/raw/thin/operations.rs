//! What is done with objects.

use std::ptr;

use pyo3::Borrowed;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::calls::{call, call_method};
use super::exception::{Exception, Result};
use super::name::Name;
use super::object::Object;

#[inline(always)]
fn flag(result: i32) -> Result<bool> {
    match result {
        0.. => Ok(result != 0),
        _ => Err(Exception::taken()),
    }
}

/// What a function has found, if anything.
///
/// # Safety
/// The function returns 1 and gives a new reference, or 0, or a negative number with an exception set.
#[inline(always)]
unsafe fn found_by<'py>(
    py: Python<'py>,
    find: impl FnOnce(&mut *mut PyObject) -> i32,
) -> Result<Option<Object<'py>>> {
    let mut found = ptr::null_mut();
    match flag(find(&mut found))? {
        // SAFETY: by the contract of this function.
        true => unsafe { Object::made(found, py) }.map(Some),
        false => Ok(None),
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
    // SAFETY: see above.
    unsafe { ffi::compat::PyDict_GetItemRef(dict, name.as_ptr(), found) }
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
    // SAFETY: see above. There is no item where a function sets an exception.
    unsafe {
        let size = ffi::PyList_Size(list);
        if index as ffi::Py_ssize_t >= size {
            if size < 0 {
                ffi::PyErr_Clear();
            }
            return ptr::null_mut();
        }
        let item = ffi::compat::PyList_GetItemRef(list, index as ffi::Py_ssize_t);
        if item.is_null() {
            ffi::PyErr_Clear();
        }
        item
    }
}

#[inline(never)]
extern "C" fn is_equal(object: *mut PyObject, other: *mut PyObject) -> i32 {
    compare(object, other, ffi::Py_EQ)
}

#[inline(never)]
extern "C" fn compare(object: *mut PyObject, other: *mut PyObject, operation: i32) -> i32 {
    // SAFETY: see above. `PyObject_RichCompare` returns a new reference, or null with an exception set.
    unsafe {
        let answer = ffi::PyObject_RichCompare(object, other, operation);
        if answer.is_null() {
            return -1;
        }
        let truth = ffi::PyObject_IsTrue(answer);
        ffi::Py_DECREF(answer);
        truth
    }
}

#[inline(never)]
extern "C" fn is_equal_to_text(object: *mut PyObject, text: *const u8, length: usize) -> i32 {
    // SAFETY: see above. The text is UTF-8 of that length.
    unsafe {
        let text = ffi::PyUnicode_FromStringAndSize(text.cast(), length as ffi::Py_ssize_t);
        if text.is_null() {
            return -1;
        }
        let is_equal = is_equal(object, text);
        ffi::Py_DECREF(text);
        is_equal
    }
}

#[inline(never)]
extern "C" fn number_of(object: *mut PyObject, number: &mut i64) -> i32 {
    // SAFETY: see above.
    unsafe {
        let int = ffi::PyNumber_Index(object);
        if int.is_null() {
            return -1;
        }
        *number = ffi::PyLong_AsLongLong(int);
        ffi::Py_DECREF(int);
        match *number == -1 && !ffi::PyErr_Occurred().is_null() {
            true => -1,
            false => 0,
        }
    }
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
        // SAFETY: the function returns 1 if it has found a new reference.
        unsafe {
            found_by(self.it().py(), |found| {
                find_attribute(self.it().as_ptr(), name.as_ptr(), found)
            })
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

    /// `object == other`
    #[inline(always)]
    fn equals(&self, other: &Bound<'py, PyAny>) -> Result<bool> {
        flag(is_equal(self.it().as_ptr(), other.as_ptr()))
    }

    /// `object == text`
    #[inline(always)]
    fn equals_text(&self, text: &str) -> Result<bool> {
        flag(is_equal_to_text(
            self.it().as_ptr(),
            text.as_ptr(),
            text.len(),
        ))
    }

    /// `object >= other`
    #[inline(always)]
    fn is_at_least(&self, other: &Bound<'py, PyAny>) -> Result<bool> {
        flag(compare(self.it().as_ptr(), other.as_ptr(), ffi::Py_GE))
    }

    /// `object[key]`
    #[inline(always)]
    fn part(&self, key: &Bound<'py, PyAny>) -> Result<Object<'py>> {
        // SAFETY: the function returns a new reference, or sets an exception.
        unsafe {
            Object::made(
                ffi::PyObject_GetItem(self.it().as_ptr(), key.as_ptr()),
                self.it().py(),
            )
        }
    }

    /// `item in object`
    #[inline(always)]
    fn contains_item(&self, item: &Bound<'py, PyAny>) -> Result<bool> {
        // SAFETY: the objects are alive, and this thread is attached.
        flag(unsafe { ffi::PySequence_Contains(self.it().as_ptr(), item.as_ptr()) })
    }

    /// `repr(object)`
    #[inline(always)]
    fn representation(&self) -> Result<Object<'py>> {
        // SAFETY: the function returns a new reference, or sets an exception.
        unsafe { Object::made(ffi::PyObject_Repr(self.it().as_ptr()), self.it().py()) }
    }

    /// `object + other`
    #[inline(always)]
    fn plus(&self, other: &Bound<'py, PyAny>) -> Result<Object<'py>> {
        // SAFETY: as above.
        unsafe {
            Object::made(
                ffi::PyNumber_Add(self.it().as_ptr(), other.as_ptr()),
                self.it().py(),
            )
        }
    }

    /// `len(object)`
    #[inline(always)]
    fn length(&self) -> Result<usize> {
        // SAFETY: the object is alive, and this thread is attached.
        let length = unsafe { ffi::PyObject_Size(self.it().as_ptr()) };
        usize::try_from(length).map_err(|_| Exception::taken())
    }

    /// `object % values`
    #[inline(always)]
    fn formatted(&self, values: &Bound<'py, PyAny>) -> Result<Object<'py>> {
        // SAFETY: as above.
        unsafe {
            Object::made(
                ffi::PyNumber_Remainder(self.it().as_ptr(), values.as_ptr()),
                self.it().py(),
            )
        }
    }

    /// The number of an `int`, or of an object with `__index__`.
    #[inline(always)]
    fn number(&self) -> Result<i64> {
        let mut number = 0;
        flag(number_of(self.it().as_ptr(), &mut number))?;
        Ok(number)
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
        // SAFETY: as above.
        unsafe {
            found_by(self.it().py(), |found| {
                find_entry(self.it().as_ptr(), key.as_ptr(), found)
            })
        }
    }

    /// Of a dict, the value of a name.
    #[inline(always)]
    fn entry_named(&self, name: Name) -> Result<Option<Object<'py>>> {
        // SAFETY: as above.
        unsafe {
            found_by(self.it().py(), |found| {
                find_named(self.it().as_ptr(), name, found)
            })
        }
    }

    /// Of a dict: sets the value of a name.
    #[inline(always)]
    fn set_entry(&self, name: Name, value: &Bound<'py, PyAny>) -> Result<()> {
        flag(set_named(self.it().as_ptr(), name, value.as_ptr())).map(drop)
    }

    /// Of a dict: sets the value of a key.
    #[inline(always)]
    fn set_entry_of(&self, key: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> Result<()> {
        // SAFETY: the objects are alive, and this thread is attached.
        flag(unsafe { ffi::PyDict_SetItem(self.it().as_ptr(), key.as_ptr(), value.as_ptr()) })
            .map(drop)
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
