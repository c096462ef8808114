//! The values of `key = value`, typed.

mod other_crates;
mod primitives;

use std::borrow::Cow;
use std::error::Error;
use std::fmt::{self, Write};
use std::sync::Arc;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PySet, PyTuple};

use super::error::{ErrorRef, MAX_SOURCES};
use crate::python::loose::Loose;
use crate::raw::thin::Result;

/// The value of an attribute, which becomes a Python object when the record is made.
///
/// [`ToValue`] makes it, or `From`: of `None`, `bool`, whole numbers, floats, text, bytes, and Python
/// objects. Collecting makes it, too: values become a `list`, and pairs of a string and a value a `dict`.
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
/// struct Point {
///     x: f64,
///     y: f64,
/// }
///
/// impl ToValue for Point {
///     fn to_value(&self) -> Value<'_> {
///         [("x", self.x.into()), ("y", self.y.into())].into_iter().collect()
///     }
/// }
///
/// let places = vec![Point { x: 0.5, y: 1.5 }];
/// pylog::info!(depth = Meters(3.5), places; "measured");
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
    List(Vec<Value<'a>>),
    Tuple(Vec<Value<'a>>),
    Set(Vec<Value<'a>>),
    Dict(Vec<(Value<'a>, Value<'a>)>),
    Object(Loose<Py<PyAny>>),
    Convertible(Loose<Arc<dyn Convertible>>),
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
/// | `[T]`, `Vec<T>`, `[T; N]` of other types | `list` |
/// | tuples of up to 12 elements | `tuple` |
/// | `HashMap`, `BTreeMap` | `dict` |
/// | `HashSet`, `BTreeSet` | `set` |
/// | `Option` | `None`, or the value in it |
/// | `Duration` | `datetime.timedelta` |
/// | `SystemTime` | `datetime.datetime` in UTC |
/// | `Path`, `PathBuf` | `pathlib.Path` |
/// | `OsStr`, `OsString` | `str` |
/// | `Py`, `Bound` | the object |
/// | `&T`, `Box`, `Rc`, `Arc` | the value that they point to |
///
/// The elements of a container can be of any type of this table. The keys of a map and the elements of a
/// set have to be [`Hashable`].
///
/// Cargo features add the types of other crates, which they convert as PyO3 does:
///
/// | feature | Rust | Python |
/// |---|---|---|
/// | `chrono` | `DateTime`, `NaiveDateTime`, `NaiveDate`, `NaiveTime`, `TimeDelta` | `datetime.datetime`, `date`, `time`, `timedelta` |
/// | `jiff` | `Timestamp`, `Zoned`, `civil::DateTime`, `civil::Date`, `civil::Time`, `SignedDuration` | the same |
/// | `uuid` | `Uuid` | `uuid.UUID` |
/// | `serde_json` | `Value`, `Map` | the result of `json.loads` |
///
/// Implement it for types of your own; see [`Value`]. For other types write `key:? = value` or
/// `key:% = value`, which log the text that `Debug` or `Display` gives.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no natural form in Python",
    label = "needs `:?`, `:%` or `:err` behind its key",
    note = "`key:? = value` logs its `Debug` text, `key:% = value` its `Display` text; \
            for an error write `key:err = value`, or `exc_info = value` for its traceback, too; \
            types of chrono, jiff, serde_json and uuid have one with pylog's cargo feature of that name; \
            a type of your own may implement `pylog::ToValue`"
)]
pub trait ToValue {
    /// The value.
    fn to_value(&self) -> Value<'_>;

    /// The value of several elements: `bytes` for `u8`, and a `list` for all others.
    #[doc(hidden)]
    fn slice_to_value(slice: &[Self]) -> Value<'_>
    where
        Self: Sized,
    {
        slice.iter().map(Self::to_value).collect()
    }
}

/// Types whose form in Python is hashable, so that they can be the keys of a `dict` and the elements of
/// a `set`: whole numbers, `bool`, text, times, paths, and tuples and options of them.
///
/// Implement it for a type of your own if its [`Value`] is one of these.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no hashable form in Python",
    label = "a key of a `dict` or an element of a `set` must be hashable",
    note = "whole numbers, `bool`, text, times, paths, and tuples and options of them are hashable; \
            a type of your own may implement `pylog::Hashable`"
)]
pub trait Hashable: ToValue {}

/// A value that PyO3 converts.
trait Convertible: fmt::Debug + Send + Sync {
    fn convert<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>>;
}

impl<T> Convertible for T
where
    T: for<'py> IntoPyObject<'py> + Clone + fmt::Debug + Send + Sync,
{
    fn convert<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        let converted = self.clone().into_bound_py_any(py);
        // Such as a date whose year Python doesn't have. That doesn't cost the record.
        Ok(converted.or_else(|_| text(format_args!("{self:?}")).into_bound_py_any(py))?)
    }
}

/// Formats text. If a `Display` fails, the text ends there, as in a message; `to_string` would panic.
pub(crate) fn text(args: fmt::Arguments<'_>) -> String {
    let mut text = String::new();
    let _ = text.write_fmt(args);
    text
}

impl Value<'_> {
    /// A value that PyO3 converts when the record is made. If the conversion fails, the record has the
    /// text of its `Debug` instead.
    ///
    /// ```
    /// use pylog::{ToValue, Value};
    /// use std::net::Ipv4Addr;
    ///
    /// struct Peer(Ipv4Addr);
    ///
    /// impl ToValue for Peer {
    ///     fn to_value(&self) -> Value<'_> {
    ///         Value::from_pyo3(self.0) // an `ipaddress.IPv4Address`
    ///     }
    /// }
    ///
    /// pylog::info!(peer = Peer(Ipv4Addr::LOCALHOST); "connected");
    /// ```
    pub fn from_pyo3<T>(value: T) -> Value<'static>
    where
        T: for<'py> IntoPyObject<'py> + Clone + fmt::Debug + Send + Sync + 'static,
    {
        Value(Kind::Convertible(Loose::new(Arc::new(value))))
    }

    /// The text of a `Display` or `Debug`.
    pub(crate) fn format(args: fmt::Arguments<'_>) -> Value<'static> {
        text(args).into()
    }

    /// The text of an error and of its sources.
    pub(crate) fn error(error: ErrorRef<'_>) -> Value<'static> {
        let error: &dyn Error = match error {
            ErrorRef::None => return Value(Kind::None),
            ErrorRef::Typed(error, _) => error,
            ErrorRef::Dynamic(error) => error,
        };
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
            Kind::List(values) => Kind::List(all_into_owned(values)),
            Kind::Tuple(values) => Kind::Tuple(all_into_owned(values)),
            Kind::Set(values) => Kind::Set(all_into_owned(values)),
            Kind::Dict(pairs) => Kind::Dict(
                pairs
                    .into_iter()
                    .map(|(key, value)| (key.into_owned(), value.into_owned()))
                    .collect(),
            ),
            Kind::Object(object) => Kind::Object(object),
            Kind::Convertible(value) => Kind::Convertible(value),
        })
    }

    pub(crate) fn to_python<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        match &self.0 {
            Kind::None => Ok(py.None().into_bound(py)),
            Kind::Bool(value) => Ok(value.into_bound_py_any(py)?),
            // Converting 128 bits is slow with abi3, and seldom needed.
            Kind::Signed(value) => match i64::try_from(*value) {
                Ok(value) => Ok(value.into_bound_py_any(py)?),
                Err(_) => Ok(value.into_bound_py_any(py)?),
            },
            Kind::Unsigned(value) => match u64::try_from(*value) {
                Ok(value) => Ok(value.into_bound_py_any(py)?),
                Err(_) => Ok(value.into_bound_py_any(py)?),
            },
            Kind::Float(value) => Ok(value.into_bound_py_any(py)?),
            Kind::Text(value) => Ok(value.into_bound_py_any(py)?),
            Kind::Bytes(value) => Ok(PyBytes::new(py, value).into_any()),
            Kind::List(values) => Ok(PyList::new(py, all_to_python(values, py)?)?.into_any()),
            Kind::Tuple(values) => Ok(PyTuple::new(py, all_to_python(values, py)?)?.into_any()),
            Kind::Set(values) => Ok(PySet::new(py, all_to_python(values, py)?)?.into_any()),
            Kind::Dict(pairs) => {
                let dict = PyDict::new(py);
                for (key, value) in pairs {
                    dict.set_item(key.to_python(py)?, value.to_python(py)?)?;
                }
                Ok(dict.into_any())
            }
            Kind::Object(object) => Ok(object.bind(py).clone()),
            Kind::Convertible(value) => value.convert(py),
        }
    }
}

fn all_into_owned(values: Vec<Value<'_>>) -> Vec<Value<'static>> {
    values.into_iter().map(Value::into_owned).collect()
}

fn all_to_python<'py>(values: &[Value<'_>], py: Python<'py>) -> Result<Vec<Bound<'py, PyAny>>> {
    values.iter().map(|value| value.to_python(py)).collect()
}

fn borrowed<'a>(values: &'a [Value<'_>]) -> Vec<Value<'a>> {
    values.iter().map(Value::to_value).collect()
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
            Kind::List(values) => Kind::List(borrowed(values)),
            Kind::Tuple(values) => Kind::Tuple(borrowed(values)),
            Kind::Set(values) => Kind::Set(borrowed(values)),
            Kind::Dict(pairs) => Kind::Dict(
                pairs
                    .iter()
                    .map(|(key, value)| (key.to_value(), value.to_value()))
                    .collect(),
            ),
            Kind::Object(object) => return object.to_value(),
            Kind::Convertible(value) => Kind::Convertible(Loose::new(Arc::clone(value))),
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
pub struct AsError<'a>(pub ErrorRef<'a>);

impl ToValue for AsError<'_> {
    fn to_value(&self) -> Value<'_> {
        Value::error(self.0)
    }
}
