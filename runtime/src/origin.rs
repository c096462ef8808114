//! When and where a call was made that is delivered later, by another thread.

use std::ffi::c_ulong;
use std::thread::{self, Thread};

use crate::context::Context;
use crate::interpreter;
use crate::record::nanoseconds_since_epoch;

pub(crate) struct Origin {
    /// Since the epoch.
    pub(crate) nanoseconds: Option<i64>,
    /// What `threading.get_ident()` gives.
    pub(crate) ident: c_ulong,
    pub(crate) thread: Thread,
    /// Whether Python may have a `threading.Thread` for it.
    pub(crate) is_known: bool,
    pub(crate) context: Option<Context>,
}

impl Origin {
    /// Here and now.
    pub(crate) fn here() -> Origin {
        Origin {
            nanoseconds: nanoseconds_since_epoch(),
            ident: interpreter::thread_ident(),
            thread: thread::current(),
            is_known: interpreter::has_thread_state(),
            context: Context::entered(),
        }
    }
}
