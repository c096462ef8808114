//! The proof that Python would make a record in just the way that `fast` does.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyMappingProxy, PyString};

use crate::once::{Once, intern};
use crate::python::{LOGGING, LOGGING_GLOBALS, OBJECT, TIME, is_defined_in_logging};

/// The newest Python whose `LogRecord` was compared with `fast`. On others Python makes records.
const NEWEST_KNOWN: (u8, u8) = (3, 15);

/// What `logging` came with. If somebody has replaced any of it by the time of the first record, the
/// fast road is never taken.
pub(super) struct Stock {
    pub(super) clock: Clock,
    /// The class `LogRecord`, and what makes an instance of it.
    pub(super) record: Py<PyAny>,
    /// A live view of what the class has, and how much that was.
    attributes: Py<PyMappingProxy>,
    count: usize,
    pub(super) new: Py<PyAny>,
    init: Py<PyAny>,
    make_record: Py<PyAny>,
    pub(super) get_level_name: Py<PyAny>,
    /// `time.time` or `time.time_ns`, whichever `LogRecord` asks.
    pub(super) clock_function: Py<PyAny>,
}

/// What the class `LogRecord` has, in one version or the other. Nothing of it but `__init__` has a
/// say in making a record; a `__setattr__`, a `__new__` or a property that somebody adds would.
const CLASS_ATTRIBUTES: [&str; 9] = [
    "__dict__",
    "__doc__",
    "__firstlineno__",
    "__init__",
    "__module__",
    "__repr__",
    "__static_attributes__",
    "__weakref__",
    "getMessage",
];

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
/// Compares pointers: the record factory, what its class does to make an instance, and the logger's
/// `makeRecord`.
pub(super) fn prove<'a>(logger: &Bound<'a, PyAny>) -> PyResult<Option<&'a Stock>> {
    static STOCK: Once<Option<Stock>> = Once::new();
    let py = logger.py();
    let Some(stock) = STOCK.get_or_try(|| Stock::of(py))? else {
        return Ok(None);
    };
    let attributes = stock.attributes.bind(py).as_any();
    let make_record = intern!(py, "makeRecord");
    let is_stock = LOGGING_GLOBALS
        .get(intern!(py, "_logRecordFactory"))?
        .is(&stock.record)
        && attributes.len()? == stock.count
        && attributes
            .get_item(intern!(py, "__init__"))?
            .is(&stock.init)
        && logger
            .get_type()
            .getattr(make_record)?
            .is(&stock.make_record)
        && !logger
            .getattr(intern!(py, "__dict__"))?
            .cast_into::<PyDict>()?
            .contains(make_record)?;
    Ok(is_stock.then_some(stock))
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
        let logger = logging.getattr("Logger")?;
        let time = TIME.get(py)?;
        let of_logging = [
            record.getattr("__init__")?,
            logger.getattr("makeRecord")?,
            logging.getattr("getLevelName")?,
        ];
        let mut is_known = (version.major, version.minor) <= NEWEST_KNOWN;
        for function in &of_logging {
            is_known &= is_defined_in_logging(function)?;
        }
        let clock_function = match clock {
            Clock::Nanoseconds => time.getattr("time_ns")?,
            Clock::Fraction | Clock::Seconds => time.getattr("time")?,
        };
        is_known &= clock_function.is_instance_of::<PyCFunction>();
        let attributes = record.getattr("__dict__")?.cast_into::<PyMappingProxy>()?;
        for name in attributes.keys()?.iter() {
            is_known &= CLASS_ATTRIBUTES.contains(&&*name.cast::<PyString>()?.to_cow()?);
        }
        let [init, make_record, get_level_name] = of_logging.map(Bound::unbind);
        let stock = Stock {
            clock,
            record: record.unbind(),
            count: attributes.len()?,
            attributes: attributes.unbind(),
            new: OBJECT.get(py)?.getattr("__new__")?.unbind(),
            init,
            make_record,
            get_level_name,
            clock_function: clock_function.unbind(),
        };
        Ok(is_known.then_some(stock))
    }
}
