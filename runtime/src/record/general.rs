//! The general road: Python makes the record.

use pyo3::prelude::*;
use pyo3::types::PyTuple;

use crate::once::intern;

use super::thread::CurrentThread;
use super::{Attached, Content};

/// `Logger.makeRecord`, looked up at each call: agents and subclasses replace it late.
pub(super) fn make<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    attached: &Attached<'py>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = logger.py();
    let thread = CurrentThread::get(py)?;
    let record = logger.call_method1(
        intern!(py, "makeRecord"),
        (
            logger.getattr(intern!(py, "name"))?,
            content.level.levelno(),
            content.metadata.file,
            content.metadata.line,
            content.text.to_python(py),
            PyTuple::empty(py),
            attached.exc_info.as_ref(),
            content.metadata.function(),
            attached.extra.as_ref(),
            attached.stack_info.as_ref(),
        ),
    )?;
    if !thread.is_known() {
        thread.replace_dummy_in(&record)?;
    }
    Ok(record)
}
