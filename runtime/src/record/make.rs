//! Making a record, on the fast path or on the general one.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;

use super::content::Content;
use super::general;
use super::own_log;
use super::prototype::{NewRecord, RecordCache, RecordPrototype};
use crate::logger::dict::LoggerDict;
use crate::python::raised::attempt;
use crate::raw::thin::Result;

/// `logger.makeRecord(…)`. `None` if a `_log` that isn't the stock one has made and handled the record.
///
/// The fast path needs the `prototype` of the callsite, which is a record that Python has made, and the attributes of the
/// callsite's logger. If anything fails there, Python makes the record.
#[inline]
pub(crate) fn make<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    of_callsite: Option<(&'static RecordCache, &LoggerDict<'py>)>,
) -> Result<Option<NewRecord<'py>>> {
    let py = logger.py();
    let Some((cache, dict)) = of_callsite else {
        return make_by_python(logger, content);
    };
    let prototype = cache
        .prototype
        .get()
        .filter(|prototype| prototype.is_current(py));
    if let Some(prototype) = prototype {
        let made = attempt(py, prototype.make(logger, dict, content)).flatten();
        return match made {
            Some(new) => {
                if !dict.is_known && new.is_handled_as_stock {
                    attempt(py, cache.logger.remember(logger, &prototype.name));
                }
                Ok(Some(new))
            }
            None => make_by_python(logger, content),
        };
    }
    // Before Python makes the record, so that a change that comes meanwhile is seen.
    let snapshot = pays().then(|| RecordPrototype::snapshot(py)).flatten();
    let made = make_by_python(logger, content)?;
    if let (Some(snapshot), Some(made)) = (snapshot, &made) {
        let prototype = RecordPrototype::of(&made.record, logger, snapshot, content);
        if let Some(prototype) = attempt(py, prototype).flatten() {
            cache.prototype.set(prototype);
        }
    }
    Ok(made)
}

/// Whether prototypes pay. To find out what `logging` is takes as long as Python takes for some thirty records, and many
/// programs log few.
fn pays() -> bool {
    const FEW_RECORDS: usize = 10;
    static MADE: AtomicUsize = AtomicUsize::new(0);

    MADE.load(Ordering::Relaxed) == FEW_RECORDS
        || MADE.fetch_add(1, Ordering::Relaxed) >= FEW_RECORDS
}

fn make_by_python<'py>(
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
) -> Result<Option<NewRecord<'py>>> {
    if own_log::log(logger, content)? {
        return Ok(None);
    }
    Ok(Some(NewRecord {
        record: general::make(logger, content)?,
        is_handled_as_stock: false,
        fresh: None,
    }))
}
