//! New objects.

use std::ffi::CStr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::name::Name;
use super::object::Object;
use super::object::Result;
use super::operations::Thin;

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

/// Runs the code of a module named `pylog`. Returns its dict.
pub(crate) fn run_program<'py>(py: Python<'py>, code: &CStr) -> Result<Object<'py>> {
    let names = dict(py)?;
    names.set_entry(Name::__name__, &*text(py, "pylog")?)?;
    // SAFETY: this thread is attached, as `py` shows, and the arguments are alive. `PyEval_GetBuiltins` returns a borrowed
    // reference or null, the others return a new reference or set an exception.
    unsafe {
        // Below Python 3.10 there are no builtins otherwise.
        if let Some(builtins) = Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetBuiltins()) {
            names.set_entry(Name::__builtins__, &builtins)?;
        }
        let file = c"<pylog>".as_ptr();
        let code = ffi::Py_CompileString(code.as_ptr(), file, ffi::Py_file_input);
        let code = Object::made(code, py)?;
        let names = names.as_ptr();
        Object::made(ffi::PyEval_EvalCode(code.as_ptr(), names, names), py)?;
    }
    Ok(names)
}
