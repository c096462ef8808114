//! Into Python with a record, and back with nothing.
//!
//! Whatever happens in there stays there: a log call can neither raise nor replace an exception
//! that is already on its way.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe};

use pyo3::IntoPyObjectExt;
use pyo3::exceptions::{PyKeyboardInterrupt, PyRecursionError};
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMapping, PyString, PyTuple};

use crate::call::Call;
use crate::callsite::Metadata;
use crate::data::Keywords;
use crate::logger::Own;
use crate::once::intern;
use crate::python::{INTERRUPT_MAIN, LOGGER_ADAPTER, LOGGING_GLOBALS};
use crate::record::{Content, Template, Text};
use crate::{context, exit, fork, handling, logger, queue, record};

/// Runs `f` attached to Python. What it raises goes to `sys.unraisablehook`.
///
/// `None` if it raised, or if there is no interpreter to attach to: before it is initialized,
/// while it finalizes, in a garbage collector's traversal.
pub(crate) fn attach<R>(
    metadata: &Metadata,
    f: impl FnOnce(Python<'_>) -> PyResult<R>,
) -> Option<R> {
    let _pass = exit::Pass::get()?;
    Python::try_attach(|py| {
        let value = guard(py, metadata, || {
            fork::prepare(py);
            exit::prepare(py)?;
            f(py)
        });
        pass_interrupt_on(py);
        value
    })
    .flatten()
}

thread_local! {
    /// Whether this thread has met a `KeyboardInterrupt` and not passed it on yet.
    static IS_INTERRUPTED: Cell<bool> = const { Cell::new(false) };
}

pub(crate) fn is_interrupted() -> bool {
    IS_INTERRUPTED.try_with(Cell::get).unwrap_or_default()
}

/// No longer interrupted. Whether it was.
pub(crate) fn take_interrupt() -> bool {
    IS_INTERRUPTED.try_with(Cell::take).unwrap_or_default()
}

/// Has the main thread interrupted if this one was. Not before everything is done: that could be it.
pub(crate) fn pass_interrupt_on(py: Python<'_>) {
    if take_interrupt() {
        let interrupt = INTERRUPT_MAIN.get(py);
        if let Err(error) = interrupt.and_then(|interrupt| interrupt.call0()) {
            error.write_unraisable(py, None);
        }
    }
}

/// The same for who is attached already.
pub(crate) fn guard<R>(
    py: Python<'_>,
    metadata: &Metadata,
    f: impl FnOnce() -> PyResult<R>,
) -> Option<R> {
    let in_flight = catch(|| PyErr::take(py)).unwrap_or_else(Some);
    let value = match catch(f).and_then(|result| result) {
        Ok(value) => Some(value),
        Err(error) => {
            report(py, error, metadata);
            None
        }
    };
    if let Some(error) = in_flight {
        error.restore(py);
    }
    value
}

/// Delivers a call: at once, or where that could mean to wait for the GIL, later.
pub(crate) fn send(call: Call<'_>) {
    if handling::has_given_up() {
        return;
    }
    let call = match queue::for_this_thread() {
        None => call,
        Some(queue) => match call.into_queued() {
            Ok(call) => return queue.push_or_drop(call),
            // It says something that only Python knows.
            Err(call) => call,
        },
    };
    attach(call.callsite.metadata(), |py| {
        let call = match queue::deliver_ahead(py) {
            None => call,
            Some(queue) => match call.into_queued() {
                Ok(call) => match queue.reserve() {
                    Some(place) => {
                        place.put_accepted(call, py);
                        return Ok(());
                    }
                    // Rather out of order than lost.
                    None => return call.deliver(py).map(drop),
                },
                Err(call) => call,
            },
        };
        call.deliver(py)
    });
}

/// PyO3 resumes a panic when it meets the exception that carries it, here one that somebody
/// else's extension raised in a handler. It goes the way of other exceptions instead.
fn catch<R>(f: impl FnOnce() -> R) -> Result<R, PyErr> {
    panic::catch_unwind(AssertUnwindSafe(f)).map_err(|payload: Box<dyn Any + Send>| {
        let message = match payload.downcast::<String>() {
            Ok(message) => *message,
            Err(payload) => payload
                .downcast_ref::<&str>()
                .unwrap_or(&"panic")
                .to_string(),
        };
        PanicException::new_err(message)
    })
}

fn report(py: Python<'_>, error: PyErr, metadata: &Metadata) {
    if error.is_instance_of::<PyKeyboardInterrupt>(py) {
        let set = IS_INTERRUPTED.try_with(|interrupted| interrupted.set(true));
        if set.is_ok() {
            return;
        }
    }
    if error.is_instance_of::<PyRecursionError>(py) {
        if handling::has_given_up() {
            return; // One is enough.
        }
        handling::give_up_if_nested();
    }
    let place = format!("pylog call at {}:{}", metadata.file, metadata.line);
    error.write_unraisable(py, Some(&PyString::new(py, &place)));
}

/// Makes the record and has it handled. Of a callsite's own logger more is known.
///
/// # Errors
/// What a filter, a handler or the making of the record raises.
pub(crate) fn deliver<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    known: Option<(&Template, Own<'py>)>,
) -> PyResult<()> {
    let made = record::make(logger, content, known)?;
    handling::handle(logger, made, content.level)
}

/// To a logger, or through an adapter to one: then with what `LoggerAdapter.log` does. An object that
/// has a `log` of its own making gets that called.
///
/// # Errors
/// What [`deliver`] and the adapter's `process` raise.
pub(crate) fn deliver_to<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
) -> PyResult<()> {
    let py = logger.py();
    let is_adapter = logger.is_instance(LOGGER_ADAPTER.get(py)?)?
        || !logger.hasattr(intern!(py, "makeRecord"))?;
    if !is_adapter {
        return deliver(logger, content, None);
    }
    let names = [
        intern!(py, "extra"),
        intern!(py, "exc_info"),
        intern!(py, "stack_info"),
    ];
    let kwargs = PyDict::new(py);
    let Keywords {
        extra,
        exc_info,
        stack_info,
    } = &content.keywords;
    for (name, value) in names.into_iter().zip([extra, exc_info, stack_info]) {
        if let Some(value) = value {
            kwargs.set_item(name, value)?;
        }
    }
    let message = content.text.msg(py);
    let process = intern!(py, "process");
    let log = logger.getattr(intern!(py, "log"))?;
    if !logger.hasattr(process)? || !LOGGING_GLOBALS.define(&log)? {
        let mut args = vec![content.level.levelno().into_bound_py_any(py)?, message];
        if let Some(more) = content.text.message.args(py)? {
            args.extend(more.iter());
        }
        return log.call(PyTuple::new(py, args)?, Some(&kwargs)).map(drop);
    }
    let processed = context::call_method(logger, process, (message, kwargs))?;
    let message = processed.get_item(0)?;
    // Any mapping will do.
    let kwargs = PyDict::new(py);
    kwargs.update(processed.get_item(1)?.cast::<PyMapping>()?)?;
    let [extra, exc_info, stack_info] = names.map(|name| kwargs.get_item(name));
    let content = Content {
        text: Text {
            processed: Some(&message),
            ..content.text
        },
        keywords: Keywords {
            extra: extra?,
            exc_info: exc_info?,
            stack_info: stack_info?,
        },
        // Python's own adapters raise.
        keeps_all: false,
        ..*content
    };
    let inner = logger.getattr(intern!(py, "logger"))?;
    // The inner `log` asks again.
    if logger::is_enabled_for(&inner, content.level)? {
        deliver_to(&inner, &content)?;
    }
    Ok(())
}
