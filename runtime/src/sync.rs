//! The types of the algorithms without locks that `tests/model` checks. There loom's types take their place, to
//! try every interleaving of threads.

pub(crate) use std::sync::atomic::{AtomicI32, AtomicU64, Ordering, fence};

/// Lock-free, and only ever grows.
pub(crate) type List<T> = boxcar::Vec<T>;
