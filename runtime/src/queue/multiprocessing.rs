//! Child processes of `multiprocessing`, which end without `atexit` but call finalizers of their own.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::flush;
use crate::python::library::{callback, loaded};
use crate::raw::thin::Name;
use crate::raw::thin::exception::Result;

/// Makes `multiprocessing` flush the queue at the end of this process, if it is such a child, and of the
/// children that it forks.
///
/// # Errors
/// The exception that `multiprocessing.util` raises.
pub(super) fn flush_at_end(py: Python<'_>) -> Result<()> {
    static DONE_IN: AtomicU32 = AtomicU32::new(0);
    let Some(util) = loaded(Name::multiprocessing_util.get(py))? else {
        return Ok(());
    };
    let process = std::process::id();
    if DONE_IN.swap(process, Ordering::Relaxed) == process {
        return Ok(());
    }
    // A new child drops the finalizers of its parent, and then calls what is registered here. The registration lasts as
    // long as its first argument.
    let add_again = callback(py, add_finalizer)?;
    util.call_method1("register_after_fork", (&util, add_again))?;
    add_finalizer(py)
}

fn add_finalizer(py: Python<'_>) -> Result<()> {
    let flush = callback(py, |_| {
        flush::at_end();
        Ok(())
    })?;
    let options = PyDict::new(py);
    options.set_item("exitpriority", 0)?;
    py.import("multiprocessing.util")?.call_method(
        "Finalize",
        (py.None(), flush),
        Some(&options),
    )?;
    Ok(())
}
