//! Holding the drain thread between two records.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

/// Whether the drain thread is held, whether it delivers a record, and whether it may have the GIL.
///
/// The drain thread says what it does before it looks whether it is held, and a thread that holds it does both in the
/// other order. At least one of them sees the other, since all accesses are sequentially consistent.
pub(super) struct Hold {
    holders: AtomicUsize,
    is_delivering: AtomicBool,
    is_attaching: AtomicBool,
}

/// A guard: the flag is set while it lives.
pub(super) struct While<'a>(&'a AtomicBool);

impl Drop for While<'_> {
    fn drop(&mut self) {
        self.0.store(false, Ordering::SeqCst);
    }
}

impl Hold {
    pub(super) fn new() -> Hold {
        Hold {
            holders: AtomicUsize::new(0),
            is_delivering: AtomicBool::new(false),
            is_attaching: AtomicBool::new(false),
        }
    }

    /// The drain thread may have the GIL from now on. `None` while it is held.
    pub(super) fn start_attaching(&self) -> Option<While<'_>> {
        self.start(&self.is_attaching, true)
    }

    /// A record is delivered from now on. `None` while deliveries are held, if this one `can_be_held`.
    pub(super) fn start_delivery(&self, can_be_held: bool) -> Option<While<'_>> {
        self.start(&self.is_delivering, can_be_held)
    }

    fn start<'a>(&self, what: &'a AtomicBool, can_be_held: bool) -> Option<While<'a>> {
        what.store(true, Ordering::SeqCst);
        let started = While(what);
        (!can_be_held || !self.is_held()).then_some(started)
    }

    pub(super) fn is_held(&self) -> bool {
        self.holders.load(Ordering::SeqCst) > 0
    }

    /// No delivery starts from now on.
    pub(super) fn begin(&self) {
        self.holders.fetch_add(1, Ordering::SeqCst);
    }

    pub(super) fn end(&self) {
        let less = |holders: usize| holders.checked_sub(1);
        // There may have been no queue when the fork began.
        let _ = self
            .holders
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, less);
    }

    /// Whether no delivery is under way.
    pub(super) fn is_effective(&self) -> bool {
        !self.is_delivering.load(Ordering::SeqCst)
    }

    /// Whether the drain thread hasn't got the GIL.
    pub(super) fn is_detached(&self) -> bool {
        !self.is_attaching.load(Ordering::SeqCst)
    }
}

pub(super) fn wait_until(timeout: Duration, is_over: impl Fn() -> bool) {
    let end = Instant::now() + timeout;
    while !is_over() && Instant::now() < end {
        thread::sleep(Duration::from_micros(100));
    }
}
