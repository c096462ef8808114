//! Writing a record to a stream, a file or a queue: `emit`.

use pyo3::exceptions::{PyAttributeError, PyException};
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use super::failure::{self, Step};
use super::formatter::format_by_python;
use super::object::Instance;
use super::plan::{Emission, Plan, Rollover};
use super::queue;
use super::text::Text;
use crate::python::frame::Caller;
use crate::python::library::HANDLERS_GLOBALS;
use crate::raw::once::Once;
use crate::raw::thin::{self, Name, Object, Result, Thin};
use crate::record::prototype::Fresh;
use crate::stock::class::HandlerKind;

/// What a handler does by its plan, with the lock held. Returns `false`, and has no effect, where it does more than is
/// done here.
pub(super) fn emit<'py>(
    plan: &Plan,
    emission: &Emission,
    handler: &Instance<'_, 'py>,
    record: &Instance<'_, 'py>,
    fresh: Option<&Fresh<'py>>,
    caller: &dyn Caller,
) -> Result<bool> {
    let py = handler.py();
    if or_python(py, needs_file(plan.kind, emission, handler))? != Some(false) {
        return Ok(false);
    }
    let Some(position) = or_python(py, position_before_formatting(handler, emission))? else {
        return Ok(false);
    };
    // A stream that is asked may be the program's.
    let fresh = fresh.filter(|_| matches!(plan.kind, HandlerKind::Stream | HandlerKind::Queue));
    let failed = |step, error| {
        failure::handle(plan.kind, step, handler, record, error, caller).map(|()| true)
    };
    let formatting = match plan.kind {
        HandlerKind::Queue => Step::Enqueue,
        _ => Step::Format,
    };
    let formatter = emission.formatter.as_ref().ok_or(None);
    let text = match formatter.and_then(|it| it.format(record, fresh)) {
        Ok(text) => text,
        // Python formats it again, and reports the error with a traceback.
        Err(Some(error)) if error.is_instance_of::<PyException>(py) => return Ok(false),
        Err(Some(error)) => return failed(formatting, error),
        Err(None) if matches!(emission.rollover, Rollover::AtSize(_)) => return Ok(false),
        Err(None) => match format_by_python(handler, record, caller) {
            Ok(text) => text,
            Err(error) => return failed(formatting, error),
        },
    };
    if plan.kind == HandlerKind::Queue {
        let put = |text: Object<'py>| queue::put(handler, record, &text, &plan.snapshot);
        let done = text.into_object(py).and_then(put);
        return done
            .map(|()| true)
            .or_else(|error| failed(Step::Enqueue, error));
    }
    if let Rollover::AtSize(max_bytes) = emission.rollover {
        if or_python(py, is_full(handler, &text, max_bytes, position))? != Some(false) {
            return Ok(false);
        }
    }
    // Neither the format nor the stream has run any code.
    let is_unchanged = plan.kind == HandlerKind::Stream && matches!(text, Text::Made(_));
    let stream = match write(plan, emission, handler, text, is_unchanged) {
        Ok(stream) => stream,
        Err(error) => return failed(Step::Write, error),
    };
    match flush(plan, handler, &stream) {
        Ok(()) => Ok(true),
        Err(error) => failed(Step::Flush, error),
    }
}

/// `None` after an exception that Python's code raises and reports when it does the same again.
fn or_python<T>(py: Python<'_>, result: Result<T>) -> Result<Option<T>> {
    match result {
        Err(error) if error.is_instance_of::<PyException>(py) => Ok(None),
        result => result.map(Some),
    }
}

/// Whether a handler opens a file before it writes the record.
fn needs_file(kind: HandlerKind, emission: &Emission, handler: &Instance<'_, '_>) -> Result<bool> {
    let py = handler.py();
    match kind {
        HandlerKind::Null | HandlerKind::Queue | HandlerKind::Stream => Ok(false),
        HandlerKind::File | HandlerKind::Rotating | HandlerKind::TimedRotating => {
            let stream = handler.get(Name::stream)?;
            let is_open = match stream {
                Some(stream) => stream.is_true()?,
                None => false,
            };
            Ok(match emission.rollover {
                Rollover::AtTime(rollover) => !is_open || time(py)? >= rollover,
                Rollover::AtSize(_) | Rollover::Never => !is_open,
            })
        }
    }
}

/// `int(time.time())`.
fn time(py: Python<'_>) -> Result<i64> {
    let now = HANDLERS_GLOBALS
        .get(Name::time, py)?
        .call_named(Name::time)?;
    Ok(now.cast_into::<PyFloat>()?.value() as i64)
}

/// Where a `RotatingFileHandler` is in its file, if it asks for that before it formats the record.
fn position_before_formatting(
    handler: &Instance<'_, '_>,
    emission: &Emission,
) -> Result<Option<i64>> {
    match emission.rollover {
        Rollover::AtSize(max_bytes) if max_bytes > 0 && !rotation_seeks(handler.py())? => {
            tell(handler).map(Some)
        }
        _ => Ok(None),
    }
}

/// Whether a `RotatingFileHandler` has no room for a line of text.
fn is_full<'py>(
    handler: &Instance<'_, 'py>,
    text: &Text<'py>,
    max_bytes: i64,
    position: Option<i64>,
) -> Result<bool> {
    let py = handler.py();
    let position = match position {
        _ if max_bytes <= 0 => return Ok(false),
        Some(position) => position,
        None => {
            let stream = handler.itself.get(Name::stream)?;
            let (start, from_end) = (thin::number(py, 0)?, thin::number(py, 2)?);
            stream.call_named_with_two(Name::seek, &start, &from_end)?;
            tell(handler)?
        }
    };
    Ok(position + text.len()? as i64 + 1 >= max_bytes)
}

/// `handler.stream.tell()`.
fn tell(handler: &Instance<'_, '_>) -> Result<i64> {
    let stream = handler.itself.get(Name::stream)?;
    stream.call_named(Name::tell)?.number()
}

/// Writes a line to the stream of a handler. Returns the stream.
fn write<'py>(
    plan: &Plan,
    emission: &Emission,
    handler: &Instance<'_, 'py>,
    text: Text<'py>,
    is_unchanged: bool,
) -> Result<Object<'py>> {
    let py = handler.py();
    let is_unchanged = is_unchanged || holds(plan, handler);
    let stream = match is_unchanged {
        true => handler.get(Name::stream)?,
        false => None,
    };
    let stream = stream.map_or_else(|| handler.itself.get(Name::stream), Ok)?;
    // Python looks the method up before it makes the line.
    let write = match stream.has_fixed_class() {
        true => None,
        false => Some(stream.get(Name::write)?),
    };
    let is_unchanged = is_unchanged && (write.is_none() || holds(plan, handler));
    let line = match (text, &emission.end) {
        (Text::Made(text), Some(end)) if is_unchanged => thin::text(py, &(text + end)),
        (text, _) if is_unchanged => text.with_end(emission.terminator.bind(py)),
        (text, _) => {
            let terminator = handler.itself.get(Name::terminator);
            terminator.and_then(|it| text.with_end(&it))
        }
    };
    // A stream without the method is the first error.
    let line = line.or_else(|error| stream.get(Name::write).and(Err(error)))?;
    match write {
        Some(write) => write.run_with(&line)?,
        None => stream.call_named_with(Name::write, &line)?,
    };
    Ok(stream)
}

/// Whether a handler is as its plan says: the formatter and the stream can change it.
fn holds(plan: &Plan, handler: &Instance<'_, '_>) -> bool {
    let handler = Instance::of(handler.itself);
    handler.is_some_and(|handler| plan.is_current(&handler))
}

/// Flushes the stream to which a line has been written. `flush` reads the stream again.
fn flush<'py>(plan: &Plan, handler: &Instance<'_, 'py>, stream: &Bound<'py, PyAny>) -> Result<()> {
    let is_same = |now: Object<'py>| now.is(stream);
    match holds(plan, handler) && handler.get(Name::stream)?.is_some_and(is_same) {
        true => flush_stream(stream),
        false => handler.itself.call_named(Name::flush).map(drop),
    }
}

/// What `StreamHandler.flush` does with the stream.
fn flush_stream(stream: &Bound<'_, PyAny>) -> Result<()> {
    let py = stream.py();
    if !stream.is_true()? {
        return Ok(());
    }
    let is_fixed = stream.has_fixed_class();
    if !is_fixed && !stream.has(Name::flush)? {
        return Ok(());
    }
    match stream.call_named(Name::flush) {
        Err(error)
            if is_fixed
                && error.is_instance_of::<PyAttributeError>(py)
                && !stream.has(Name::flush)? =>
        {
            Ok(())
        }
        flushed => flushed.map(drop),
    }
}

/// Whether `RotatingFileHandler.shouldRollover` goes to the end of the file, as it does below Python 3.13.
fn rotation_seeks(py: Python<'_>) -> Result<bool> {
    static SEEKS: Once<bool> = Once::new();
    let find = || -> Result<bool> {
        let class = HANDLERS_GLOBALS.get(Name::RotatingFileHandler, py)?;
        let code = class.get(Name::shouldRollover)?.get(Name::__code__)?;
        code.get(Name::co_names)?.contains_item(Name::seek.get(py))
    };
    SEEKS.get_or_try(find).copied()
}
