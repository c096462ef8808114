//! A class of dicts that report when they are cleared and when they are freed.
//!
//! It is made of C functions: a class of Python code takes CPython six times as many instructions.

use std::ffi::{CStr, c_int, c_void};
use std::mem::size_of;
use std::ptr;

use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::once::Once;
use super::thin::{self, Exception, Name, Object, Result, Thin};

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

/// What a class needs to know of `dict`.
struct Base {
    /// The size of an instance in bytes. The attribute is behind that.
    size: usize,
    traverse: ffi::traverseproc,
    clear: ffi::inquiry,
}

static BASE: Once<Base> = Once::new();

impl Base {
    fn find(dict: &Bound<'_, PyType>) -> Result<Base> {
        let size = dict.get(Name::__basicsize__)?.number()?;
        let slot = |slot| {
            // SAFETY: the class is alive, and this thread is attached.
            let function = unsafe { ffi::PyType_GetSlot(dict.as_type_ptr(), slot) };
            match function.is_null() {
                true => Err(Exception::taken()),
                false => Ok(function),
            }
        };
        let (traverse, clear) = (slot(ffi::Py_tp_traverse)?, slot(ffi::Py_tp_clear)?);
        // SAFETY: the slots of these numbers hold functions of these types.
        Ok(unsafe {
            Base {
                size: size as usize,
                traverse: std::mem::transmute::<*mut c_void, ffi::traverseproc>(traverse),
                clear: std::mem::transmute::<*mut c_void, ffi::inquiry>(clear),
            }
        })
    }

    /// The place of the attribute in an instance.
    ///
    /// # Safety
    /// `dict` is an instance of the class.
    unsafe fn attribute(&self, dict: *mut PyObject) -> *mut *mut PyObject {
        // SAFETY: by the contract of this function; `class` has made room there.
        unsafe { dict.byte_add(self.size).cast() }
    }
}

/// Makes the class. For CPython from 3.10 on.
pub(crate) fn class<T: ReportingDict>(py: Python<'_>) -> Result<Object<'_>> {
    let base = py.get_type::<PyDict>();
    let offset = BASE.get_or_try(|| Base::find(&base))?.size;
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
        slot(ffi::Py_tp_traverse, traverse as *mut _),
        slot(ffi::Py_tp_clear, clear_references as *mut _),
        slot(ffi::Py_tp_finalize, finalize::<T> as *mut _),
        slot(0, ptr::null_mut()),
    ];
    let mut spec = ffi::PyType_Spec {
        name: T::NAME.as_ptr(),
        basicsize: (offset + size_of::<*mut PyObject>()) as c_int,
        itemsize: 0,
        flags: (ffi::Py_TPFLAGS_DEFAULT | ffi::Py_TPFLAGS_BASETYPE | ffi::Py_TPFLAGS_HAVE_GC)
            as u32,
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

/// A `traverseproc`.
///
/// SAFETY: CPython's garbage collector calls it with an instance of the class. It visits what a dict has, the attribute, and
/// the class, and touches no count.
unsafe extern "C" fn traverse(
    dict: *mut PyObject,
    visit: ffi::visitproc,
    argument: *mut c_void,
) -> c_int {
    let Some(base) = BASE.get() else {
        return 0;
    };
    // SAFETY: see above. An object has a class.
    unsafe {
        for object in [*base.attribute(dict), ffi::Py_TYPE(dict).cast()] {
            if !object.is_null() {
                let result = visit(object, argument);
                if result != 0 {
                    return result;
                }
            }
        }
        (base.traverse)(dict, visit, argument)
    }
}

/// An `inquiry`, which gives up the references of an instance.
///
/// SAFETY: CPython's garbage collector calls it with an instance of the class, in an attached thread. The attribute is null
/// before its reference is given up, which may run Python code.
unsafe extern "C" fn clear_references(dict: *mut PyObject) -> c_int {
    let Some(base) = BASE.get() else {
        return 0;
    };
    // SAFETY: see above.
    unsafe {
        let attribute = std::mem::replace(&mut *base.attribute(dict), ptr::null_mut());
        ffi::Py_XDECREF(attribute);
        (base.clear)(dict)
    }
}

/// A `destructor`.
///
/// SAFETY: as for [`clear`]. It doesn't touch the dict, and leaves an exception that is set as it is.
unsafe extern "C" fn finalize<T: ReportingDict>(_: *mut PyObject) {
    T::freed();
}
