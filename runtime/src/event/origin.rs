//! When, and in which thread and context, a queued call was made.

use std::cell::RefCell;
use std::ffi::c_ulong;
use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;

use crate::python::context::Context;
use crate::python::library::THREADING;
use crate::python::once::{Once, intern};
use crate::python::{fork, interpreter};

pub(crate) struct Origin {
    /// Nanoseconds since the Unix epoch.
    pub(crate) time: i64,
    pub(crate) thread: Arc<OriginThread>,
    pub(crate) context: Option<Context>,
}

/// A thread, which may have ended by the time of the delivery.
pub(crate) struct OriginThread {
    /// `threading.get_ident()`.
    pub(crate) ident: c_ulong,
    /// `threading.get_native_id()`, which distinguishes the thread from later ones with the same ident.
    pub(crate) native_id: c_ulong,
    pub(crate) rust: Thread,
    /// Whether Python may have a `threading.Thread` for it.
    has_thread_state: bool,
    /// The name that it had in Python when its first record was delivered.
    pub(crate) name: Once<Py<PyAny>>,
}

thread_local! {
    /// The current thread, and the process in which that was found.
    static CURRENT: RefCell<Option<(Option<u32>, Arc<OriginThread>)>> = const { RefCell::new(None) };
}

impl Origin {
    /// The current time, thread and context.
    pub(crate) fn here() -> Origin {
        Origin {
            time: nanoseconds_since_epoch(),
            thread: OriginThread::current(),
            context: Context::entered(),
        }
    }
}

impl OriginThread {
    fn current() -> Arc<OriginThread> {
        let has_thread_state = interpreter::has_thread_state();
        // In a forked child the thread has another native id.
        let generation = fork::generation();
        let new = || {
            Arc::new(OriginThread {
                ident: interpreter::thread_ident(),
                native_id: interpreter::native_id(),
                rust: thread::current(),
                has_thread_state,
                name: Once::new(),
            })
        };
        let current = CURRENT.try_with(|current| {
            let mut current = current.borrow_mut();
            match &*current {
                Some((found_in, thread))
                    if *found_in == generation && thread.has_thread_state == has_thread_state =>
                {
                    Arc::clone(thread)
                }
                _ => Arc::clone(&current.insert((generation, new())).1),
            }
        });
        // At the end of a thread the variable may be gone.
        current.unwrap_or_else(|_| new())
    }

    /// Whether a `threading.Thread` with the same ident is this thread.
    pub(crate) fn is(&self, thread: &Bound<'_, PyAny>) -> PyResult<bool> {
        if !self.has_thread_state {
            return Ok(false);
        }
        let native_id = thread.getattr_opt("native_id")?;
        let is_same = |id: Bound<'_, PyAny>| {
            id.extract()
                .map_or(true, |id: c_ulong| id == self.native_id)
        };
        if native_id.is_none_or(is_same) {
            return Ok(true);
        }
        // In a forked child, the `native_id` of the thread that forked is still that in the parent.
        let is_child = fork::generation().is_some_and(|generation| generation > 0);
        Ok(is_child
            && THREADING
                .get(intern!(thread.py(), "_main_thread"))?
                .is(thread))
    }
}

/// `time.time_ns()`, as far as the year 2262.
fn nanoseconds_since_epoch() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i64,
        Err(before) => -(before.duration().as_nanos() as i64),
    }
}
