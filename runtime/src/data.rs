//! What a call has besides its message.

use std::borrow::Cow;

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict};

use crate::exc_info::{ExcInfo, Found};
use crate::value::{ToValue, Value};

/// What the macros pass on: key-values, `exc_info`, `stack_info`, a template. Nothing but references, so that a
/// call that is off needs no room for it.
#[derive(Clone, Copy, Default)]
pub struct Data<'a> {
    pairs: &'a [Pair<'a>],
    exc_info: Option<Found<'a>>,
    stack_info: bool,
    pub(crate) template: Option<&'static str>,
}

/// A key that can be an attribute, and its value.
pub(crate) type Pair<'a> = (&'a str, &'a dyn ToValue);

impl<'a> Data<'a> {
    /// Nothing but key-values.
    #[inline]
    pub const fn new(pairs: &'a [Pair<'a>]) -> Data<'a> {
        Data {
            pairs,
            exc_info: None,
            stack_info: false,
            template: None,
        }
    }

    /// With an exception.
    #[inline]
    #[must_use]
    pub fn exc_info(mut self, exc_info: Found<'a>) -> Data<'a> {
        self.exc_info = Some(exc_info);
        self
    }

    /// With Python's stack, or without.
    #[inline]
    #[must_use]
    pub fn stack_info(mut self, stack_info: bool) -> Data<'a> {
        self.stack_info = stack_info;
        self
    }

    /// With what is to be `record.msg`, where the message is the arguments alone, each after a
    /// [`Mark`][crate::message::Mark].
    #[inline]
    #[must_use]
    pub fn template(mut self, template: &'static str) -> Data<'a> {
        self.template = Some(template);
        self
    }

    /// What the types make of it. To be called detached where the thread is, as they may do anything.
    pub(crate) fn evaluate(self) -> Evaluated<'a> {
        let pairs = self.pairs.iter();
        Evaluated {
            pairs: pairs
                .map(|(key, value)| ((*key).into(), value.to_value()))
                .collect(),
            exc_info: self.exc_info.map(Found::exc_info),
            stack_info: self.stack_info,
        }
    }
}

/// The same, free of the user's types.
pub(crate) struct Evaluated<'a> {
    pairs: Vec<(Cow<'a, str>, Value<'a>)>,
    exc_info: Option<ExcInfo<'a>>,
    stack_info: bool,
}

impl<'a> Evaluated<'a> {
    pub(crate) fn is_empty(&self) -> bool {
        self.pairs.is_empty() && self.exc_info.is_none() && !self.stack_info
    }

    /// With nothing borrowed, unless there is something that only Python can tell.
    pub(crate) fn into_owned(self) -> Result<Evaluated<'static>, Evaluated<'a>> {
        if self.stack_info {
            return Err(self);
        }
        let exc_info = match self.exc_info.map(ExcInfo::into_owned) {
            None => None,
            Some(Ok(exc_info)) => Some(exc_info),
            Some(Err(exc_info)) => {
                return Err(Evaluated {
                    exc_info: Some(exc_info),
                    ..self
                });
            }
        };
        let pairs = self.pairs.into_iter();
        Ok(Evaluated {
            pairs: pairs
                .map(|(key, value)| (key.into_owned().into(), value.into_owned()))
                .collect(),
            exc_info,
            stack_info: false,
        })
    }

    /// The keyword arguments of `Logger.log`.
    pub(crate) fn keywords<'py>(&self, py: Python<'py>) -> PyResult<Keywords<'py>> {
        let stack_info = || PyBool::new(py, true).to_owned().into_any();
        Ok(Keywords {
            extra: self.extra(py)?,
            exc_info: match &self.exc_info {
                Some(exc_info) => exc_info.to_python(py)?,
                None => None,
            },
            stack_info: self.stack_info.then(stack_info),
        })
    }

    fn extra<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        if self.pairs.is_empty() {
            return Ok(None);
        }
        let extra = PyDict::new(py);
        for (key, value) in &self.pairs {
            extra.set_item(&**key, value.to_python(py)?)?;
        }
        Ok(Some(extra.into_any()))
    }
}

/// What Python code would pass to `Logger.log` by name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Keywords<'py> {
    pub(crate) extra: Option<Bound<'py, PyAny>>,
    pub(crate) exc_info: Option<Bound<'py, PyAny>>,
    pub(crate) stack_info: Option<Bound<'py, PyAny>>,
}
