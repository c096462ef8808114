//! Lists, tuples, sets and dicts.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Hashable, Kind, ToValue, Value};

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
