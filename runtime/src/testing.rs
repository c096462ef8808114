//! Collects records in a Rust test. Needs the feature `testing`.
//!
//! [`guide::testing`](crate::guide::testing) says how `cargo test` finds Python, and how the loggers of an extension
//! get the names in a test that they have in Python.
//!
//! ```
//! use pylog::Level;
//! use pylog::testing::Capture;
//!
//! fn total(amounts: &[&str]) -> f64 {
//!     let parsed = amounts.iter().filter_map(|amount| match amount.parse::<f64>() {
//!         Ok(amount) => Some(amount),
//!         Err(error) => {
//!             pylog::warn!(target: "orders", text = *amount, reason:err = error; "no number");
//!             None
//!         }
//!     });
//!     parsed.sum()
//! }
//!
//! let capture = Capture::new("orders", Level::WARN);
//! assert_eq!(total(&["3.5", "four"]), 3.5);
//!
//! let records = capture.take();
//! assert_eq!(records[0].message, "no number");
//! assert_eq!(records[0].repr("text").as_deref(), Some("'four'"));
//! ```

use std::fmt;
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use crate::level::Level;
use crate::queue::flush::flush;
use crate::record::attributes::ATTRIBUTES;

/// Collects the records of a logger and of those below it, until it is dropped.
///
/// Loggers belong to the process, and Rust runs tests in several threads. So give each test a logger of its own, or run
/// the tests with `--test-threads=1`.
#[derive(Debug)]
#[doc(alias = "assertLogs")]
#[doc(alias = "caplog")]
pub struct Capture {
    logger: Py<PyAny>,
    handler: Py<PyAny>,
    records: Py<PyList>,
    /// The level of the logger before.
    level: Py<PyAny>,
}

/// A record that was made. Its `Debug` text has the attributes that the call has added, too.
#[non_exhaustive]
pub struct Record {
    /// The name of the logger.
    pub name: String,
    /// The level.
    pub level: Level,
    /// The formatted message.
    pub message: String,
    /// The file of the call.
    pub file: String,
    /// The line of the call.
    pub line: u32,
    /// The function that contains the call.
    pub function: String,
    /// The `LogRecord`.
    pub object: Py<PyAny>,
}

impl Capture {
    /// Sets the level of a logger and adds a handler to it. When the `Capture` is dropped, the logger has its own level
    /// again. An empty name is the root logger. Initializes Python if need be.
    ///
    /// ```
    /// use pylog::Level;
    /// use pylog::testing::Capture;
    ///
    /// let capture = Capture::new("orders", Level::INFO);
    /// pylog::info!(target: "orders.parse", "line {}", 7);
    /// pylog::debug!(target: "orders.parse", "not at this level");
    /// assert_eq!(capture.take_messages(), ["line 7"]);
    /// ```
    ///
    /// # Panics
    /// If Python raises an exception.
    pub fn new(logger: &str, level: Level) -> Capture {
        Python::initialize();
        let capture = Python::attach(|py| -> PyResult<Capture> {
            let logging = py.import("logging")?;
            let records = PyList::empty(py);
            let handler = logging.call_method0("Handler")?;
            handler.setattr("emit", records.getattr("append")?)?;
            let logger = logging.call_method1("getLogger", (logger,))?;
            let earlier = logger.getattr("level")?;
            logger.call_method1("setLevel", (level.levelno(),))?;
            logger.call_method1("addHandler", (&handler,))?;
            Ok(Capture {
                logger: logger.unbind(),
                handler: handler.unbind(),
                records: records.unbind(),
                level: earlier.unbind(),
            })
        });
        capture.expect("`logging` has these functions")
    }

    /// Removes and returns the records that were collected. Waits until queued records have been delivered, but no
    /// longer than 10 seconds.
    ///
    /// # Panics
    /// If Python raises an exception.
    pub fn take(&self) -> Vec<Record> {
        flush(Duration::from_secs(10));
        let taken = Python::attach(|py| -> PyResult<Vec<Record>> {
            let records = self.records.bind(py);
            let count = records.len();
            let taken = records.get_slice(0, count);
            records.del_slice(0, count)?;
            taken.iter().map(Record::new).collect()
        });
        taken.expect("a record has the attributes of a `LogRecord`")
    }

    /// The messages of the records, which are removed as with [`take`](Capture::take).
    ///
    /// # Panics
    /// If Python raises an exception.
    pub fn take_messages(&self) -> Vec<String> {
        let records = self.take().into_iter();
        records.map(|record| record.message).collect()
    }
}

impl Record {
    fn new(object: Bound<'_, PyAny>) -> PyResult<Record> {
        Ok(Record {
            name: object.getattr("name")?.extract()?,
            level: Level::new(object.getattr("levelno")?.extract()?),
            message: object.call_method0("getMessage")?.extract()?,
            file: object.getattr("pathname")?.extract()?,
            line: object.getattr("lineno")?.extract()?,
            function: object.getattr("funcName")?.extract()?,
            object: object.unbind(),
        })
    }

    /// What Python's `repr` gives for an attribute of the record: `7` for the number, `'7'` for text. `None` if there is
    /// no such attribute.
    ///
    /// ```
    /// # let capture = pylog::testing::Capture::new("rows", pylog::Level::INFO);
    /// pylog::info!(target: "rows", rows = 7, tables = ["a"]; "loaded");
    /// let records = capture.take();
    /// assert_eq!(records[0].repr("rows").as_deref(), Some("7"));
    /// assert_eq!(records[0].repr("tables").as_deref(), Some("['a']"));
    /// assert_eq!(records[0].repr("columns"), None);
    /// assert!(format!("{:?}", records[0]).contains("rows: 7, tables: ['a']"));
    /// ```
    pub fn repr(&self, attribute: &str) -> Option<String> {
        Python::attach(|py| {
            let value = self.object.bind(py).getattr(attribute).ok()?;
            value.repr().ok()?.extract().ok()
        })
    }
}

impl fmt::Debug for Record {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // As Python writes them, without quotes around that.
        let added: Vec<(String, String)> = Python::attach(|py| {
            let attributes = self.object.bind(py).getattr("__dict__")?;
            let attributes = attributes.cast::<PyDict>()?.iter();
            let repr = |value: Bound<'_, PyAny>| value.repr()?.extract::<String>();
            let all = attributes.map(|(name, value)| Ok((name.extract()?, repr(value)?)));
            all.collect::<PyResult<_>>()
        })
        .unwrap_or_default();
        let mut record = f.debug_struct("Record");
        record
            .field("name", &self.name)
            .field("level", &self.level)
            .field("message", &self.message)
            .field("file", &self.file)
            .field("line", &self.line)
            .field("function", &self.function);
        for (name, repr) in &added {
            if !ATTRIBUTES.contains(&&**name) {
                record.field(name, &format_args!("{repr}"));
            }
        }
        record.finish_non_exhaustive()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        // Nothing is left to put back in an interpreter that is at its end.
        let put_back = Python::try_attach(|py| {
            let logger = self.logger.bind(py);
            logger.call_method1("removeHandler", (&self.handler,))?;
            logger.call_method1("setLevel", (&self.level,)).map(drop)
        });
        if let Some(Err(error)) = put_back {
            Python::attach(|py| error.print(py));
        }
    }
}
