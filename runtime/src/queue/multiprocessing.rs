//! Child processes of `multiprocessing`, which end without `atexit` but call finalizers of their own.

use std::sync::atomic::{AtomicU32, Ordering};

use pyo3::prelude::*;

use super::flush;
use crate::python::library::{callback, loaded};
use crate::raw::thin::{self, Name, Result, Thin};

/// Makes `multiprocessing` flush the queue at the end of this process, if it is such a child, and of the
/// children that it forks.
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
    util.call_named_with_two(Name::register_after_fork, &util, &add_again)?;
    add_finalizer(py)
}

fn add_finalizer(py: Python<'_>) -> Result<()> {
    let flush = callback(py, flush::at_end_or_raise)?;
    let options = thin::dict(py)?;
    options.set_entry(Name::exitpriority, &*thin::number(py, 0)?)?;
    let arguments = [py.None().into_bound(py).into(), flush.into()];
    let finalize = py.import("multiprocessing.util")?.get(Name::Finalize)?;
    finalize
        .run_by(&*thin::tuple(py, &arguments)?, &options)
        .map(drop)
}
