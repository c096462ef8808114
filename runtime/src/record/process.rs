//! The current process.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyTuple};

use crate::python::REGISTER_AT_FORK;

/// `os.getpid()`. That is a system call, so it is made again only in a forked child.
pub(super) fn id(py: Python<'_>) -> u32 {
    static KNOWN: AtomicU32 = AtomicU32::new(0);
    static FORKS_ARE_SEEN: PyOnceLock<bool> = PyOnceLock::new();
    let ask = || KNOWN.store(std::process::id(), Ordering::Relaxed);
    let watch = || {
        let asked = move |_: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| ask();
        let options = PyDict::new(py);
        options.set_item(
            "after_in_child",
            PyCFunction::new_closure(py, None, None, asked)?,
        )?;
        REGISTER_AT_FORK.get(py)?.call((), Some(&options))?;
        ask();
        PyResult::Ok(())
    };
    // Where there is no `os.register_at_fork` there is no fork either, but this costs nobody much.
    match FORKS_ARE_SEEN.get_or_init(py, || watch().is_ok()) {
        true => KNOWN.load(Ordering::Relaxed),
        false => std::process::id(),
    }
}
