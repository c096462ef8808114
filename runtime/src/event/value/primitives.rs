//! The values of numbers, text, bytes, options, Python objects, and of what points to a value.

use std::borrow::Cow;
use std::rc::Rc;
use std::sync::Arc;

use pyo3::prelude::*;

use super::{Hashable, Kind, ToValue, Value};
use crate::python::attach::try_attach;
use crate::python::loose::Loose;

macro_rules! from {
    ($($kind:ident: $($type:ty as $target:ty),+;)+) => {$($(
        impl From<$type> for Value<'_> {
            fn from(value: $type) -> Self {
                Value(Kind::$kind(<$target>::from(value)))
            }
        }
    )+)+};
}

from! {
    Bool: bool as bool;
    Signed: i8 as i128, i16 as i128, i32 as i128, i64 as i128, i128 as i128;
    Unsigned: u8 as u128, u16 as u128, u32 as u128, u64 as u128, u128 as u128;
    Float: f32 as f64, f64 as f64;
}

impl ToValue for u8 {
    fn to_value(&self) -> Value<'_> {
        (*self).into()
    }

    fn slice_to_value(slice: &[u8]) -> Value<'_> {
        slice.into()
    }
}

impl From<isize> for Value<'_> {
    fn from(value: isize) -> Self {
        Value(Kind::Signed(value as i128))
    }
}

impl From<usize> for Value<'_> {
    fn from(value: usize) -> Self {
        Value(Kind::Unsigned(value as u128))
    }
}

impl From<char> for Value<'_> {
    fn from(value: char) -> Self {
        String::from(value).into()
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        Value(Kind::Text(value.into()))
    }
}

impl From<Vec<u8>> for Value<'_> {
    fn from(value: Vec<u8>) -> Self {
        Value(Kind::Bytes(value.into()))
    }
}

impl<'a> From<&'a str> for Value<'a> {
    fn from(value: &'a str) -> Self {
        Value(Kind::Text(value.into()))
    }
}

impl<'a> From<&'a [u8]> for Value<'a> {
    fn from(value: &'a [u8]) -> Self {
        Value(Kind::Bytes(value.into()))
    }
}

impl From<Py<PyAny>> for Value<'_> {
    fn from(object: Py<PyAny>) -> Self {
        Value(Kind::Object(Loose::new(object)))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value(Kind::None), Into::into)
    }
}

/// Implements [`Hashable`].
macro_rules! hashable {
    ($($type:ty),+ $(,)?) => {$(
        impl Hashable for $type {}
    )+};
}

macro_rules! to_value {
    ($($(<$($generic:tt),+>)? $type:ty, |$value:ident| $expr:expr;)+) => {$(
        impl $(<$($generic),+>)? ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                let $value = self;
                $expr
            }
        }
    )+};
}

to_value! {
    bool, |it| (*it).into();
    i8, |it| (*it).into();
    i16, |it| (*it).into();
    i32, |it| (*it).into();
    i64, |it| (*it).into();
    i128, |it| (*it).into();
    isize, |it| (*it).into();
    u16, |it| (*it).into();
    u32, |it| (*it).into();
    u64, |it| (*it).into();
    u128, |it| (*it).into();
    usize, |it| (*it).into();
    f32, |it| (*it).into();
    f64, |it| (*it).into();
    char, |it| (*it).into();
    str, |it| it.into();
    String, |it| it.as_str().into();
    Cow<'_, str>, |it| (**it).into();
}

hashable! {
    bool, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize,
    char, str, String, Cow<'_, str>,
}

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value(Kind::None), T::to_value)
    }
}

macro_rules! forward_to_pointee {
    ($($type:ty),+) => {$(
        impl<T: ToValue + ?Sized> ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                (**self).to_value()
            }
        }

        impl<T: Hashable + ?Sized> Hashable for $type {}
    )+};
}

impl<T: Hashable> Hashable for Option<T> {}

forward_to_pointee!(&T, &mut T, Box<T>, Rc<T>, Arc<T>);

/// `None` if there is no interpreter. The value isn't logged then.
impl<T> ToValue for Py<T> {
    fn to_value(&self) -> Value<'_> {
        try_attach(|py| self.clone_ref(py).into_any()).into()
    }
}

impl<T> ToValue for Bound<'_, T> {
    fn to_value(&self) -> Value<'_> {
        self.clone().into_any().unbind().into()
    }
}
