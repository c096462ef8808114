//! Calls of objects with up to two arguments.

use std::ptr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;

use super::exception::{Exception, Result};
use super::name::Name;
use crate::raw::once::Once;

/// Runs the handlers of the signals that have arrived.
#[inline(always)]
pub(crate) fn check_signals(_py: Python<'_>) -> Result<()> {
    // SAFETY: this thread is attached, as `_py` shows.
    match unsafe { ffi::PyErr_CheckSignals() } {
        0 => Ok(()),
        _ => Err(Exception::taken()),
    }
}

/// How many arguments there are.
fn count(first: *mut PyObject, second: *mut PyObject) -> usize {
    usize::from(!first.is_null()) + usize::from(!second.is_null())
}

#[inline(never)]
pub(super) extern "C" fn call_method(
    object: *mut PyObject,
    name: Name,
    first: *mut PyObject,
    second: *mut PyObject,
) -> *mut PyObject {
    let null = ptr::null_mut();
    let arguments = [null, object, first, second];
    // SAFETY: called by the methods of `Thin`, as the functions of `outlined`. The first place is for the function to use. There is no second
    // argument without a first one.
    unsafe {
        match VECTORCALL_METHOD.get() {
            Some(function) => {
                let count = (1 + count(first, second)) | ARGUMENTS_OFFSET;
                function(name.as_ptr(), arguments.as_ptr().add(1), count, null)
            }
            None => ffi::PyObject_CallMethodObjArgs(object, name.as_ptr(), first, second, null),
        }
    }
}

#[inline(never)]
pub(super) extern "C" fn call(
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
                let count = count(first, second) | ARGUMENTS_OFFSET;
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
