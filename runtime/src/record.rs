//! Building the `LogRecord`.

use std::thread;

use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyTuple};

use crate::Level;
use crate::callsite::Metadata;
use crate::python::{ACTIVE_THREADS, GET_IDENT};

/// `Logger.makeRecord`, looked up at each call: agents and subclasses replace it late.
pub(crate) fn make<'py>(
    logger: &Bound<'py, PyAny>,
    metadata: &Metadata,
    level: Level,
    message: &Bound<'py, PyAny>,
    extra: Option<&Bound<'py, PyAny>>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = logger.py();
    let stranger = Stranger::detect(py)?;
    let record = logger.call_method1(
        intern!(py, "makeRecord"),
        (
            logger.getattr(intern!(py, "name"))?,
            level.levelno(),
            metadata.file,
            metadata.line,
            message,
            PyTuple::empty(py),
            None::<()>, // exc_info
            metadata.function(),
            extra,
            None::<()>, // sinfo
        ),
    )?;
    if let Some(stranger) = stranger {
        stranger.introduce(&record)?;
    }
    Ok(record)
}

/// The current thread, if Python has no `threading.Thread` for it. `LogRecord` asks for one, gets
/// a `_DummyThread` made for it, and takes that one's name, `Dummy-1`.
struct Stranger<'py> {
    ident: Bound<'py, PyAny>,
    active: Bound<'py, PyDict>,
}

impl<'py> Stranger<'py> {
    fn detect(py: Python<'py>) -> PyResult<Option<Stranger<'py>>> {
        let ident = GET_IDENT.get(py)?.call0()?;
        let active = ACTIVE_THREADS.get(py)?.cast::<PyDict>()?.clone();
        Ok((!active.contains(&ident)?).then_some(Stranger { ident, active }))
    }

    /// Gives the record the thread's Rust name, and takes the dummy away again.
    fn introduce(self, record: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = record.py();
        let Some(dummy) = self.active.get_item(&self.ident)? else {
            return Ok(()); // `logging.logThreads` is off, or a record factory didn't ask.
        };
        self.active.del_item(&self.ident)?;
        let thread_name = intern!(py, "threadName");
        let dummy_name = dummy.getattr(intern!(py, "name"))?;
        if record.getattr(thread_name)?.eq(dummy_name)? {
            let thread = thread::current();
            match thread.name() {
                Some(name) => record.setattr(thread_name, name)?,
                None => record.setattr(thread_name, format!("{:?}", thread.id()))?,
            }
        }
        Ok(())
    }
}
