//! The types that level caches consist of. `tests/model` replaces it with loom's types, to try every
//! interleaving of threads.

pub(crate) use std::sync::atomic::{AtomicI32, Ordering, fence};

/// Lock-free, and only ever grows.
pub(crate) type List<T> = boxcar::Vec<T>;
