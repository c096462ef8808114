//! Calls of objects with up to two arguments.

use std::ptr;

use pyo3::ffi::{self, PyObject};

use super::name::Name;
use crate::raw::once::Once;

/// How many of the arguments there are: up to the first null.
fn count(arguments: &[*mut PyObject]) -> usize {
    arguments.iter().take_while(|it| !it.is_null()).count()
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
    // SAFETY: called by the methods of `Thin`, as the functions of `operations`. The first place is for the function to use; the arguments end with the first null.
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
