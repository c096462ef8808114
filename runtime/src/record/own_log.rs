//! A logger whose `_log` isn't the stock one: the call begins there, as that of `Logger.info` does.
//!
//! Agents wrap `Logger._log`, and a class of loggers may pass something from its `_log` to its `makeRecord`. The stock
//! code below `_log` finds the Rust call by the frame that stands for it, and makes and handles the record. So a queued
//! record of such a logger has the time and the ident of its delivery, but the name of its own thread.

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::content::Content;
use super::thread::{RecordThread, StockThreads};
use crate::python::exception::Result;
use crate::python::frame;
use crate::python::library::LOGGING_GLOBALS;
use crate::python::once::intern;
use crate::python::raised::attempt;

/// Calls the `_log` of a logger, unless it is the stock one. Returns whether that was done.
///
/// # Errors
/// The exception that it raises.
pub(super) fn log<'py>(logger: &Bound<'py, PyAny>, content: &Content<'_, 'py>) -> Result<bool> {
    let py = logger.py();
    let args = content.message.args(py)?;
    let args = args.unwrap_or_else(|| PyTuple::empty(py));
    let mut positional = vec![
        content.level.levelno().into_bound_py_any(py)?,
        content.msg(py),
    ];
    let method = match logger.getattr_opt(intern!(py, "_log"))? {
        Some(method) if LOGGING_GLOBALS.define(&method)? => return Ok(false),
        Some(method) => {
            positional.push(args.into_any());
            method
        }
        None if logger.hasattr(intern!(py, "makeRecord"))? => return Ok(false),
        // A logger of a drop-in package for `logging`.
        None => {
            positional.extend(args.iter());
            logger.getattr(intern!(py, "log"))?
        }
    };
    let kwargs = PyDict::new(py);
    let attributes = &content.attributes;
    if let Some(exc_info) = &attributes.exc_info {
        kwargs.set_item(intern!(py, "exc_info"), exc_info)?;
    }
    if let Some(extra) = &attributes.extra {
        kwargs.set_item(intern!(py, "extra"), extra)?;
    }
    if attributes.stack_info.is_some() {
        kwargs.set_item(intern!(py, "stack_info"), true)?;
    }
    let positional = PyTuple::new(py, positional)?;
    let stock = attempt(py, StockThreads::get(py));
    let thread = |origin| attempt(py, RecordThread::get(py, origin, stock.as_deref()?));
    let this = thread(None).filter(|this| !this.is_known());
    let named = this.as_ref().and_then(|this| {
        let name = attempt(py, thread(content.origin)?.name())?;
        attempt(py, this.name_dummy(&name))
    });
    let called = frame::call_with(content.caller, &method, &positional, &kwargs);
    if let (Some(this), Some(named)) = (this, named) {
        attempt(py, this.forget_dummy(named));
    }
    called.map(|_| true)
}
