//! `QueueHandler.prepare` and `enqueue`.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::object::Object;
use crate::python::exception::Result;
use crate::python::library::HANDLERS_GLOBALS;
use crate::python::once::intern;
use crate::stock::snapshot::Snapshot;
use crate::stock::table::Row;

/// Puts a copy of the record with its text into the queue of a handler.
///
/// # Errors
/// What `QueueHandler.prepare` and `enqueue` raise.
pub(super) fn put<'py>(
    handler: &Object<'_, 'py>,
    record: &Object<'_, 'py>,
    text: &Bound<'py, PyAny>,
    snapshot: &Snapshot,
) -> Result<()> {
    let py = handler.py();
    let prepared = prepared(record, text, snapshot)?;
    let queue = handler.itself.getattr(intern!(py, "queue"))?;
    queue.call_method1(intern!(py, "put_nowait"), (prepared,))?;
    Ok(())
}

fn prepared<'py>(
    record: &Object<'_, 'py>,
    text: &Bound<'py, PyAny>,
    snapshot: &Snapshot,
) -> Result<Bound<'py, PyAny>> {
    let py = record.py();
    // The formatter can have changed it.
    let attributes = record.itself.getattr(intern!(py, "__dict__"))?;
    let attributes = attributes.cast_into::<PyDict>()?.copy()?;
    for name in [intern!(py, "message"), intern!(py, "msg")] {
        attributes.set_item(name, text)?;
    }
    for name in [
        intern!(py, "args"),
        intern!(py, "exc_info"),
        intern!(py, "exc_text"),
        intern!(py, "stack_info"),
    ] {
        attributes.set_item(name, py.None())?;
    }
    let is_record = snapshot.has_at(&record.itself.get_type(), Row::LogRecord);
    let copy = match snapshot.new_record(py).filter(|_| is_record) {
        Some(new) => new?,
        None => {
            let copy = HANDLERS_GLOBALS.get(intern!(py, "copy"))?;
            copy.call_method1(intern!(py, "copy"), (record.itself,))?
        }
    };
    copy.setattr(intern!(py, "__dict__"), attributes)?;
    Ok(copy)
}
