//! The proof that Python would make a record in just the way that `fast` does.

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyDict, PyString};

use crate::python::{LOGGING, OBJECT, is_defined_in_logging};

/// The newest Python whose `LogRecord` was compared with `fast`. On others Python makes records.
const NEWEST_KNOWN: (u8, u8) = (3, 15);

/// What `logging` came with, if nobody had replaced it by the time of the first record.
pub(super) struct Stock {
    pub(super) clock: Clock,
    /// The class `LogRecord`, and what makes an instance of it.
    pub(super) record: Py<PyAny>,
    pub(super) new: Py<PyAny>,
    init: Py<PyAny>,
    setattr: Py<PyAny>,
    make_record: Py<PyAny>,
}

/// How `LogRecord` computes its times.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Clock {
    /// To 3.9: from seconds, and `msecs` has a fraction.
    Fraction,
    /// To 3.12: from seconds, and `msecs` is whole.
    Seconds,
    /// From 3.13: from nanoseconds.
    Nanoseconds,
}

/// `logging` as it came, if a record made through `logger` would be made by nothing else.
///
/// Compares pointers: the record factory, what of its class has a say in making an instance, and the
/// logger's `makeRecord`.
pub(super) fn prove<'a>(logger: &Bound<'a, PyAny>) -> PyResult<Option<&'a Stock>> {
    static STOCK: PyOnceLock<Option<Stock>> = PyOnceLock::new();
    let py = logger.py();
    let Some(stock) = STOCK.get_or_try_init(py, || Stock::of(py))? else {
        return Ok(None);
    };
    let record = stock.record.bind(py);
    let is_stock = LOGGING.get(py)?.getattr(intern!(py, "_logRecordFactory"))?.is(record)
        && record.getattr(intern!(py, "__init__"))?.is(&stock.init)
        && record.getattr(intern!(py, "__new__"))?.is(&stock.new)
        && record.getattr(intern!(py, "__setattr__"))?.is(&stock.setattr)
        && logger
            .get_type()
            .getattr(intern!(py, "makeRecord"))?
            .is(&stock.make_record)
        && !own_attributes(logger)?.contains(intern!(py, "makeRecord"))?;
    Ok(is_stock.then_some(stock))
}

/// `__dict__`.
fn own_attributes<'py>(object: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyDict>> {
    let attributes = object.getattr(intern!(object.py(), "__dict__"))?;
    Ok(attributes.cast_into()?)
}

impl Stock {
    fn of(py: Python<'_>) -> PyResult<Option<Stock>> {
        let version = py.version_info();
        let clock = if version < (3, 10) {
            Clock::Fraction
        } else if version < (3, 13) {
            Clock::Seconds
        } else {
            Clock::Nanoseconds
        };
        let logging = LOGGING.get(py)?;
        let record = logging.getattr("LogRecord")?;
        let init = record.getattr("__init__")?;
        let make_record = logging.getattr("Logger")?.getattr("makeRecord")?;
        let object = OBJECT.get(py)?;
        let stock = Stock {
            clock,
            new: object.getattr("__new__")?.unbind(),
            setattr: object.getattr("__setattr__")?.unbind(),
            init: init.clone().unbind(),
            make_record: make_record.clone().unbind(),
            record: record.unbind(),
        };
        let is_known = (version.major, version.minor) <= NEWEST_KNOWN
            && is_defined_in_logging(&init)?
            && is_defined_in_logging(&make_record)?;
        Ok(is_known.then_some(stock))
    }

    /// The attributes of a record that Python made, if they are just those that `fast` knows.
    pub(super) fn template_of<'py>(
        &self,
        record: &Bound<'py, PyAny>,
    ) -> PyResult<Option<Bound<'py, PyDict>>> {
        /// In the order in which `LogRecord` sets them; the last from 3.12.
        const NAMES: [&str; 21] = [
            "name",
            "msg",
            "args",
            "levelname",
            "levelno",
            "pathname",
            "filename",
            "module",
            "exc_info",
            "exc_text",
            "stack_info",
            "lineno",
            "funcName",
            "created",
            "msecs",
            "relativeCreated",
            "thread",
            "threadName",
            "processName",
            "process",
            "taskName",
        ];
        let py = record.py();
        let attributes = own_attributes(record)?;
        let expected = if py.version_info() < (3, 12) { &NAMES[..20] } else { &NAMES[..] };
        let mut is_known = attributes.len() == expected.len();
        for ((name, _), expected) in attributes.iter().zip(expected) {
            is_known &= name.cast::<PyString>()?.to_cow()? == *expected;
        }
        is_known.then(|| attributes.copy()).transpose()
    }
}
