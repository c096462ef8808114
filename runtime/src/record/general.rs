//! The general path: Python makes the record.

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use super::content::Content;
use super::thread::{RecordThread, StockThreads};
use super::times::Times;
use crate::python::exception::Result;
use crate::python::once::intern;
use crate::python::raised::attempt;

/// `logger.makeRecord(…)`, looked up at each call, because agents replace it at run time.
pub(super) fn make<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
) -> Result<Bound<'py, PyAny>> {
    let extra = content.attributes.extra.as_ref();
    // For an adapter Python raises this error, too.
    let is_for_adapter = content.processed.is_some();
    match make_with(logger, content, extra) {
        // The application's record factory sets an attribute of the same name.
        Err(error) if !is_for_adapter && error.is_instance_of::<PyKeyError>(logger.py()) => {
            let record = make_with(logger, content, None)?;
            if let Some(extra) = extra {
                add(&record, extra.cast()?)?;
            }
            Ok(record)
        }
        made => made,
    }
}

/// Sets attributes. Underscores are appended to a name that the record has already.
fn add(record: &Bound<'_, PyAny>, extra: &Bound<'_, PyDict>) -> Result<()> {
    for (key, value) in extra {
        let mut key: String = key.extract()?;
        while record.hasattr(&*key)? {
            key.push('_');
        }
        record.setattr(&*key, value)?;
    }
    Ok(())
}

fn make_with<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    extra: Option<&Bound<'py, PyAny>>,
) -> Result<Bound<'py, PyAny>> {
    let py = logger.py();
    // If this fails, the record keeps the thread name that Python gives it.
    let stock = attempt(py, StockThreads::get(py));
    let thread = stock
        .as_deref()
        .map(|stock| RecordThread::get(py, None, stock));
    let thread = thread.and_then(|thread| attempt(py, thread));
    let args = content.message.args(py)?;
    let record = logger.call_method1(
        intern!(py, "makeRecord"),
        (
            logger.getattr(intern!(py, "name"))?,
            content.level.levelno(),
            content.metadata.file,
            content.metadata.line,
            content.msg(py),
            args.unwrap_or_else(|| PyTuple::empty(py)),
            content.attributes.exc_info.as_ref(),
            content.metadata.function(),
            extra,
            content.attributes.stack_info.as_ref(),
        ),
    )?;
    if let Some(thread) = &thread {
        attempt(py, set_thread(&record, content, thread));
    }
    if let Some(origin) = content.origin {
        let times = attempt(py, Times::of_origin_as_now(origin, py)).flatten();
        times.map(|times| attempt(py, times.set_in(&record)));
        // Python has taken the task of the delivering thread.
        let task_name = intern!(py, "taskName");
        let set = |has: bool| match has {
            true => record.setattr(task_name, origin.task_name(py)),
            false => Ok(()),
        };
        attempt(py, record.hasattr(task_name).and_then(set));
    }
    Ok(record)
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
