//! What is done with objects. What is done in many places is a call of a function that is compiled once.

use std::ptr;

use pyo3::Borrowed;
use pyo3::ffi::{self, PyObject};
use pyo3::prelude::*;
use pyo3::types::PyString;

use super::name::Name;
use super::object::Object;
use super::object::{Exception, Result};
use crate::raw::once::Once;

#[inline(always)]
fn flag(result: i32) -> Result<bool> {
    match result {
        0.. => Ok(result != 0),
        _ => Err(Exception::taken()),
    }
}

/// Methods that are a call of one function, by what that returns: a new reference (`Object`), 1 with a new reference or 0
/// (`Option`), a number that isn't 0 for true (`bool`), or 0 (`()`); or else null or a negative number, with an exception set.
///
/// SAFETY: the function is called with objects that are alive, in a thread that is attached, as the receiver shows.
macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident($($argument:ident: $type:ty),*) -> $kind:tt: |$object:ident $(, $found:ident)?| $call:expr;)*) => {$(
        $(#[$doc])*
        #[inline(always)]
        fn $name(&self $(, $argument: $type)*) -> Result<methods!(@type $kind)> {
            let $object = self.it().as_ptr();
            $(let mut $found = ptr::null_mut();)?
            // SAFETY: see above.
            let result = unsafe { $call };
            methods!(@result $kind self result $($found)?)
        }
    )*};
    (@type Object) => { Object<'py> };
    (@type Option) => { Option<Object<'py>> };
    (@type $type:ty) => { $type };
    (@result bool $self:ident $result:ident) => { flag($result) };
    (@result () $self:ident $result:ident) => { flag($result).map(drop) };
    // SAFETY: see above.
    (@result Object $self:ident $result:ident) => { unsafe { Object::made($result, $self.it().py()) } };
    (@result Option $self:ident $result:ident $found:ident) => {
        match flag($result)? {
            // SAFETY: see above.
            true => unsafe { Object::made($found, $self.it().py()) }.map(Some),
            false => Ok(None),
        }
    };
}

/// What is done with any object. The receiver and the arguments are borrowed.
pub(crate) trait Thin<'py> {
    /// The object.
    fn it(&self) -> &Bound<'py, PyAny>;

    methods! {
        /// `object.name`
        get(name: Name) -> Object: |object| get_attribute(object, name);
        /// `getattr(object, name, None)`, where `None` is an attribute that isn't there.
        find(name: &Bound<'py, PyString>) -> Option: |object, found| find_attribute(object, name.as_ptr(), &mut found);
        /// `object.name = value`
        set(name: Name, value: &Bound<'py, PyAny>) -> (): |object| set_attribute(object, name, value.as_ptr());
        /// `object.name()`
        call_named(name: Name) -> Object: |object| call_method(object, name, ptr::null_mut(), ptr::null_mut());
        /// `object.name(argument)`
        call_named_with(name: Name, argument: &Bound<'py, PyAny>) -> Object:
            |object| call_method(object, name, argument.as_ptr(), ptr::null_mut());
        /// `object.name(first, second)`
        call_named_with_two(name: Name, first: &Bound<'py, PyAny>, second: &Bound<'py, PyAny>) -> Object:
            |object| call_method(object, name, first.as_ptr(), second.as_ptr());
        /// `object()`
        run() -> Object: |object| call(object, ptr::null_mut(), ptr::null_mut());
        /// `object(argument)`
        run_with(argument: &Bound<'py, PyAny>) -> Object: |object| call(object, argument.as_ptr(), ptr::null_mut());
        /// `object(first, second)`
        run_with_two(first: &Bound<'py, PyAny>, second: &Bound<'py, PyAny>) -> Object:
            |object| call(object, first.as_ptr(), second.as_ptr());
        /// `object(*arguments, **keywords)`
        run_by(arguments: &Bound<'py, PyAny>, keywords: &Bound<'py, PyAny>) -> Object:
            |object| ffi::PyObject_Call(object, arguments.as_ptr(), keywords.as_ptr());
        /// `bool(object)`
        is_true() -> bool: |object| ffi::PyObject_IsTrue(object);
        /// `object == other`
        equals(other: &Bound<'py, PyAny>) -> bool: |object| is_equal(object, other.as_ptr());
        /// `object == text`
        equals_text(text: &str) -> bool: |object| is_equal_to_text(object, text.as_ptr(), text.len());
        /// `object >= other`
        is_at_least(other: &Bound<'py, PyAny>) -> bool: |object| compare(object, other.as_ptr(), ffi::Py_GE);
        /// `object[key]`
        part(key: &Bound<'py, PyAny>) -> Object: |object| ffi::PyObject_GetItem(object, key.as_ptr());
        /// `item in object`
        contains_item(item: &Bound<'py, PyAny>) -> bool: |object| ffi::PySequence_Contains(object, item.as_ptr());
        /// `repr(object)`
        representation() -> Object: |object| ffi::PyObject_Repr(object);
        /// `object + other`
        plus(other: &Bound<'py, PyAny>) -> Object: |object| ffi::PyNumber_Add(object, other.as_ptr());
        /// `object % values`
        formatted(values: &Bound<'py, PyAny>) -> Object: |object| ffi::PyNumber_Remainder(object, values.as_ptr());
        /// Of a dict, the value of a key.
        entry(key: &Bound<'py, PyAny>) -> Option: |object, found| find_entry(object, key.as_ptr(), &mut found);
        /// Of a dict, the value of a name.
        entry_named(name: Name) -> Option: |object, found| find_named(object, name, &mut found);
        /// Of a dict: sets the value of a name.
        set_entry(name: Name, value: &Bound<'py, PyAny>) -> (): |object| set_named(object, name, value.as_ptr());
        /// Of a dict: sets the value of a key.
        set_entry_of(key: &Bound<'py, PyAny>, value: &Bound<'py, PyAny>) -> ():
            |object| ffi::PyDict_SetItem(object, key.as_ptr(), value.as_ptr());
        /// Of a dict: removes a key.
        remove_entry(key: &Bound<'py, PyAny>) -> (): |object| ffi::PyDict_DelItem(object, key.as_ptr());
        /// Of a dict: another one with the same entries.
        copied() -> Object: |object| ffi::PyDict_Copy(object);
        /// Of a dict: whether it has a name.
        has_entry(name: Name) -> bool: |object| has_named(object, name);
    }

    /// `hasattr(object, name)`
    #[inline(always)]
    fn has(&self, name: Name) -> Result<bool> {
        Ok(self.find(name.get(self.it().py()))?.is_some())
    }

    /// `len(object)`
    #[inline(always)]
    fn length(&self) -> Result<usize> {
        // SAFETY: the object is alive, and this thread is attached.
        let length = unsafe { ffi::PyObject_Size(self.it().as_ptr()) };
        usize::try_from(length).map_err(|_| Exception::taken())
    }

    /// The number of an `int`, or of an object with `__index__`.
    #[inline(always)]
    fn number(&self) -> Result<i64> {
        let mut number = 0;
        // SAFETY: the object is alive, and this thread is attached.
        flag(unsafe { number_of(self.it().as_ptr(), &mut number) })?;
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

    /// Whether the class of the object is one whose attributes no Python code can change, from Python 3.10 on: one written
    /// in C. Looking up what such a class has runs no Python code.
    #[inline(always)]
    fn has_fixed_class(&self) -> bool {
        const IMMUTABLE: std::ffi::c_ulong = 1 << 8;
        // SAFETY: the object is alive, and so is its class.
        unsafe { ffi::PyType_GetFlags(ffi::Py_TYPE(self.it().as_ptr())) & IMMUTABLE != 0 }
    }

    /// Of a list: its item at an index, if there is one.
    #[inline(always)]
    fn item(&self, index: usize) -> Option<Object<'py>> {
        // SAFETY: the object is alive, and this thread is attached. The function returns a new reference, or null.
        unsafe {
            let item = get_item(self.it().as_ptr(), index);
            Bound::from_owned_ptr_or_opt(self.it().py(), item).map(Object::from)
        }
    }
}

impl<'py> Thin<'py> for Bound<'py, PyAny> {
    #[inline(always)]
    fn it(&self) -> &Bound<'py, PyAny> {
        self
    }
}

/// Functions that are called in many places, each compiled once.
///
/// SAFETY: they are called by the methods of `Thin` alone, whose arguments are alive and show that the thread is attached. An
/// object of another type than a function of the C API expects is an exception.
macro_rules! outlined {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $result:ty $body:block)*) => {$(
        #[inline(never)]
        unsafe extern "C" fn $name($($argument: $type),*) -> $result {
            // SAFETY: see above.
            unsafe { $body }
        }
    )*};
}

outlined! {
    fn get_attribute(object: *mut PyObject, name: Name) -> *mut PyObject {
        ffi::PyObject_GetAttr(object, name.as_ptr())
    }
    fn set_attribute(object: *mut PyObject, name: Name, value: *mut PyObject) -> i32 {
        ffi::PyObject_SetAttr(object, name.as_ptr(), value)
    }
    fn find_attribute(object: *mut PyObject, name: *mut PyObject, found: &mut *mut PyObject) -> i32 {
        *found = ffi::PyObject_GetAttr(object, name);
        if !found.is_null() {
            return 1;
        }
        if ffi::PyErr_ExceptionMatches(ffi::PyExc_AttributeError) == 0 {
            return -1;
        }
        ffi::PyErr_Clear();
        0
    }
    fn find_entry(dict: *mut PyObject, key: *mut PyObject, found: &mut *mut PyObject) -> i32 {
        ffi::compat::PyDict_GetItemRef(dict, key, found)
    }
    fn find_named(dict: *mut PyObject, name: Name, found: &mut *mut PyObject) -> i32 {
        ffi::compat::PyDict_GetItemRef(dict, name.as_ptr(), found)
    }
    fn set_named(dict: *mut PyObject, name: Name, value: *mut PyObject) -> i32 {
        ffi::PyDict_SetItem(dict, name.as_ptr(), value)
    }
    fn has_named(dict: *mut PyObject, name: Name) -> i32 {
        ffi::PyDict_Contains(dict, name.as_ptr())
    }
    fn get_item(list: *mut PyObject, index: usize) -> *mut PyObject {
        // There is no item where a function sets an exception.
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
    fn is_equal(object: *mut PyObject, other: *mut PyObject) -> i32 {
        compare(object, other, ffi::Py_EQ)
    }
    fn compare(object: *mut PyObject, other: *mut PyObject, operation: i32) -> i32 {
        let answer = ffi::PyObject_RichCompare(object, other, operation);
        if answer.is_null() {
            return -1;
        }
        let truth = ffi::PyObject_IsTrue(answer);
        ffi::Py_DECREF(answer);
        truth
    }
    fn is_equal_to_text(object: *mut PyObject, text: *const u8, length: usize) -> i32 {
        let text = ffi::PyUnicode_FromStringAndSize(text.cast(), length as ffi::Py_ssize_t);
        if text.is_null() {
            return -1;
        }
        let is_equal = is_equal(object, text);
        ffi::Py_DECREF(text);
        is_equal
    }
    fn number_of(object: *mut PyObject, number: &mut i64) -> i32 {
        let int = ffi::PyNumber_Index(object);
        if int.is_null() {
            return -1;
        }
        *number = ffi::PyLong_AsLongLong(int);
        ffi::Py_DECREF(int);
        if *number == -1 && !ffi::PyErr_Occurred().is_null() { -1 } else { 0 }
    }
}

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
pub(super) unsafe extern "C" fn call_method(
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
pub(super) unsafe extern "C" fn call(
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
