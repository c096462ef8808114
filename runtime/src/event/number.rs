//! The attribute of a record of pylog's own.

use std::borrow::Cow;

use pyo3::prelude::*;

use super::attributes::Attributes;
use super::keywords::Arguments;
use super::value::Value;
use crate::python::frame::Caller;
use crate::raw::thin::exception::Result;
use crate::raw::thin::{self, Name, Object, Thin};

/// One attribute of a call of pylog's own, without the code for all values.
pub(crate) struct Number {
    pub(crate) key: &'static str,
    pub(crate) number: usize,
}

impl Arguments for Number {
    fn has(&self, key: &str) -> bool {
        self.key == key
    }

    // It is made last.
    fn add(&mut self, _key: Cow<'static, str>, _value: Value<'static>) {}

    fn add_number(&mut self, _key: &'static str, _number: usize) {}

    fn need_python(&self) -> bool {
        false
    }

    fn give_back(&self) {}

    fn into_owned(self: Box<Self>, _py: Option<Python<'_>>) -> Box<dyn Arguments> {
        self
    }

    fn attributes<'py>(&self, py: Python<'py>, _caller: &dyn Caller) -> Result<Attributes<'py>> {
        let extra = thin::dict(py)?;
        let number = thin::number(py, self.number as i64)?;
        extra.set_entry_of(&*thin::text(py, self.key)?, &number)?;
        Ok(Attributes {
            extra: Some(extra.into_bound()),
            ..Attributes::default()
        })
    }

    fn to_kwargs<'py>(&self, py: Python<'py>, caller: &dyn Caller) -> Result<Object<'py>> {
        let kwargs = thin::dict(py)?;
        if let Some(extra) = self.attributes(py, caller)?.extra {
            kwargs.set_entry(Name::extra, &extra)?;
        }
        Ok(kwargs)
    }

    fn stack(&self, _py: Python<'_>, _caller: &dyn Caller) -> Result<Option<String>> {
        Ok(None)
    }
}
