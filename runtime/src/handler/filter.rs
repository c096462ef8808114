//! The filters of a handler: `Filterer.filter` and `Filter.filter`.

use pyo3::prelude::*;
use pyo3::types::{PyList, PyString};

use super::object::Instance;
use crate::raw::thin::exception::Result;
use crate::raw::thin::{Name, Object, Thin};
use crate::stock::snapshot::Snapshot;
use crate::stock::table::{Part, Row};

/// Whether the filters let a record through. `None` if they aren't a list of `logging.Filter`s: others can
/// change anything, even the record.
pub(super) fn passes(
    handler: &Instance<'_, '_>,
    record: &Bound<'_, PyAny>,
    snapshot: &Snapshot,
) -> Result<Option<bool>> {
    let filters = handler.get(Name::filters)?;
    let Some(filters) = filters.filter(|it| it.is_exact_instance_of::<PyList>()) else {
        return Ok(None);
    };
    let mut index = 0;
    // None of these filters runs Python code, so that Python can still do it all.
    while let Some(filter) = filters.item(index) {
        index += 1;
        if !snapshot.has(Part::FILTER) || !snapshot.has_at(&filter.class(), Row::Filter) {
            return Ok(None);
        }
        let (Some(filter), Some(record)) = (Instance::of(&filter), Instance::of(record)) else {
            return Ok(None);
        };
        match passes_one(&filter, &record)? {
            Some(true) => {}
            outcome => return Ok(outcome),
        }
    }
    Ok(Some(true))
}

fn passes_one<'py>(filter: &Instance<'_, 'py>, record: &Instance<'_, 'py>) -> Result<Option<bool>> {
    if filter.get(Name::filter)?.is_some() {
        return Ok(None);
    }
    let text = |name: Option<Object<'py>>| name?.cast_into_exact::<PyString>().ok();
    let filter_name = text(filter.get(Name::name)?);
    let (Some(filter_name), Some(logger)) = (filter_name, text(record.get(Name::name)?)) else {
        return Ok(None);
    };
    let (filter_name, logger) = (filter_name.to_cow()?, logger.to_cow()?);
    let length = filter.get(Name::nlen)?.and_then(|it| it.number().ok());
    if length != Some(filter_name.chars().count() as i64) {
        return Ok(None);
    }
    Ok(Some(match logger.strip_prefix(&*filter_name) {
        Some(rest) => filter_name.is_empty() || rest.is_empty() || rest.starts_with('.'),
        None => false,
    }))
}
