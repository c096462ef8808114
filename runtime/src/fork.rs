//! What changes in a forked child.
//!
//! It has one thread, the one that forked, and everything else as it was at that moment: counts of
//! threads that don't exist there, the number of its parent's process, a queue whose records the parent
//! delivers.

use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict};

use crate::once::{Once, intern};
use crate::python::{REGISTER_AT_FORK, callback, loaded};
use crate::{exit, origin, queue, record};

/// How long the end of a child waits for the queue.
const PATIENCE: Duration = Duration::from_secs(5);

static IS_WATCHED: Once<bool> = Once::new();

/// Has Python say when it forks.
pub(crate) fn prepare(py: Python<'_>) {
    // Where there is no `os.register_at_fork` there are no forks.
    IS_WATCHED.get_or_make(|| watch(py).is_ok());
}

/// Whether a child will have been told that it is one.
pub(crate) fn is_watched() -> bool {
    IS_WATCHED.get().copied().unwrap_or_default()
}

fn watch(py: Python<'_>) -> PyResult<()> {
    let before = callback(py, |_| {
        queue::before_fork();
        Ok(())
    })?;
    let in_parent = callback(py, |_| {
        queue::after_fork_in_parent();
        Ok(())
    })?;
    let in_child = callback(py, |py| {
        exit::forget_threads();
        record::forget_process();
        origin::forget_thread();
        queue::after_fork_in_child();
        flush_with_multiprocessing(py)
    })?;
    let hooks = PyDict::new(py);
    hooks.set_item("before", before)?;
    hooks.set_item("after_in_parent", in_parent)?;
    hooks.set_item("after_in_child", in_child)?;
    REGISTER_AT_FORK.get(py)?.call((), Some(&hooks)).map(drop)
}

/// Child processes of `multiprocessing` end without `atexit`, but call finalizers of their own. Has
/// them flush the queue, in this process if it is such a child, and in those that it forks.
///
/// # Errors
/// What `multiprocessing.util` raises.
pub(crate) fn flush_with_multiprocessing(py: Python<'_>) -> PyResult<()> {
    static AGAIN: Once<Py<PyCFunction>> = Once::new();
    static DONE_IN: AtomicU32 = AtomicU32::new(0);
    let Some(util) = loaded(intern!(py, "multiprocessing.util"))? else {
        return Ok(());
    };
    let process = std::process::id();
    if DONE_IN.swap(process, Ordering::Relaxed) == process {
        return Ok(());
    }
    // A new child forgets the finalizers of its parent, and then calls what is registered for it.
    let again = AGAIN.get_or_try(|| callback(py, finalize).map(Bound::unbind))?;
    util.call_method1("register_after_fork", (again, again))?;
    finalize(py)
}

fn finalize(py: Python<'_>) -> PyResult<()> {
    let flush = callback(py, |_| {
        queue::flush(PATIENCE);
        Ok(())
    })?;
    let options = PyDict::new(py);
    options.set_item("exitpriority", 0)?;
    py.import("multiprocessing.util")?
        .call_method("Finalize", (py.None(), flush), Some(&options))
        .map(drop)
}
