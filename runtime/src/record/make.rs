//! Making a record, on the fast path or on the general one.

use pyo3::prelude::*;

use super::content::Content;
use super::general;
use super::guards::Guards;
use super::new_record::NewRecord;
use super::prototype::RecordPrototype;
use super::stock::Stock;
use crate::logger::dict::LoggerDict;
use crate::python::once::Once;

/// `logger.makeRecord(…)`.
///
/// The fast path needs the `prototype` of the callsite, which its first record becomes, and the
/// attributes of the callsite's logger.
///
/// # Errors
/// What `makeRecord` or the record factory raises.
pub(crate) fn make<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    fast: Option<(&Once<RecordPrototype>, LoggerDict<'py>)>,
) -> PyResult<NewRecord<'py>> {
    let by_python = || {
        general::make(logger, content).map(|record| NewRecord {
            record,
            stock_logger: None,
        })
    };
    let Some((prototype, dict)) = fast else {
        return by_python();
    };
    let Some(stock) = Stock::get(logger.py())? else {
        return by_python();
    };
    if let Some(prototype) = prototype.get() {
        let record = prototype.make(stock, logger, dict, content)?;
        return record.map_or_else(by_python, Ok);
    }
    let guards = Guards::new(stock, logger, content.level)?;
    let record = by_python()?;
    if let Some(guards) = guards {
        // They still hold: the prototype was made under them.
        if guards.check(stock, logger)?.is_some() {
            if let Some(made) = RecordPrototype::of(&record.record, guards, content)? {
                prototype.get_or_make(|| made);
            }
        }
    }
    Ok(record)
}
