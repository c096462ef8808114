//! The filters of a handler: `Filterer.filter` and `Filter.filter`.

use pyo3::prelude::*;
use pyo3::types::PyList;

use super::object::{Instance, Native, exact, only_if};
use crate::raw::thin::{Name, Thin};
use crate::stock::snapshot::Snapshot;
use crate::stock::table::{Part, Row};

/// Whether the filters let a record through. Only Python knows if they aren't a list of `logging.Filter`s: others can
/// change anything, even the record.
pub(super) fn passes(
    handler: &Instance<'_, '_>,
    record: &Bound<'_, PyAny>,
    snapshot: &Snapshot,
) -> Native<bool> {
    let filters = exact::<PyList>(handler.get(Name::filters)?)?;
    let mut index = 0;
    // None of these filters runs Python code, so that Python can still do it all.
    while let Some(filter) = filters.item(index) {
        index += 1;
        only_if(snapshot.has(Part::FILTER) && snapshot.has_at(&filter.class(), Row::Filter))?;
        let filter = Instance::of(&filter).ok_or(None)?;
        if !passes_one(&filter, &Instance::of(record).ok_or(None)?)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn passes_one(filter: &Instance<'_, '_>, record: &Instance<'_, '_>) -> Native<bool> {
    only_if(filter.get(Name::filter)?.is_none())?;
    let (filter_name, logger) = (filter.text(Name::name)?, record.text(Name::name)?);
    let filter_name = filter_name.to_cow().or(Err(None))?;
    let logger = logger.to_cow().or(Err(None))?;
    let length = filter.get(Name::nlen)?.and_then(|it| it.number().ok());
    only_if(length == Some(filter_name.chars().count() as i64))?;
    let rest = logger.strip_prefix(&*filter_name);
    Ok(rest.is_some_and(|rest| filter_name.is_empty() || rest.is_empty() || rest.starts_with('.')))
}
