//! The current process.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

use crate::python::{after_fork_in_child, get_or_make};

/// `os.getpid()`. That is a system call, so it is made again only in a forked child.
pub(super) fn id(py: Python<'_>) -> u32 {
    static KNOWN: AtomicU32 = AtomicU32::new(0);
    static FORKS_ARE_SEEN: PyOnceLock<bool> = PyOnceLock::new();
    let ask = || KNOWN.store(std::process::id(), Ordering::Relaxed);
    let watch = || after_fork_in_child(py, ask).map(|()| ask());
    // Where there is no `os.register_at_fork` there is no fork either, but this costs nobody much.
    match get_or_make(py, &FORKS_ARE_SEEN, || Ok(watch().is_ok())) {
        Ok(true) => KNOWN.load(Ordering::Relaxed),
        _ => std::process::id(),
    }
}
