//! The content of a record.

use pyo3::prelude::*;

use crate::event::keywords::Attributes;
use crate::event::message::Message;
use crate::event::origin::Origin;
use crate::level::Level;
use crate::python::frame::Caller;
use crate::raw::thin::{self, Object, Result};

/// The arguments of `Logger.makeRecord`, as far as they don't depend on the logger.
pub(crate) struct Content<'a, 'py> {
    /// The call, as Python code sees it.
    pub(crate) caller: &'a dyn Caller,
    pub(crate) level: Level,
    pub(crate) message: &'a Message,
    /// The message that an adapter's `process` has returned.
    pub(crate) processed: Option<Object<'py>>,
    /// For a callsite with a prototype, no key in `extra` is an attribute of every record.
    pub(crate) attributes: Attributes<'py>,
    /// When and where the call was made, if it was queued.
    pub(crate) origin: Option<&'a Origin>,
}

impl<'py> Content<'_, 'py> {
    /// `record.msg`.
    pub(crate) fn msg(&self, py: Python<'py>) -> Result<Object<'py>> {
        match &self.processed {
            None => self.message.msg(py),
            Some(processed) => Ok(processed.clone()),
        }
    }

    /// `record.args`.
    pub(crate) fn args(&self, py: Python<'py>) -> Result<Object<'py>> {
        match self.message.args(py)? {
            Some(args) => Ok(args),
            None => thin::tuple(py, &[]),
        }
    }
}
