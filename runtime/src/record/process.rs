//! The current process.

use std::sync::atomic::{AtomicU64, Ordering};

use crate::python::process;

/// The id of the process and, in the upper half, the generation in which it was asked for. 0 at first.
static KNOWN: AtomicU64 = AtomicU64::new(0);

/// `os.getpid()`. That is a system call, so the answer is kept until the process forks.
pub(super) fn id() -> u32 {
    let Some(generation) = process::generation() else {
        return std::process::id();
    };
    let known = KNOWN.load(Ordering::Relaxed);
    if known != 0 && (known >> 32) as u32 == generation {
        return known as u32;
    }
    let id = std::process::id();
    KNOWN.store(
        u64::from(generation) << 32 | u64::from(id),
        Ordering::Relaxed,
    );
    id
}
