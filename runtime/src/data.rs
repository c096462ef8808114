//! What a call has besides its message.

use pyo3::prelude::*;
use pyo3::types::PyBool;

use crate::exc_info::ExcInfo;
use crate::value::{self, Pair};

/// What the macros pass on: key-values, `exc_info` and `stack_info`.
#[derive(Debug, Default)]
pub struct Data<'a> {
    pairs: &'a [Pair<'a>],
    exc_info: Option<ExcInfo<'a>>,
    stack_info: bool,
}

impl<'a> Data<'a> {
    /// Nothing but key-values.
    pub fn new(pairs: &'a [Pair<'a>]) -> Data<'a> {
        Data {
            pairs,
            ..Data::default()
        }
    }

    /// With an exception.
    #[must_use]
    pub fn exc_info(mut self, exc_info: ExcInfo<'a>) -> Data<'a> {
        self.exc_info = Some(exc_info);
        self
    }

    /// With Python's stack, or without.
    #[must_use]
    pub fn stack_info(mut self, stack_info: bool) -> Data<'a> {
        self.stack_info = stack_info;
        self
    }

    /// The keyword arguments of `Logger.log`.
    pub(crate) fn keywords<'py>(&self, py: Python<'py>) -> PyResult<Keywords<'py>> {
        let exc_info = self.exc_info.as_ref();
        let stack_info = || PyBool::new(py, true).to_owned().into_any();
        Ok(Keywords {
            extra: value::extra(py, self.pairs)?.map(Bound::into_any),
            exc_info: match exc_info {
                Some(exc_info) => exc_info.to_python(py)?,
                None => None,
            },
            stack_info: self.stack_info.then(stack_info),
        })
    }
}

/// What Python code would pass to `Logger.log` by name.
#[derive(Debug, Default, Clone)]
pub(crate) struct Keywords<'py> {
    pub(crate) extra: Option<Bound<'py, PyAny>>,
    pub(crate) exc_info: Option<Bound<'py, PyAny>>,
    pub(crate) stack_info: Option<Bound<'py, PyAny>>,
}
