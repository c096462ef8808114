//! `QueueHandler.prepare` and `enqueue`.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::object::Instance;
use crate::python::library::HANDLERS_GLOBALS;
use crate::raw::thin::{Name, Object, Result, Thin};
use crate::stock::snapshot::Snapshot;
use crate::stock::table::Row;

/// Puts a copy of the record with its text into the queue of a handler.
pub(super) fn put<'py>(
    handler: &Instance<'_, 'py>,
    record: &Instance<'_, 'py>,
    text: &Bound<'py, PyAny>,
    snapshot: &Snapshot,
) -> Result<()> {
    let prepared = prepared(record, text, snapshot)?;
    let queue = handler.itself.get(Name::queue)?;
    queue.call_named_with(Name::put_nowait, &prepared)?;
    Ok(())
}

fn prepared<'py>(
    record: &Instance<'_, 'py>,
    text: &Bound<'py, PyAny>,
    snapshot: &Snapshot,
) -> Result<Object<'py>> {
    let py = record.py();
    // The formatter can have changed it.
    let attributes = record.itself.get(Name::__dict__)?;
    let attributes = attributes.cast_into::<PyDict>()?.copied()?;
    for name in [Name::message, Name::msg] {
        attributes.set_entry(name, text)?;
    }
    for name in [Name::args, Name::exc_info, Name::exc_text, Name::stack_info] {
        attributes.set_entry(name, py.None().bind(py))?;
    }
    let is_record = snapshot.has_at(&record.itself.class(), Row::LogRecord);
    let copy = match snapshot.new_record(py).filter(|_| is_record) {
        Some(new) => new?,
        None => {
            let copy = HANDLERS_GLOBALS.get(Name::copy, py)?;
            copy.call_named_with(Name::copy, record.itself)?
        }
    };
    copy.set(Name::__dict__, &attributes)?;
    Ok(copy)
}
