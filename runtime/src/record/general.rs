//! The general road: Python makes the record.

use pyo3::exceptions::PyKeyError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::context;
use crate::once::intern;

use super::thread::RecordThread;
use super::times::Times;
use super::{Attached, Content};

/// `Logger.makeRecord`, looked up at each call: agents and subclasses replace it late.
pub(super) fn make<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    attached: &Attached<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let extra = attached.extra.as_ref();
    match make_with(logger, content, attached, extra) {
        // The record factory sets an attribute of that name.
        Err(error) if content.keeps_all && error.is_instance_of::<PyKeyError>(logger.py()) => {
            let record = make_with(logger, content, attached, None)?;
            if let Some(extra) = extra {
                add(&record, extra.cast()?)?;
            }
            Ok(record)
        }
        made => made,
    }
}

/// Sets attributes. A name that is taken gets underscores behind it.
fn add(record: &Bound<'_, PyAny>, extra: &Bound<'_, PyDict>) -> PyResult<()> {
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
    attached: &Attached<'py>,
    extra: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = logger.py();
    let thread = RecordThread::get(py, None)?;
    let args = content.text.message.args(py)?;
    let record = context::call_method(
        logger,
        intern!(py, "makeRecord"),
        (
            logger.getattr(intern!(py, "name"))?,
            content.level.levelno(),
            content.metadata.file,
            content.metadata.line,
            content.text.msg(py),
            args.unwrap_or_else(|| PyTuple::empty(py)),
            attached.exc_info.as_ref(),
            content.metadata.function(),
            extra,
            attached.stack_info.as_ref(),
        ),
    )?;
    if !thread.is_known() {
        thread.replace_dummy_in(&record)?;
    }
    if let Some(origin) = content.origin {
        RecordThread::get(py, Some(origin))?.replace_in(&record, &thread)?;
        if let Some(times) = Times::of_origin(origin, py)? {
            times.set_in(&record)?;
        }
        // That is the task of who delivers it.
        let task_name = intern!(py, "taskName");
        if record.hasattr(task_name)? {
            record.setattr(task_name, py.None())?;
        }
    }
    Ok(record)
}
