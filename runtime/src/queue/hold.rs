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

/// A guard: the drain thread may have the GIL while it lives.
pub(super) struct Attaching<'a>(&'a Hold);

impl Drop for Attaching<'_> {
    fn drop(&mut self) {
        self.0.is_attaching.store(false, Ordering::SeqCst);
    }
}

/// A guard: a record is being delivered while it lives.
pub(super) struct Delivering<'a>(&'a Hold);

impl Drop for Delivering<'_> {
    fn drop(&mut self) {
        self.0.is_delivering.store(false, Ordering::SeqCst);
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

    /// `None` while the drain thread is held.
    pub(super) fn start_attaching(&self) -> Option<Attaching<'_>> {
        self.is_attaching.store(true, Ordering::SeqCst);
        let attaching = Attaching(self);
        (!self.is_held()).then_some(attaching)
    }

    /// `None` while deliveries are held, if this one `can_be_held`.
    pub(super) fn start_delivery(&self, can_be_held: bool) -> Option<Delivering<'_>> {
        self.is_delivering.store(true, Ordering::SeqCst);
        let delivering = Delivering(self);
        (!can_be_held || !self.is_held()).then_some(delivering)
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

    /// Waits for the end of the delivery that is under way.
    pub(super) fn wait_until_effective(&self, timeout: Duration) {
        wait_until(timeout, || self.is_effective());
    }

    /// Waits until the drain thread hasn't got the GIL.
    pub(super) fn wait_until_detached(&self, timeout: Duration) {
        wait_until(timeout, || self.is_detached());
    }
}

fn wait_until(timeout: Duration, is_over: impl Fn() -> bool) {
    let end = Instant::now() + timeout;
    while !is_over() && Instant::now() < end {
        thread::sleep(Duration::from_micros(100));
    }
}
