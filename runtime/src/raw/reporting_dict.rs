//! A class of dicts that report when they are cleared and when they are freed.
//!
//! It is made of C functions: a class of Python code takes CPython eight times as many instructions.

use std::ffi::CStr;
use std::mem::size_of;
use std::ptr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::thin::{self, Name, Object, Result, Thin};

/// A class of dicts. An instance has one attribute, which Python code can set.
pub(crate) trait ReportingDict {
    /// The name of the class, with that of its module.
    const NAME: &'static CStr;
    const ATTRIBUTE: &'static CStr;

    /// `dict.clear()`
    fn clear(dict: &Bound<'_, PyAny>) -> Result<()>;

    /// Any thread may free a dict, at any time that Python code runs, or an exception is set.
    fn freed();
}

/// Makes the class.
pub(crate) fn class<T: ReportingDict>(py: Python<'_>) -> Result<Object<'_>> {
    let base = py.get_type::<PyDict>();
    // The attribute is behind what a dict has.
    let offset = base.get(Name::__basicsize__)?.number()?;
    let mut members = [ffi::PyMemberDef::default(); 2];
    members[0].name = T::ATTRIBUTE.as_ptr();
    members[0].type_code = ffi::Py_T_OBJECT_EX;
    members[0].offset = offset as ffi::Py_ssize_t;
    // CPython doesn't copy them, and the class is never freed.
    let methods = Box::leak(Box::new([ffi::PyMethodDef::zeroed(); 2]));
    methods[0].ml_name = c"clear".as_ptr();
    methods[0].ml_meth = ffi::PyMethodDefPointer {
        PyCFunction: clear::<T>,
    };
    methods[0].ml_flags = ffi::METH_NOARGS;
    let slot = |slot, pfunc| ffi::PyType_Slot { slot, pfunc };
    let mut slots = [
        slot(ffi::Py_tp_members, members.as_mut_ptr().cast()),
        slot(ffi::Py_tp_methods, methods.as_mut_ptr().cast()),
        slot(ffi::Py_tp_finalize, finalize::<T> as *mut _),
        slot(0, ptr::null_mut()),
    ];
    let mut spec = ffi::PyType_Spec {
        name: T::NAME.as_ptr(),
        basicsize: offset as i32 + size_of::<*mut PyObject>() as i32,
        itemsize: 0,
        flags: ffi::Py_TPFLAGS_DEFAULT as u32,
        slots: slots.as_mut_ptr(),
    };
    let bases = thin::tuple(py, &[base.into()])?;
    // SAFETY: this thread is attached, as `py` shows. The functions have the types of their slots. CPython copies what isn't static.
    // An instance has room for the member behind the base's part, which a class keeps at the start of its instances.
    unsafe {
        Object::made(
            ffi::PyType_FromSpecWithBases(&raw mut spec, bases.as_ptr()),
            py,
        )
    }
}

/// A `PyCFunction` with `METH_NOARGS`.
///
/// SAFETY: CPython calls it with an instance of the class, in an attached thread. Nothing in it panics.
unsafe extern "C" fn clear<T: ReportingDict>(
    dict: *mut PyObject,
    _: *mut PyObject,
) -> *mut PyObject {
    let clear = |py: Python<'_>| {
        // SAFETY: the dict is alive, and `py` shows that the thread is attached.
        let dict = unsafe { Bound::from_borrowed_ptr(py, dict) };
        match T::clear(&dict) {
            Ok(()) => py.None().into_ptr(),
            Err(error) => {
                error.restore(py);
                ptr::null_mut()
            }
        }
    };
    // Lets PyO3 know that this thread is attached, which it refuses while the interpreter ends.
    // SAFETY: see above.
    Python::try_attach(clear).unwrap_or_else(|| clear(unsafe { Python::assume_attached() }))
}

/// A `destructor`.
///
/// SAFETY: as for [`clear`]. It doesn't touch the dict, and leaves an exception that is set as it is.
unsafe extern "C" fn finalize<T: ReportingDict>(_: *mut PyObject) {
    T::freed();
}
