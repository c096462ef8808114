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
use super::outlined::{
    compare, find_attribute, find_entry, find_named, get_attribute, get_item, has_named, is_equal,
    is_equal_to_text, number_of, set_attribute, set_named,
};

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
