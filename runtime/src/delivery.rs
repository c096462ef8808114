//! Into Python with a record, and back with nothing.
//!
//! Whatever happens in there stays there: a log call can neither raise nor replace an exception
//! that is already on its way.

use std::any::Any;
use std::borrow::Cow;
use std::fmt::{self, Write};
use std::panic::{self, AssertUnwindSafe};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::intern;
use pyo3::panic::PanicException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use crate::callsite::Metadata;
use crate::python::INTERRUPT_MAIN;
use crate::{Level, exit, record};

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
        let in_flight = catch(|| PyErr::take(py)).unwrap_or_else(Some);
        let result = catch(|| exit::prepare(py).and_then(|()| f(py)));
        let value = match result.and_then(|result| result) {
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
    })
    .flatten()
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
        let interrupted = INTERRUPT_MAIN
            .get(py)
            .and_then(|interrupt| interrupt.call0());
        if interrupted.is_ok() {
            return;
        }
    }
    let place = format!("pylog call at {}:{}", metadata.file, metadata.line);
    error.write_unraisable(py, Some(&PyString::new(py, &place)));
}

/// The message. Called detached where the thread is, since a `Display` may do anything.
pub(crate) fn format(args: fmt::Arguments<'_>) -> Cow<'static, str> {
    if let Some(message) = args.as_str() {
        return Cow::Borrowed(message);
    }
    let mut message = String::new();
    // A `Display` that fails has written what it could; that is logged.
    let _ = message.write_fmt(args);
    Cow::Owned(message)
}

/// Makes the record and gives it to the logger's `handle`, looked up at each call as well.
pub(crate) fn deliver(
    logger: &Bound<'_, PyAny>,
    metadata: &Metadata,
    level: Level,
    message: &str,
) -> PyResult<()> {
    let py = logger.py();
    let mut logger = logger.clone();
    let mut message = PyString::new(py, message).into_any();
    let mut extra = None;
    // What `LoggerAdapter.log` does, for as many adapters as there are.
    while !logger.hasattr(intern!(py, "makeRecord"))? {
        let kwargs = PyDict::new(py);
        if let Some(extra) = extra {
            kwargs.set_item(intern!(py, "extra"), extra)?;
        }
        let processed = logger.call_method1(intern!(py, "process"), (message, kwargs))?;
        let (processed, kwargs): (_, Bound<'_, PyDict>) = processed.extract()?;
        message = processed;
        extra = kwargs.get_item(intern!(py, "extra"))?;
        logger = logger.getattr(intern!(py, "logger"))?;
    }
    let record = record::make(&logger, metadata, level, &message, extra.as_ref())?;
    logger.call_method1(intern!(py, "handle"), (record,))?;
    Ok(())
}
