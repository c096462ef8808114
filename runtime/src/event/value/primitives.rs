//! The values of numbers, text, bytes, options, Python objects, types of the standard library that PyO3 converts, and of
//! what points to a value.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use pyo3::prelude::*;

use super::{Hashable, Kind, ToValue, Value};
use crate::python::attach::try_attach;
use crate::python::loose::Loose;

/// Implements `From`.
macro_rules! from {
    ($($type:ty, |$value:ident| $kind:expr;)+) => {$(
        impl<'a> From<$type> for Value<'a> {
            fn from($value: $type) -> Self {
                Value($kind)
            }
        }
    )+};
}

/// Implements `ToValue`, and [`Hashable`] behind `hashable`.
macro_rules! to_value {
    ($($type:ty, |$value:ident| $expr:expr;)+) => {$(
        impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                let $value = self;
                $expr
            }
        }
    )+};
    (hashable $($type:ty, |$value:ident| $expr:expr;)+) => {
        to_value!($($type, |$value| $expr;)+);
        $(impl Hashable for $type {})+
    };
}

macro_rules! numbers {
    ($($kind:ident($target:ty): $($type:ty),+;)+) => {$($(
        from!($type, |value| Kind::$kind(value as $target););
        to_value!($type, |value| (*value).into(););
    )+)+};
}

numbers! {
    Bool(bool): bool;
    Signed(i128): i8, i16, i32, i64, i128, isize;
    Unsigned(u128): u16, u32, u64, u128, usize;
    Float(f64): f32, f64;
}

impl ToValue for u8 {
    fn to_value(&self) -> Value<'_> {
        (*self).into()
    }

    fn slice_to_value(slice: &[u8]) -> Value<'_> {
        slice.into()
    }
}

from! {
    u8, |value| Kind::Unsigned(value.into());
    char, |value| Kind::Text(String::from(value).into());
    String, |value| Kind::Text(value.into());
    &'a str, |value| Kind::Text(value.into());
    Vec<u8>, |value| Kind::Bytes(value.into());
    &'a [u8], |value| Kind::Bytes(value.into());
    Py<PyAny>, |object| Kind::Object(Loose::new(object));
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value(Kind::None), Into::into)
    }
}

to_value! { hashable
    char, |it| (*it).into();
    str, |it| it.into();
    String, |it| it.as_str().into();
    Cow<'_, str>, |it| (**it).into();
    Duration, |it| Value::from_pyo3(*it);
    // PyO3 panics at a time before 1970.
    SystemTime, |it| match it.duration_since(SystemTime::UNIX_EPOCH) {
        Ok(_) => Value::from_pyo3(*it),
        Err(_) => Value::format(format_args!("{it:?}")),
    };
    Path, |it| Value::from_pyo3(it.to_path_buf());
    PathBuf, |it| it.as_path().to_value();
    OsStr, |it| Value::from_pyo3(it.to_os_string());
    OsString, |it| it.as_os_str().to_value();
}

macro_rules! hashable {
    ($($type:ty),+) => {$(
        impl Hashable for $type {}
    )+};
}

hashable!(
    bool, i8, i16, i32, i64, i128, isize, u8, u16, u32, u64, u128, usize
);

impl<T: ToValue> ToValue for Option<T> {
    fn to_value(&self) -> Value<'_> {
        self.as_ref().map_or(Value(Kind::None), T::to_value)
    }
}

impl<T: Hashable> Hashable for Option<T> {}

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

/// A `list`.
impl<'a> FromIterator<Value<'a>> for Value<'a> {
    fn from_iter<I: IntoIterator<Item = Value<'a>>>(values: I) -> Self {
        Value(Kind::List(values.into_iter().collect()))
    }
}

/// A `dict`.
impl<'a> FromIterator<(&'a str, Value<'a>)> for Value<'a> {
    fn from_iter<I: IntoIterator<Item = (&'a str, Value<'a>)>>(pairs: I) -> Self {
        let pairs = pairs.into_iter();
        Value(Kind::Dict(
            pairs.map(|(key, value)| (key.into(), value)).collect(),
        ))
    }
}

impl<T: ToValue> ToValue for [T] {
    fn to_value(&self) -> Value<'_> {
        T::slice_to_value(self)
    }
}

impl<T: ToValue> ToValue for Vec<T> {
    fn to_value(&self) -> Value<'_> {
        T::slice_to_value(self)
    }
}

impl<T: ToValue, const N: usize> ToValue for [T; N] {
    fn to_value(&self) -> Value<'_> {
        T::slice_to_value(self)
    }
}

impl<T: ToValue + Clone> ToValue for Cow<'_, [T]> {
    fn to_value(&self) -> Value<'_> {
        T::slice_to_value(self)
    }
}

macro_rules! tuples {
    ($first:ident $($rest:ident)*) => {
        #[diagnostic::do_not_recommend]
        impl<$first: ToValue, $($rest: ToValue),*> ToValue for ($first, $($rest,)*) {
            fn to_value(&self) -> Value<'_> {
                #[allow(non_snake_case)]
                let ($first, $($rest,)*) = self;
                Value(Kind::Tuple(vec![$first.to_value(), $($rest.to_value()),*]))
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$first: Hashable, $($rest: Hashable),*> Hashable for ($first, $($rest,)*) {}

        tuples!($($rest)*);
    };
    () => {};
}

tuples!(A B C D E F G H I J K L);

macro_rules! maps {
    ($($map:ident<$($parameter:ident),+>),+) => {$(
        impl<$($parameter),+> ToValue for $map<$($parameter),+>
        where
            K: Hashable,
            V: ToValue,
        {
            fn to_value(&self) -> Value<'_> {
                let pairs = self.iter();
                Value(Kind::Dict(
                    pairs.map(|(key, value)| (key.to_value(), value.to_value())).collect(),
                ))
            }
        }
    )+};
}

maps!(HashMap<K, V, S>, BTreeMap<K, V>);

macro_rules! sets {
    ($($set:ident<$($parameter:ident),+>),+) => {$(
        impl<$($parameter),+> ToValue for $set<$($parameter),+>
        where
            T: Hashable,
        {
            fn to_value(&self) -> Value<'_> {
                Value(Kind::Set(self.iter().map(T::to_value).collect()))
            }
        }
    )+};
}

sets!(HashSet<T, S>, BTreeSet<T>);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_before_1970_is_text() {
        let time = SystemTime::UNIX_EPOCH - Duration::from_secs(1);
        assert!(matches!(time.to_value(), Value(Kind::Text(_))));
    }
}
