//! Typed data on its way to a record's attributes.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::record::ATTRIBUTES;

/// One value, kept without Python.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    None,
    Bool(bool),
    Signed(i128),
    Unsigned(u128),
    Float(f64),
    Text(String),
}

impl Value {
    fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        match self {
            Value::None => Ok(py.None().into_bound(py)),
            Value::Bool(value) => value.into_bound_py_any(py),
            Value::Signed(value) => value.into_bound_py_any(py),
            Value::Unsigned(value) => value.into_bound_py_any(py),
            Value::Float(value) => value.into_bound_py_any(py),
            Value::Text(value) => value.into_bound_py_any(py),
        }
    }
}

/// What a `Formatter` adds to a record. `Logger.makeRecord` refuses these as it does what the record
/// has already.
const OF_FORMATTERS: [&str; 2] = ["message", "asctime"];

/// Keys and values, in the order in which they came.
#[derive(Default)]
pub(crate) struct Extra(Vec<(String, Value)>);

impl Extra {
    /// A key that is taken, by the record or by a value before it, gets underscores behind it:
    /// nothing is lost.
    pub(crate) fn add(&mut self, key: &str, value: Value) {
        let mut key = key.to_owned();
        while ATTRIBUTES.contains(&&*key)
            || OF_FORMATTERS.contains(&&*key)
            || self.0.iter().any(|(taken, _)| *taken == key)
        {
            key.push('_');
        }
        self.0.push((key, value));
    }

    /// The dict that `Logger.makeRecord` takes as `extra`; none if there is nothing in it.
    pub(crate) fn to_python<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyDict>>> {
        if self.0.is_empty() {
            return Ok(None);
        }
        let extra = PyDict::new(py);
        for (key, value) in &self.0 {
            extra.set_item(key, value.to_python(py)?)?;
        }
        Ok(Some(extra))
    }
}
