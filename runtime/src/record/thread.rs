//! The current thread, as Python knows it or doesn't.

use std::cell::Cell;
use std::fmt::Write;
use std::thread;

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString};

use crate::buffer::Buffer;
use crate::once::intern;
use crate::python::THREADING;

/// The current thread. Python has no `threading.Thread` for one that Rust has spawned: `LogRecord`
/// has a `_DummyThread` made for it, and takes that one's name, `Dummy-1`.
pub(super) struct CurrentThread<'py> {
    /// `threading.get_ident()`.
    pub(super) ident: u64,
    active: Bound<'py, PyDict>,
    known: Option<Bound<'py, PyAny>>,
}

impl<'py> CurrentThread<'py> {
    pub(super) fn get(py: Python<'py>) -> PyResult<CurrentThread<'py>> {
        let ident = ident(py)?;
        let active = THREADING
            .get(intern!(py, "_active"))?
            .cast_into::<PyDict>()?;
        let known = active.get_item(ident)?;
        Ok(CurrentThread {
            ident,
            active,
            known,
        })
    }

    pub(super) fn is_known(&self) -> bool {
        self.known.is_some()
    }

    /// `threading.current_thread().name`, or the name that the thread has in Rust.
    pub(super) fn name(&self) -> PyResult<Bound<'py, PyAny>> {
        let py = self.active.py();
        match &self.known {
            Some(thread) => thread.getattr(intern!(py, "name")),
            None => Ok(rust_name(py).into_any()),
        }
    }

    /// Gives a record that Python made for an unknown thread the thread's Rust name, and takes the
    /// dummy away again.
    pub(super) fn replace_dummy_in(&self, record: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = record.py();
        let Some(dummy) = self.active.get_item(self.ident)? else {
            return Ok(()); // `logging.logThreads` is off, or a record factory didn't ask.
        };
        self.active.del_item(self.ident)?;
        let thread_name = intern!(py, "threadName");
        let dummy_name = dummy.getattr(intern!(py, "name"))?;
        if record.getattr(thread_name)?.eq(dummy_name)? {
            record.setattr(thread_name, rust_name(py))?;
        }
        Ok(())
    }
}

/// `threading.get_ident()`, which a thread keeps; unless gevent or the like has replaced it.
fn ident(py: Python<'_>) -> PyResult<u64> {
    thread_local! {
        static IDENT: Cell<Option<u64>> = const { Cell::new(None) };
    }
    let get_ident = THREADING.get(intern!(py, "get_ident"))?;
    if !get_ident.is_instance_of::<PyCFunction>() {
        return get_ident.call0()?.extract();
    }
    if let Ok(Some(ident)) = IDENT.try_with(Cell::get) {
        return Ok(ident);
    }
    let ident = get_ident.call0()?.extract()?;
    let _ = IDENT.try_with(|known| known.set(Some(ident)));
    Ok(ident)
}

/// The name, or `ThreadId(2)`.
fn rust_name(py: Python<'_>) -> Bound<'_, PyString> {
    let thread = thread::current();
    match thread.name() {
        Some(name) => PyString::new(py, name),
        None => {
            let mut name = Buffer::take();
            // Writing to a buffer doesn't fail.
            let _ = write!(name, "{:?}", thread.id());
            PyString::new(py, &name)
        }
    }
}
