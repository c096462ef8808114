//! Making a record, on the fast path or on the general one.

use pyo3::prelude::*;

use super::content::Content;
use super::general;
use super::guards::Guards;
use super::new_record::NewRecord;
use super::prototype::RecordPrototype;
use crate::logger::dict::LoggerDict;
use crate::python::exception::Result;
use crate::python::kept::Kept;
use crate::python::raised::attempt;

/// `logger.makeRecord(…)`.
///
/// The fast path needs the `prototype` of the callsite, which its first record becomes, and the
/// attributes of the callsite's logger. If anything fails there, Python makes the record.
///
/// # Errors
/// The exception that `makeRecord` or the record factory raises.
pub(crate) fn make<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    fast: Option<(&'static Kept<RecordPrototype>, LoggerDict<'py>)>,
) -> Result<NewRecord<'py>> {
    let py = logger.py();
    let mut guards = None;
    if let Some((prototype, dict)) = fast {
        if let Some(prototype) = prototype.get() {
            let made = attempt(py, prototype.make(logger, dict, content));
            if let Some(record) = made.flatten() {
                return Ok(record);
            }
        } else {
            let new = attempt(py, Guards::new(logger, content.level));
            guards = new.flatten().map(|guards| (prototype, guards));
        }
    }
    let record = general::make(logger, content)?;
    if let Some((prototype, guards)) = guards {
        attempt(py, keep(&record, logger, content, prototype, guards));
    }
    Ok(NewRecord {
        record,
        stock_logger: None,
    })
}

/// Makes a record that Python has made the callsite's prototype, if the guards still hold.
fn keep<'py>(
    record: &Bound<'py, PyAny>,
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    prototype: &'static Kept<RecordPrototype>,
    guards: Guards,
) -> Result<()> {
    if guards.check(logger)?.is_some() {
        if let Some(made) = RecordPrototype::of(record, guards, content)? {
            prototype.get_or_make(|| made);
        }
    }
    Ok(())
}
