//! Writing a record to a stream, a file or a queue: `emit`.

use pyo3::exceptions::{PyAttributeError, PyException};
use pyo3::prelude::*;
use pyo3::types::PyFloat;

use super::class::{HandlerClass, Kind};
use super::failure::{self, Step};
use super::formatter::Formatter;
use super::object::Object;
use super::queue;
use super::stock::{Stock, rotation_seeks};
use super::text::Text;
use crate::python::exception::{Exception, Result};
use crate::python::library::HANDLERS_GLOBALS;
use crate::python::once::intern;
use crate::python::raised::attempt;

/// What a handler does with the lock held. Returns `false`, and has no effect, where it does more than is done here.
///
/// # Errors
/// What the stock `emit` raises.
pub(super) fn emit<'py>(
    class: &HandlerClass,
    handler: &Object<'_, 'py>,
    record: &Object<'_, 'py>,
) -> Result<bool> {
    let py = handler.py();
    let (kind, stock) = (class.kind, &*class.stock);
    let Some(formatter) = attempt(py, prepare(kind, handler, stock)).flatten() else {
        return Ok(false);
    };
    let text = match formatter.format(record, stock) {
        Ok(text) => text,
        Err(error) if formatter.is_stock && error.is_instance_of::<PyException>(py) => {
            // Python formats it again, and reports the error with a traceback.
            return Ok(handler
                .itself
                .call_method1(intern!(py, "emit"), (record.itself,))
                .map(|_| true)?);
        }
        Err(error) => return failure::replay(handler, record, Step::Format, error).map(|()| true),
    };
    if kind == Kind::Queue {
        return queue::put(handler, record, text.into_object(py), stock).map(|()| true);
    }
    if kind == Kind::Rotating && attempt(py, is_full(handler, &text)) != Some(false) {
        return Ok(false);
    }
    write(class, handler, record, text).map(|()| true)
}

/// The formatter. `None` if only Python knows what the handler does now.
fn prepare<'py>(
    kind: Kind,
    handler: &Object<'_, 'py>,
    stock: &Stock,
) -> Result<Option<Formatter<'py>>> {
    let py = handler.py();
    let formatter = Formatter::of(handler, stock)?;
    if kind == Kind::Queue {
        return Ok(Some(formatter));
    }
    let stream = handler.required(intern!(py, "stream"))?;
    // Python opens a file that isn't open yet.
    let is_open = kind == Kind::Stream || stream.is_truthy()?;
    let is_ready = is_open
        && match kind {
            // Python begins another file.
            Kind::TimedRotating => !is_time(handler)?,
            // Python has another formatter format the record twice.
            Kind::Rotating => formatter.is_stock && max_bytes(handler).is_ok(),
            _ => true,
        };
    Ok(is_ready.then_some(formatter))
}

/// Whether it is time for a `TimedRotatingFileHandler` to begin a file.
fn is_time(handler: &Object<'_, '_>) -> Result<bool> {
    let py = handler.py();
    let rollover: i64 = handler.required(intern!(py, "rolloverAt"))?.extract()?;
    let name = intern!(py, "time");
    let now = HANDLERS_GLOBALS.get(name)?.call_method0(name)?;
    Ok(now.cast_into::<PyFloat>()?.value() as i64 >= rollover)
}

/// Whether a `RotatingFileHandler` has no room for a line of text.
fn is_full<'py>(handler: &Object<'_, 'py>, text: &Text<'py>) -> Result<bool> {
    let py = handler.py();
    let max_bytes = max_bytes(handler)?;
    if max_bytes <= 0 {
        return Ok(false);
    }
    let stream = handler.required(intern!(py, "stream"))?;
    if rotation_seeks(py)? {
        stream.call_method1(intern!(py, "seek"), (0, 2))?;
    }
    let size: i64 = stream.call_method0(intern!(py, "tell"))?.extract()?;
    Ok(size + text.len()? as i64 + 1 >= max_bytes)
}

fn max_bytes(handler: &Object<'_, '_>) -> Result<i64> {
    let max_bytes = handler.required(intern!(handler.py(), "maxBytes"))?;
    Ok(max_bytes.extract()?)
}

/// Writes a line to the stream of a handler, and flushes it.
fn write<'py>(
    class: &HandlerClass,
    handler: &Object<'_, 'py>,
    record: &Object<'_, 'py>,
    mut text: Text<'py>,
) -> Result<()> {
    let py = handler.py();
    let mut write = || -> Result<()> {
        let stream = handler.itself.getattr(intern!(py, "stream"))?;
        let terminator = handler.itself.getattr(intern!(py, "terminator"))?;
        let line = text.with_end(&terminator)?;
        stream.call_method1(intern!(py, "write"), (line,))?;
        Ok(())
    };
    if let Err(error) = write() {
        let text = text.into_object(py);
        return failure::replay(handler, record, Step::Write { text }, error);
    }
    // The formatter and the stream can have changed the handler.
    let stream = attempt(py, stream_to_flush(class, handler.itself)).flatten();
    let flushed = match &stream {
        Some(stream) => flush(stream),
        None => {
            let flushed = handler.itself.call_method0(intern!(py, "flush"));
            flushed.map(drop).map_err(Exception::from)
        }
    };
    flushed.or_else(|error| {
        let text = text.into_object(py);
        let step = match stream {
            Some(_) => Step::FlushOfStream { text },
            None => Step::FlushOfHandler { text },
        };
        failure::replay(handler, record, step, error)
    })
}

/// The stream that `StreamHandler.flush` flushes. `None` if only Python knows what `flush` does.
fn stream_to_flush<'py>(
    class: &HandlerClass,
    handler: &Bound<'py, PyAny>,
) -> Result<Option<Bound<'py, PyAny>>> {
    let py = handler.py();
    let attributes = Object::of(handler)?;
    let lock = attributes.required(intern!(py, "lock"))?;
    let is_stock = class.is_current(handler)
        && !attributes.has_any(&[intern!(py, "flush")])?
        && lock.get_type().is(&class.stock.lock);
    match is_stock {
        true => attributes.get(intern!(py, "stream")),
        false => Ok(None),
    }
}

/// What `StreamHandler.flush` does with the stream.
fn flush(stream: &Bound<'_, PyAny>) -> Result<()> {
    let py = stream.py();
    let flush = intern!(py, "flush");
    if !stream.is_truthy()? {
        return Ok(());
    }
    match stream.call_method0(flush) {
        Err(error) if error.is_instance_of::<PyAttributeError>(py) && !stream.hasattr(flush)? => {
            Ok(())
        }
        flushed => Ok(flushed.map(drop)?),
    }
}
