//! What gates are made of. `tests/model` has loom's in its place, and tries every interleaving.

pub(crate) use std::sync::atomic::{AtomicI32, Ordering, fence};

/// Lock-free, and only ever grows.
pub(crate) type List<T> = boxcar::Vec<T>;
