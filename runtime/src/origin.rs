//! When and where a call was made that is delivered later, by another thread.

use std::cell::RefCell;
use std::ffi::c_ulong;
use std::sync::Arc;
use std::thread::{self, Thread};

use pyo3::prelude::*;

use crate::context::Context;
use crate::interpreter;
use crate::once::Once;
use crate::record::nanoseconds_since_epoch;

pub(crate) struct Origin {
    /// Since the epoch.
    pub(crate) nanoseconds: i64,
    pub(crate) thread: Arc<OriginThread>,
    pub(crate) context: Option<Context>,
}

/// A thread that may have ended since.
pub(crate) struct OriginThread {
    /// What `threading.get_ident()` gives.
    pub(crate) ident: c_ulong,
    /// What `threading.get_native_id()` gives, by which it is told from later ones with its ident.
    pub(crate) native_id: c_ulong,
    pub(crate) rust: Thread,
    /// Whether Python may have a `threading.Thread` for it.
    is_known: bool,
    /// The name that it had in Python when that could first be seen.
    pub(crate) name: Once<Py<PyAny>>,
}

thread_local! {
    static CURRENT: RefCell<Option<Arc<OriginThread>>> = const { RefCell::new(None) };
}

impl Origin {
    /// Here and now.
    pub(crate) fn here() -> Origin {
        Origin {
            nanoseconds: nanoseconds_since_epoch(),
            thread: OriginThread::current(),
            context: Context::entered(),
        }
    }
}

impl OriginThread {
    fn current() -> Arc<OriginThread> {
        let is_known = interpreter::has_thread_state();
        let new = || {
            Arc::new(OriginThread {
                ident: interpreter::thread_ident(),
                native_id: interpreter::native_id(),
                rust: thread::current(),
                is_known,
                name: Once::new(),
            })
        };
        let current = CURRENT.try_with(|current| {
            let mut current = current.borrow_mut();
            match &*current {
                Some(thread) if thread.is_known == is_known => Arc::clone(thread),
                _ => Arc::clone(current.insert(new())),
            }
        });
        // At the end of a thread.
        current.unwrap_or_else(|_| new())
    }

    /// Whether a `threading.Thread` that has its ident is this one.
    pub(crate) fn is(&self, thread: &Bound<'_, PyAny>) -> PyResult<bool> {
        if !self.is_known {
            return Ok(false);
        }
        let native_id = thread.getattr_opt("native_id")?;
        Ok(native_id.is_none_or(|id| {
            id.extract()
                .map_or(true, |id: c_ulong| id == self.native_id)
        }))
    }
}

/// For a forked child, whose one thread is another to the operating system.
pub(crate) fn forget_thread() {
    let _ = CURRENT.try_with(|current| current.take());
}
