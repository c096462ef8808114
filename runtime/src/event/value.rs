//! The values of `key = value`, typed.

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write};
use std::rc::Rc;
use std::sync::Arc;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::python::attach::try_attach;

/// The value of an attribute, which becomes a Python object when the record is made.
///
/// [`ToValue`] makes it, or `From`: of `None`, `bool`, whole numbers, floats, text, bytes, and Python
/// objects.
///
/// ```
/// use pylog::{ToValue, Value};
///
/// struct Meters(f64);
///
/// impl ToValue for Meters {
///     fn to_value(&self) -> Value<'_> {
///         self.0.into()
///     }
/// }
///
/// pylog::info!(depth = Meters(3.5); "measured");
/// ```
#[derive(Debug)]
pub struct Value<'a>(Kind<'a>);

#[derive(Debug)]
enum Kind<'a> {
    None,
    Bool(bool),
    Signed(i128),
    Unsigned(u128),
    Float(f64),
    Text(Cow<'a, str>),
    Bytes(Cow<'a, [u8]>),
    Object(Py<PyAny>),
}

/// Types that have a natural form in Python, so that `key = value` takes them.
///
/// | Rust | Python |
/// |---|---|
/// | whole numbers of every width | `int` |
/// | `f32`, `f64` | `float` |
/// | `bool` | `bool` |
/// | `str`, `String`, `char`, `Cow<str>` | `str` |
/// | `[u8]`, `Vec<u8>`, `[u8; N]` | `bytes` |
/// | `Option` | `None`, or the value in it |
/// | `Py`, `Bound` | the object |
/// | `&T`, `Box`, `Rc`, `Arc` | the value that they point to |
///
/// Implement it for types of your own; see [`Value`]. For other types write `key:? = value` or
/// `key:% = value`, which log the text that `Debug` or `Display` gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no natural form in Python",
    label = "needs `:?` or `:%` behind its key",
    note = "`key:? = value` logs its `Debug` text, `key:% = value` its `Display` text; \
            a type of your own may implement `pylog::ToValue`"
)]
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value<'_>;
}

/// How many sources of an error are logged. An error can be its own source.
pub(crate) const MAX_SOURCES: usize = 100;

/// Formats text. If a `Display` fails, the text ends there, as in a message; `to_string` would panic.
pub(crate) fn text(args: fmt::Arguments<'_>) -> String {
    let mut text = String::new();
    let _ = text.write_fmt(args);
    text
}

impl Value<'_> {
    /// The text of a `Display` or `Debug`.
    pub(crate) fn format(args: fmt::Arguments<'_>) -> Value<'static> {
        text(args).into()
    }

    /// The text of an error and of its sources.
    pub(crate) fn error(error: &(dyn Error + 'static)) -> Value<'static> {
        let mut chain = text(format_args!("{error}"));
        let mut source = error.source();
        for _ in 0..MAX_SOURCES {
            let Some(error) = source else {
                return chain.into();
            };
            chain.push_str(": ");
            chain.push_str(&text(format_args!("{error}")));
            source = error.source();
        }
        if source.is_some() {
            chain.push_str(": (more sources are not logged)");
        }
        chain.into()
    }

    /// Copies borrowed data.
    pub(crate) fn into_owned(self) -> Value<'static> {
        Value(match self.0 {
            Kind::None => Kind::None,
            Kind::Bool(value) => Kind::Bool(value),
            Kind::Signed(value) => Kind::Signed(value),
            Kind::Unsigned(value) => Kind::Unsigned(value),
            Kind::Float(value) => Kind::Float(value),
            Kind::Text(value) => Kind::Text(value.into_owned().into()),
            Kind::Bytes(value) => Kind::Bytes(value.into_owned().into()),
            Kind::Object(object) => Kind::Object(object),
        })
    }

    pub(crate) fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match &self.0 {
            Kind::None => Ok(py.None().into_bound(py)),
            Kind::Bool(value) => value.into_bound_py_any(py),
            // Converting 128 bits is slow with abi3, and seldom needed.
            Kind::Signed(value) => match i64::try_from(*value) {
                Ok(value) => value.into_bound_py_any(py),
                Err(_) => value.into_bound_py_any(py),
            },
            Kind::Unsigned(value) => match u64::try_from(*value) {
                Ok(value) => value.into_bound_py_any(py),
                Err(_) => value.into_bound_py_any(py),
            },
            Kind::Float(value) => value.into_bound_py_any(py),
            Kind::Text(value) => value.into_bound_py_any(py),
            Kind::Bytes(value) => Ok(PyBytes::new(py, value).into_any()),
            Kind::Object(object) => Ok(object.bind(py).clone()),
        }
    }
}

macro_rules! from {
    ($($kind:ident: $($type:ty as $target:ty),+;)+) => {$($(
        impl From<$type> for Value<'_> {
            fn from(value: $type) -> Self {
                Value(Kind::$kind(<$target>::from(value)))
            }
        }
        impl ToValue for $type {
            fn to_value(&self) -> Value<'_> {
                (*self).into()
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
        Value(Kind::Object(object))
    }
}

impl<'a, T: Into<Value<'a>>> From<Option<T>> for Value<'a> {
    fn from(value: Option<T>) -> Self {
        value.map_or(Value(Kind::None), Into::into)
    }
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
    isize, |it| (*it).into();
    usize, |it| (*it).into();
    char, |it| (*it).into();
    str, |it| it.into();
    String, |it| it.as_str().into();
    Cow<'_, str>, |it| (**it).into();
    [u8], |it| it.into();
    Vec<u8>, |it| it.as_slice().into();
    Cow<'_, [u8]>, |it| (**it).into();
}

impl<const N: usize> ToValue for [u8; N] {
    fn to_value(&self) -> Value<'_> {
        self.as_slice().into()
    }
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

impl ToValue for Value<'_> {
    fn to_value(&self) -> Value<'_> {
        Value(match &self.0 {
            Kind::None => Kind::None,
            Kind::Bool(value) => Kind::Bool(*value),
            Kind::Signed(value) => Kind::Signed(*value),
            Kind::Unsigned(value) => Kind::Unsigned(*value),
            Kind::Float(value) => Kind::Float(*value),
            Kind::Text(value) => Kind::Text(Cow::Borrowed(value)),
            Kind::Bytes(value) => Kind::Bytes(Cow::Borrowed(value)),
            Kind::Object(object) => return object.to_value(),
        })
    }
}

/// `key:? = value`.
#[derive(Debug)]
pub struct AsDebug<'a, T: ?Sized>(pub &'a T);

impl<T: fmt::Debug + ?Sized> ToValue for AsDebug<'_, T> {
    fn to_value(&self) -> Value<'_> {
        Value::format(format_args!("{:?}", self.0))
    }
}

/// `key:% = value`.
#[derive(Debug)]
pub struct AsDisplay<'a, T: ?Sized>(pub &'a T);

impl<T: fmt::Display + ?Sized> ToValue for AsDisplay<'_, T> {
    fn to_value(&self) -> Value<'_> {
        Value::format(format_args!("{}", self.0))
    }
}

/// `key:err = value`.
#[derive(Debug)]
pub struct AsError<'a>(pub &'a (dyn Error + 'static));

impl ToValue for AsError<'_> {
    fn to_value(&self) -> Value<'_> {
        Value::error(self.0)
    }
}
