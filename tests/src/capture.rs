use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// What a handler got.
#[derive(Debug, Clone, PartialEq, FromPyObject)]
pub struct Record {
    /// The logger.
    pub name: String,
    /// The level.
    pub levelno: i32,
    /// The message, formatted.
    pub message: String,
    /// The function that the call stands in.
    #[pyo3(attribute("funcName"))]
    pub function: String,
    /// The line that the call stands on.
    #[pyo3(attribute("lineno"))]
    pub line: u32,
}

/// A handler on one logger, for as long as this lives.
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
    /// Sets the logger to `levelno` and listens to it.
    ///
    /// # Panics
    /// If Python's `logging` isn't what it is.
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

    /// What has come since the last time.
    ///
    /// # Panics
    /// If what came is no record.
    pub fn take(&self) -> Vec<Record> {
        Python::attach(|py| {
            let records = self.handler.bind(py).getattr("records")?;
            let taken = records.extract();
            records.call_method0("clear")?;
            taken
        })
        .expect("records have these attributes")
    }

    /// The messages of what has come since the last time.
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
