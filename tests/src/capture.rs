use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// A record that a handler has received.
#[derive(Debug, Clone, PartialEq, FromPyObject)]
pub struct Record {
    /// The name of the logger.
    pub name: String,
    /// The level.
    pub levelno: i32,
    /// The formatted message.
    pub message: String,
    /// The function that contains the call.
    #[pyo3(attribute("funcName"))]
    pub function: String,
    /// The line of the call.
    #[pyo3(attribute("lineno"))]
    pub line: u32,
}

/// A handler on one logger, which is removed when this is dropped.
pub struct Capture {
    logger: Py<PyAny>,
    handler: Py<PyAny>,
}

const SOURCE: &CStr = c"
import logging

class ListHandler(logging.Handler):
    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        record.message = record.getMessage()
        self.records.append(record)
";

impl Capture {
    /// Adds the handler to the logger, and sets the level of the logger to `levelno`.
    ///
    /// # Panics
    /// If Python raises an exception.
    pub fn new(logger: &str, levelno: i32) -> Capture {
        Python::attach(|py| {
            static CLASS: PyOnceLock<Py<PyAny>> = PyOnceLock::new();
            let class = CLASS.get_or_try_init(py, || {
                let module = PyModule::from_code(py, SOURCE, c"capture.py", c"capture")?;
                module.getattr("ListHandler").map(Bound::unbind)
            })?;
            let handler = class.call0(py)?;
            let logger = py.import("logging")?.call_method1("getLogger", (logger,))?;
            logger.call_method1("addHandler", (&handler,))?;
            logger.call_method1("setLevel", (levelno,))?;
            PyResult::Ok(Capture {
                logger: logger.unbind(),
                handler,
            })
        })
        .expect("a handler can be added")
    }

    /// The records since the last time.
    ///
    /// # Panics
    /// If a record lacks an attribute.
    pub fn take(&self) -> Vec<Record> {
        Python::attach(|py| {
            let records = self.handler.bind(py).getattr("records")?;
            let taken = records.extract();
            records.call_method0("clear")?;
            taken
        })
        .expect("records have these attributes")
    }

    /// The messages of the records since the last time.
    pub fn messages(&self) -> Vec<String> {
        self.take()
            .into_iter()
            .map(|record| record.message)
            .collect()
    }
}

impl Drop for Capture {
    fn drop(&mut self) {
        Python::attach(|py| {
            let removed = self
                .logger
                .call_method1(py, "removeHandler", (&self.handler,));
            let reset = self.logger.call_method1(py, "setLevel", (0,));
            removed
                .and(reset)
                .map(drop)
                .unwrap_or_else(|error| error.print(py));
        });
    }
}
