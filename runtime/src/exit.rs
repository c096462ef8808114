//! Threads at the end of the interpreter.
//!
//! Below Python 3.13 a thread that attaches while the interpreter finalizes is ended inside the
//! call, which aborts the process. So from Python's `atexit` on, the threads other than the one
//! that finalizes no longer attach, and those that are at it are let finish first. Then that one
//! delivers what is queued. `logging` registers its own `shutdown` when it is imported, which is before,
//! so that the handlers are still open.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use pyo3::exceptions::PyKeyboardInterrupt;
use pyo3::prelude::*;

use crate::once::Once;
use crate::python::{REGISTER_AT_EXIT, callback};
use crate::{delivery, queue};

/// The thread that finalizes the interpreter, once it does.
static FINALIZER: OnceLock<ThreadId> = OnceLock::new();

/// How many threads are in a log call, or on their way into one.
static INSIDE: AtomicUsize = AtomicUsize::new(0);

/// How long the end of the program waits for handlers that other threads are in. `logging.shutdown`
/// waits for most of these without a limit, as it takes each handler's lock.
const PATIENCE: Duration = Duration::from_secs(5);

/// Leave to attach, as long as it lives.
pub(crate) struct Pass;

impl Pass {
    /// `None` where attaching is no longer safe.
    pub(crate) fn get() -> Option<Pass> {
        // Counted first and checked then: `close` does it the other way round.
        INSIDE.fetch_add(1, Ordering::SeqCst);
        let pass = Pass;
        may_attach().then_some(pass)
    }
}

/// Whether the interpreter is at its end.
pub(crate) fn has_come() -> bool {
    FINALIZER.get().is_some()
}

/// Whether the end of the interpreter hasn't come for this thread.
pub(crate) fn may_attach() -> bool {
    let finalizer = FINALIZER.get();
    finalizer.is_none_or(|finalizer| *finalizer == thread::current().id())
}

impl Drop for Pass {
    fn drop(&mut self) {
        // In a forked child the count started anew.
        let less = |inside: usize| inside.checked_sub(1);
        let _ = INSIDE.fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
    }
}

/// Sees to it that passes end with the interpreter.
pub(crate) fn prepare(py: Python<'_>) -> PyResult<()> {
    static PREPARED: Once<()> = Once::new();
    PREPARED
        .get_or_try(|| {
            let close = callback(py, close)?;
            REGISTER_AT_EXIT.get(py)?.call1((close,))?;
            Ok(())
        })
        .copied()
}

/// For a forked child, in which the threads that were inside don't exist.
pub(crate) fn forget_threads() {
    INSIDE.store(0, Ordering::SeqCst);
}

fn close(py: Python<'_>) -> PyResult<()> {
    let _ = FINALIZER.set(thread::current().id());
    py.detach(|| {
        let end = Instant::now() + PATIENCE;
        while INSIDE.load(Ordering::SeqCst) > 0 && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
    });
    queue::finish(py);
    match delivery::take_interrupt() {
        true => Err(PyKeyboardInterrupt::new_err(())),
        false => Ok(()),
    }
}
