//! The functions of the C API that are called in many places, each compiled once.

use std::ptr;

use pyo3::ffi::{self, PyObject};

use super::name::Name;

// SAFETY of the functions below: they are called by the methods of `Thin` alone, whose arguments are alive and show that the
// thread is attached. An object of another type than a function of the C API expects is an exception.

#[inline(never)]
pub(super) extern "C" fn get_attribute(object: *mut PyObject, name: Name) -> *mut PyObject {
    // SAFETY: see above.
    unsafe { ffi::PyObject_GetAttr(object, name.as_ptr()) }
}

#[inline(never)]
pub(super) extern "C" fn set_attribute(
    object: *mut PyObject,
    name: Name,
    value: *mut PyObject,
) -> i32 {
    // SAFETY: see above.
    unsafe { ffi::PyObject_SetAttr(object, name.as_ptr(), value) }
}

#[inline(never)]
pub(super) extern "C" fn find_attribute(
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
pub(super) extern "C" fn find_entry(
    dict: *mut PyObject,
    key: *mut PyObject,
    found: &mut *mut PyObject,
) -> i32 {
    // SAFETY: see above.
    unsafe { ffi::compat::PyDict_GetItemRef(dict, key, found) }
}

#[inline(never)]
pub(super) extern "C" fn find_named(
    dict: *mut PyObject,
    name: Name,
    found: &mut *mut PyObject,
) -> i32 {
    // SAFETY: see above.
    unsafe { ffi::compat::PyDict_GetItemRef(dict, name.as_ptr(), found) }
}

#[inline(never)]
pub(super) extern "C" fn set_named(dict: *mut PyObject, name: Name, value: *mut PyObject) -> i32 {
    // SAFETY: see above.
    unsafe { ffi::PyDict_SetItem(dict, name.as_ptr(), value) }
}

#[inline(never)]
pub(super) extern "C" fn has_named(dict: *mut PyObject, name: Name) -> i32 {
    // SAFETY: see above.
    unsafe { ffi::PyDict_Contains(dict, name.as_ptr()) }
}

#[inline(never)]
pub(super) extern "C" fn get_item(list: *mut PyObject, index: usize) -> *mut PyObject {
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
pub(super) extern "C" fn is_equal(object: *mut PyObject, other: *mut PyObject) -> i32 {
    compare(object, other, ffi::Py_EQ)
}

#[inline(never)]
pub(super) extern "C" fn compare(
    object: *mut PyObject,
    other: *mut PyObject,
    operation: i32,
) -> i32 {
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
pub(super) extern "C" fn is_equal_to_text(
    object: *mut PyObject,
    text: *const u8,
    length: usize,
) -> i32 {
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
pub(super) extern "C" fn number_of(object: *mut PyObject, number: &mut i64) -> i32 {
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
