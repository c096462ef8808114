//! Delivering a record to a logger, or through an adapter.

use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyTuple};

use crate::event::keywords::Arguments;
use crate::event::keywords::Attributes;
use crate::handle::{self, Calls};
use crate::logger::dict::LoggerDict;
use crate::logger::levels;
use crate::python::frame;
use crate::python::library::{LOGGER_ADAPTER, LOGGING_GLOBALS};
use crate::python::nesting;
use crate::python::raised::attempt;
use crate::raw::thin::{self, Exception, Name, Object, Result, Thin};
use crate::record::content::Content;
use crate::record::make::make;
use crate::record::prototype::{NewRecord, RecordCache};
use crate::stock::explain;

/// Makes the record and handles it. A callsite's own logger can take the fast path; see [`make`].
pub(crate) fn deliver<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    of_callsite: Option<(&'static RecordCache, &LoggerDict<'py>)>,
) -> Result<()> {
    // So that the compiler leaves the fast path out where it isn't wanted.
    let of_callsite = of_callsite.filter(|_| explain::has_fast_path());
    let made = make(logger, content, of_callsite)?;
    let Some(NewRecord {
        record,
        is_handled_as_stock,
        fresh,
    }) = made
    else {
        return Ok(());
    };
    // Nested logging goes through Python, whose recursion limit stops it before the stack ends.
    let dict = of_callsite
        .map(|it| it.1)
        .filter(|_| is_handled_as_stock && !nesting::is_nested());
    let calls = Calls::of(&record, content.level, content.caller, fresh);
    handle::handle(logger, dict, calls)
}

/// Delivers to the object of a `logger:` option: to a logger, or to a `LoggerAdapter`. For an adapter
/// this does what `LoggerAdapter.log` does; an object with another `log` method gets that called.
pub(crate) fn deliver_to<'py>(
    logger: &Bound<'py, PyAny>,
    content: Content<'_, 'py>,
    values: Option<&dyn Arguments>,
) -> Result<()> {
    let py = logger.py();
    if !is_adapter(logger)? {
        let attributes = values.map_or_else(
            || Ok(Attributes::default()),
            |it| it.attributes(py, content.caller),
        );
        let content = Content {
            attributes: attributes?,
            ..content
        };
        return deliver(logger, &content, None);
    }
    let kwargs = match values {
        Some(values) => values.to_kwargs(py, content.caller)?,
        None => thin::dict(py)?,
    };
    deliver_to_adapter(logger, content, values, kwargs)
}

fn is_adapter(logger: &Bound<'_, PyAny>) -> Result<bool> {
    let py = logger.py();
    // A drop-in package for `logging` may have no such class.
    let is_adapter = attempt(py, LOGGER_ADAPTER.get(py)).map(|class| logger.is_instance(&class));
    Ok(is_adapter.unwrap_or(Ok(false))? || !logger.has(Name::makeRecord)?)
}

fn deliver_to_adapter<'py>(
    adapter: &Bound<'py, PyAny>,
    content: Content<'_, 'py>,
    values: Option<&dyn Arguments>,
    kwargs: Object<'py>,
) -> Result<()> {
    let py = adapter.py();
    let message = content.msg(py)?;
    let log = adapter.get(Name::log)?;
    if !adapter.has(Name::process)? || !LOGGING_GLOBALS.define_method(&log, adapter)? {
        return call_log(&log, &content, message, &kwargs);
    }
    let processed = adapter.call_named_with_two(Name::process, &message, &kwargs)?;
    let [message, keywords] = unpacked(&processed)?;
    // `process` may return any mapping.
    let kwargs = PyDict::new(py);
    kwargs.update(keywords.cast::<PyMapping>()?)?;
    let is_of_record = |key: &Bound<'_, PyAny>| {
        [Name::extra, Name::exc_info, Name::stack_info]
            .iter()
            .any(|name| key.is(name.get(py)))
    };
    let is_for_log = !kwargs.keys().iter().all(|key| is_of_record(&key));
    let kwargs = Object::from(kwargs);
    let logger = adapter.get(Name::logger)?;
    if is_for_log {
        return call_log(&*logger.get(Name::log)?, &content, message, &kwargs);
    }
    // The `log` of the inner logger asks again.
    if !levels::is_enabled_for(&logger, content.level)? {
        return Ok(());
    }
    let content = Content {
        processed: Some(message),
        ..content
    };
    if is_adapter(&logger)? {
        return deliver_to_adapter(&logger, content, values, kwargs);
    }
    let content = Content {
        attributes: Attributes::of_kwargs(&kwargs, values, content.caller)?,
        ..content
    };
    deliver(&logger, &content, None)
}

/// `log(level, message, *args, **kwargs)`
fn call_log<'py>(
    log: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    message: Object<'py>,
    kwargs: &Bound<'py, PyAny>,
) -> Result<()> {
    let py = log.py();
    let mut args = vec![thin::number(py, content.level.levelno().into())?, message];
    let more = content.args(py)?;
    args.extend(more.cast::<PyTuple>()?.iter().map(Object::from));
    let args = thin::tuple(py, &args)?;
    frame::call_with(content.caller, log, &args, kwargs).map(drop)
}

/// `first, second = pair`
fn unpacked<'py>(pair: &Bound<'py, PyAny>) -> Result<[Object<'py>; 2]> {
    let items = pair.try_iter()?.take(3).map(|item| item.map(Object::from));
    let items = items.collect::<PyResult<Vec<_>>>()?;
    items.try_into().map_err(|items: Vec<_>| {
        let message = match items.len() {
            3 => "too many values to unpack (expected 2)".to_owned(),
            number => format!("not enough values to unpack (expected 2, got {number})"),
        };
        Exception::new::<PyValueError>(pair.py(), &message)
    })
}
