//! The general path: Python makes the record.

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::attributes::FORMATTER_ATTRIBUTES;
use super::content::Content;
use super::thread::{RecordThread, StockThreads};
use super::times::Times;
use crate::event::origin::Origin;
use crate::python::frame;
use crate::python::raised::attempt;
use crate::raw::thin::{self, Name, Object, Result, Thin};

/// `logger.makeRecord(…)`, looked up at each call, because agents replace it at run time.
pub(super) fn make<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
) -> Result<Object<'py>> {
    let extra = content.attributes.extra.as_ref();
    // For an adapter Python raises this error, too.
    let is_for_adapter = content.processed.is_some();
    match make_with(logger, content, extra) {
        // The application's record factory sets an attribute of the same name.
        Err(error) if !is_for_adapter && error.is_instance_of::<PyKeyError>(logger.py()) => {
            let record = make_with(logger, content, None)?;
            if let Some(extra) = extra {
                let add = || add(&attributes_of(&record)?, extra.cast()?);
                attempt(logger.py(), add());
            }
            Ok(record)
        }
        made => made,
    }
}

/// Adds to the attributes of a record. Underscores are appended to a name that it has already.
fn add(attributes: &Bound<'_, PyDict>, extra: &Bound<'_, PyDict>) -> Result<()> {
    for (key, value) in extra {
        let mut key: String = key.extract()?;
        let key = loop {
            let object = thin::text(attributes.py(), &key)?;
            if !FORMATTER_ATTRIBUTES.contains(&&*key) && attributes.entry(&object)?.is_none() {
                break object;
            }
            key.push('_');
        };
        attributes.set_entry_of(&key, &value)?;
    }
    Ok(())
}

/// Where `Logger.makeRecord` looks for attributes, and sets those of `extra`. The class of a record may answer for any
/// name, or for none.
fn attributes_of<'py>(record: &Bound<'py, PyAny>) -> Result<Bound<'py, PyDict>> {
    record.get(Name::__dict__)?.cast_into()
}

fn make_with<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    extra: Option<&Bound<'py, PyAny>>,
) -> Result<Object<'py>> {
    let py = logger.py();
    // If this fails, the record keeps the thread name that Python gives it.
    let stock = attempt(py, StockThreads::get(py));
    let thread = stock
        .as_deref()
        .map(|stock| RecordThread::get(py, None, stock));
    let thread = thread.and_then(|thread| attempt(py, thread));
    let metadata = content.caller.metadata();
    let or_none = |object: Option<&Bound<'py, PyAny>>| match object {
        Some(object) => Object::from(object),
        None => py.None().into_bound(py).into(),
    };
    let stack_info = content.attributes.stack_info.as_ref();
    let stack_info = stack_info.map(|it| thin::text(py, it)).transpose()?;
    let arguments = [
        logger.get(Name::name)?,
        thin::number(py, content.level.levelno().into())?,
        thin::text(py, metadata.file)?,
        thin::number(py, metadata.line.into())?,
        content.msg(py)?,
        content.args(py)?,
        or_none(content.attributes.exc_info.as_ref()),
        thin::text(py, metadata.function())?,
        or_none(extra),
        or_none(stack_info.as_deref()),
    ];
    let arguments = thin::tuple(py, &arguments)?;
    let make_record = logger.get(Name::makeRecord)?;
    let keywords = thin::dict(py)?;
    let record = frame::call_with(content.caller, &make_record, &arguments, &keywords)?;
    if let Some(thread) = &thread {
        attempt(py, set_thread(&record, content, thread));
    }
    if let Some(origin) = content.origin {
        let times = attempt(py, Times::of_origin_as_now(origin, py)).flatten();
        times.map(|times| attempt(py, times.set_by(py, |name, time| record.set(name, time))));
        // Python has taken the task of the delivering thread.
        attempt(py, set_task_name(&record, origin));
    }
    Ok(record)
}

/// Corrects the asyncio task of a record, if Python's records have one.
fn set_task_name(record: &Bound<'_, PyAny>, origin: &Origin) -> Result<()> {
    let py = record.py();
    match attributes_of(record)?.has_entry(Name::taskName)? {
        true => {
            let name = origin.task_name(py);
            let name = name.unwrap_or_else(|| py.None().into_bound(py).into());
            record.set(Name::taskName, &name)
        }
        false => Ok(()),
    }
}

/// Corrects the thread of a record that Python has made in this thread.
fn set_thread<'py>(
    record: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    thread: &RecordThread<'_, 'py>,
) -> Result<()> {
    if !thread.is_known() {
        thread.replace_dummy_in(record)?;
    }
    match content.origin {
        Some(origin) => {
            let of_origin = RecordThread::get(record.py(), Some(origin), thread.stock)?;
            of_origin.replace_in(record, thread)
        }
        None => Ok(()),
    }
}
