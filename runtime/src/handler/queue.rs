//! `QueueHandler.prepare` and `enqueue`.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::object::Object;
use super::stock::{Stock, inherits_from_object};
use crate::python::exception::Result;
use crate::python::library::{COPY_GLOBALS, COPYREG_GLOBALS, HANDLERS_GLOBALS, loaded};
use crate::python::once::intern;

/// Puts a copy of the record with its text into the queue of a handler.
///
/// # Errors
/// What `QueueHandler.prepare` and `enqueue` raise.
pub(super) fn put<'py>(
    handler: &Object<'_, 'py>,
    record: &Object<'_, 'py>,
    text: &Bound<'py, PyAny>,
    stock: &Stock,
) -> Result<()> {
    let py = handler.py();
    let prepared = prepared(record, text, stock)?;
    let queue = handler.itself.getattr(intern!(py, "queue"))?;
    queue.call_method1(intern!(py, "put_nowait"), (prepared,))?;
    Ok(())
}

fn prepared<'py>(
    record: &Object<'_, 'py>,
    text: &Bound<'py, PyAny>,
    stock: &Stock,
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
    let copy = match record.itself.get_type().is(stock.record.bind(py)) {
        true => stock.new_record(py)?,
        false => {
            let copy = HANDLERS_GLOBALS.get(intern!(py, "copy"))?;
            copy.call_method1(intern!(py, "copy"), (record.itself,))?
        }
    };
    copy.setattr(intern!(py, "__dict__"), attributes)?;
    Ok(copy)
}

/// The names of what `copy` knows of classes, in any version.
const OF_COPY: [&str; 3] = [
    "_copy_dispatch",
    "_copy_atomic_types",
    "_copy_builtin_containers",
];

/// The dicts that say what `copy.copy` does. From Python 3.14 on sets say it, too, whose changes aren't reported.
pub(super) fn dicts_of_copy(py: Python<'_>) -> Result<Vec<Bound<'_, PyDict>>> {
    let copy = COPY_GLOBALS.dict(py)?;
    let reducers = COPYREG_GLOBALS.get(intern!(py, "dispatch_table"))?;
    let mut dicts = vec![
        HANDLERS_GLOBALS.dict(py)?,
        copy.clone(),
        reducers.cast_into()?,
    ];
    for name in OF_COPY {
        if let Some(Ok(dict)) = copy.get_item(name)?.map(Bound::cast_into) {
            dicts.push(dict);
        }
    }
    Ok(dicts)
}

/// Whether `QueueHandler.prepare` makes a record with the same attributes when it calls `copy.copy`.
pub(super) fn copies_attributes(class: &Bound<'_, PyType>) -> Result<bool> {
    let py = class.py();
    let module = HANDLERS_GLOBALS.get(intern!(py, "copy"))?;
    if !loaded(intern!(py, "copy"))?.is_some_and(|copy| copy.is(&module)) {
        return Ok(false);
    }
    let copy = COPY_GLOBALS.get(intern!(py, "copy"))?;
    let reducers = COPYREG_GLOBALS.get(intern!(py, "dispatch_table"))?;
    // What `object.__reduce_ex__` and `copy.copy` look for.
    for name in [
        "__copy__",
        "__setstate__",
        "__getnewargs__",
        "__getnewargs_ex__",
    ] {
        if class.hasattr(name)? {
            return Ok(false);
        }
    }
    for name in OF_COPY {
        if let Some(classes) = COPY_GLOBALS.dict(py)?.get_item(name)? {
            if classes.contains(class)? {
                return Ok(false);
            }
        }
    }
    let reduced = ["__reduce_ex__", "__reduce__", "__getstate__"];
    Ok(COPY_GLOBALS.define(&copy)?
        && !reducers.contains(class)?
        && inherits_from_object(class, &reduced)?)
}
