//! The types of the algorithms that `tests/model` checks. There loom's types take their place, to
//! try every interleaving of threads.

pub(crate) use std::sync::atomic::{
    AtomicI32, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering, fence,
};
#[cfg(feature = "log")]
pub(crate) use std::sync::{Mutex, MutexGuard, PoisonError};
