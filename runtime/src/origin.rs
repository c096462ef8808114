//! When and where a call was made that is delivered later, by another thread.

use std::cell::OnceCell;
use std::ffi::c_ulong;
use std::sync::Arc;
use std::thread::{self, Thread};

use crate::context::Context;
use crate::interpreter;
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
    pub(crate) rust: Thread,
    /// Whether Python may have a `threading.Thread` for it.
    pub(crate) is_known: bool,
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
        thread_local! {
            static CURRENT: OnceCell<Arc<OriginThread>> = const { OnceCell::new() };
        }
        let new = || {
            Arc::new(OriginThread {
                ident: interpreter::thread_ident(),
                rust: thread::current(),
                is_known: interpreter::has_thread_state(),
            })
        };
        let current = CURRENT.try_with(|current| Arc::clone(current.get_or_init(new)));
        // At the end of a thread.
        current.unwrap_or_else(|_| new())
    }
}
