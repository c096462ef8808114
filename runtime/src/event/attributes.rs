//! The attributes that keyword arguments add to a record.

use pyo3::prelude::*;
use pyo3::types::PyDict;

use crate::raw::thin::exception::Result;
use crate::raw::thin::{self, Name, Thin};

/// The attributes that the keyword arguments add to a record.
#[derive(Debug, Default)]
pub(crate) struct Attributes<'py> {
    pub(crate) extra: Option<Bound<'py, PyAny>>,
    pub(crate) exc_info: Option<Bound<'py, PyAny>>,
    pub(crate) stack_info: Option<String>,
}

impl<'py> Attributes<'py> {
    /// Adds them to the other attributes of a record.
    ///
    /// # Errors
    /// A `MemoryError`.
    pub(crate) fn add_to(&self, record: &Bound<'py, PyAny>) -> Result<()> {
        let py = record.py();
        if let Some(exc_info) = &self.exc_info {
            record.set_entry(Name::exc_info, exc_info)?;
        }
        if let Some(stack_info) = &self.stack_info {
            record.set_entry(Name::stack_info, &*thin::text(py, stack_info)?)?;
        }
        if let Some(extra) = &self.extra {
            record
                .cast::<PyDict>()?
                .update(extra.cast::<PyDict>()?.as_mapping())?;
        }
        Ok(())
    }
}
