//! A record that has been made.

use pyo3::prelude::*;

use crate::logger::dict::LoggerDict;

/// A record, and how it can be handled.
pub(crate) struct NewRecord<'py> {
    pub(crate) record: Bound<'py, PyAny>,
    /// The logger's attributes, if the logger is known to handle the record as the stock one does.
    pub(crate) stock_logger: Option<LoggerDict<'py>>,
}
