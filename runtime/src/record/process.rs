//! The current process.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;

use crate::once::Once;
use crate::python::after_fork_in_child;

/// `os.getpid()`. That is a system call, so it is made again only in a forked child.
pub(super) fn id(py: Python<'_>) -> u32 {
    static KNOWN: AtomicU32 = AtomicU32::new(0);
    static FORKS_ARE_SEEN: Once<bool> = Once::new();
    let ask = || KNOWN.store(std::process::id(), Ordering::Relaxed);
    let watch = || after_fork_in_child(py, ask).map(|()| ask());
    // Where there is no `os.register_at_fork` there is no fork either, but this costs nobody much.
    match FORKS_ARE_SEEN.get_or_make(|| watch().is_ok()) {
        true => KNOWN.load(Ordering::Relaxed),
        false => std::process::id(),
    }
}
