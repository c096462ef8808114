//! A logger whose `_log` isn't the stock one: the call begins there, as that of `Logger.info` does.
//!
//! Agents wrap `Logger._log`, and a class of loggers may pass something from its `_log` to its `makeRecord`. The stock
//! code below `_log` finds the Rust call by the frame that stands for it, and makes and handles the record. So a queued
//! record of such a logger has the time and the ident of its delivery, but the name of its own thread.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyTuple};

use super::content::Content;
use super::thread::{RecordThread, StockThreads};
use crate::python::frame;
use crate::python::library::LOGGING_GLOBALS;
use crate::python::raised::attempt;
use crate::raw::thin::{self, Name, Object, Result, Thin};

/// Calls the `_log` of a logger, unless it is the stock one. Returns whether that was done.
pub(super) fn log<'py>(logger: &Bound<'py, PyAny>, content: &Content<'_, 'py>) -> Result<bool> {
    let py = logger.py();
    let method = match logger.find(Name::_log.get(py))? {
        Some(method) if LOGGING_GLOBALS.define_method(&method, logger)? => return Ok(false),
        method => method,
    };
    if method.is_none() && logger.has(Name::makeRecord)? {
        return Ok(false);
    }
    let mut positional = vec![
        thin::number(py, content.level.levelno().into())?,
        content.msg(py)?,
    ];
    let args = content.args(py)?;
    let method = match method {
        Some(method) => {
            positional.push(args);
            method
        }
        // A logger of a drop-in package for `logging`.
        None => {
            positional.extend(args.cast::<PyTuple>()?.iter().map(Object::from));
            logger.get(Name::log)?
        }
    };
    let kwargs = thin::dict(py)?;
    let attributes = &content.attributes;
    if let Some(exc_info) = &attributes.exc_info {
        kwargs.set_entry(Name::exc_info, exc_info)?;
    }
    if let Some(extra) = &attributes.extra {
        kwargs.set_entry(Name::extra, extra)?;
    }
    if attributes.stack_info.is_some() {
        kwargs.set_entry(Name::stack_info, &PyBool::new(py, true))?;
    }
    let positional = thin::tuple(py, &positional)?;
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
