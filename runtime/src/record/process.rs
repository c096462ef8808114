//! The current process.

use std::sync::atomic::{AtomicU32, Ordering};

use crate::fork;

/// 0 until it is asked.
static KNOWN: AtomicU32 = AtomicU32::new(0);

/// `os.getpid()`. That is a system call, so it is made again only in a forked child.
pub(super) fn id() -> u32 {
    match KNOWN.load(Ordering::Relaxed) {
        0 => {
            let id = std::process::id();
            if fork::is_watched() {
                KNOWN.store(id, Ordering::Relaxed);
            }
            id
        }
        known => known,
    }
}

/// For a forked child.
pub(crate) fn forget() {
    KNOWN.store(0, Ordering::Relaxed);
}
