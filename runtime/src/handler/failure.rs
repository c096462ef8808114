//! Errors of a handler.
//!
//! `emit` catches what its steps raise, and calls `handleError`, which writes a traceback and the stack to stderr.
//! Both are as ever because Python's own `emit` runs then, on an object that stands in for the handler: the
//! steps that have been done return what they have returned, and the one that failed raises what it has raised.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict};

use super::object::Object;
use crate::python::exception::{Exception, Result};
use crate::python::library::{SIMPLE_NAMESPACE, function};
use crate::python::once::intern;

/// The step that failed, and what the steps before it have returned.
pub(super) enum Step<'py> {
    Format,
    Write { text: Bound<'py, PyAny> },
    FlushOfStream { text: Bound<'py, PyAny> },
    FlushOfHandler { text: Bound<'py, PyAny> },
    Put { prepared: Bound<'py, PyAny> },
}

/// Has Python's `emit` fail in that step.
///
/// # Errors
/// What it doesn't catch.
pub(super) fn replay<'py>(
    handler: &Object<'_, 'py>,
    record: &Object<'_, 'py>,
    step: Step<'py>,
    error: Exception,
) -> Result<()> {
    let py = handler.py();
    let namespace = SIMPLE_NAMESPACE.get(py)?;
    let new = || namespace.call0();
    let stand_in = new()?;
    let attributes = stand_in.getattr("__dict__")?.cast_into::<PyDict>()?;
    attributes.update(handler.dict.as_mapping())?;
    let class = handler.itself.get_type();
    for name in [
        "acquire", "release", "format", "flush", "prepare", "enqueue",
    ] {
        if let Some(method) = class.getattr_opt(name)? {
            stand_in.setattr(name, method.call_method1("__get__", (&stand_in,))?)?;
        }
    }
    stand_in.setattr("shouldRollover", returning(py.None().into_bound(py))?)?;
    for name in ["handleError", "terminator"] {
        if let Some(attribute) = handler.itself.getattr_opt(name)? {
            stand_in.setattr(name, attribute)?;
        }
    }
    let (formatter, stream, queue) = (new()?, new()?, new()?);
    let raising = raising(py, error)?;
    let returns_nothing = returning(py.None().into_bound(py))?;
    match &step {
        Step::Format => formatter.setattr("format", &raising)?,
        Step::Write { text } | Step::FlushOfStream { text } | Step::FlushOfHandler { text } => {
            formatter.setattr("format", returning(text.clone())?)?;
        }
        Step::Put { prepared } => stand_in.setattr("prepare", returning(prepared.clone())?)?,
    }
    let (write, flush) = match &step {
        Step::Write { .. } => (&raising, &returns_nothing),
        _ => (&returns_nothing, &raising),
    };
    stream.setattr("write", write)?;
    stream.setattr("flush", flush)?;
    queue.setattr("put_nowait", &raising)?;
    if let Step::FlushOfHandler { .. } = &step {
        stand_in.setattr("flush", &raising)?;
    }
    for (name, method, object) in [
        ("formatter", "format", formatter),
        ("stream", "write", stream),
        ("queue", "put_nowait", queue),
    ] {
        // Where an object lacks the method, the traceback shows that it is looked up, not that it is called.
        let is_found = match attributes.get_item(name)? {
            Some(own) if name != "formatter" || own.is_truthy()? => own.hasattr(method)?,
            _ => true,
        };
        if is_found {
            stand_in.setattr(name, object)?;
        }
    }
    let emit = class.getattr(intern!(py, "emit"))?;
    let emitted = emit.call1((&stand_in, record.itself));
    // Its methods lead back to it.
    attributes.clear();
    emitted?;
    Ok(())
}

/// A function that returns `value`.
fn returning<'py>(value: Bound<'py, PyAny>) -> Result<Bound<'py, PyCFunction>> {
    let py = value.py();
    let value = value.unbind();
    function(py, Box::new(move |py| Ok(value.clone_ref(py))))
}

/// A function that raises `error`.
fn raising(py: Python<'_>, error: Exception) -> Result<Bound<'_, PyCFunction>> {
    function(py, Box::new(move |py| Err(error.clone_ref(py).into())))
}
