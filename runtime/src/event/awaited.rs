//! Waiting for the delivery of a record.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

/// How often a thread looks before it sleeps. This takes some 20 microseconds. A delivery takes less if the drain
/// thread is at work, and to sleep and to be woken takes more. Between two looks the thread lets others run: on a busy
/// system the drain thread may wait for its processor.
const LOOKS_BEFORE_SLEEP: u32 = 20;

/// The records of one thread that it waits for. They are delivered in the order of the calls.
pub(crate) struct Awaited {
    /// How many there were.
    announced: AtomicUsize,
    /// How many of them have been delivered.
    delivered: AtomicUsize,
    /// Whether the thread sleeps.
    ///
    /// The thread stores this and then looks at `delivered`, and whoever delivers does both in the other order. At
    /// least one of them sees the other, since these accesses are sequentially consistent.
    sleeps: AtomicBool,
}

impl Awaited {
    pub(super) fn new() -> Awaited {
        Awaited {
            announced: AtomicUsize::new(0),
            delivered: AtomicUsize::new(0),
            sleeps: AtomicBool::new(false),
        }
    }

    /// Announces that this thread is going to wait for its next record. Returns the number of that record.
    pub(crate) fn announce(&self) -> usize {
        self.announced.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Takes that back.
    pub(crate) fn revoke(&self) {
        self.announced.fetch_sub(1, Ordering::Relaxed);
    }

    fn has(&self, number: usize) -> bool {
        self.delivered.load(Ordering::SeqCst) >= number
    }

    /// Waits in the thread that has announced a record, as long as `left` returns for how long it may do so from then
    /// on. Spins first if `may_spin`. Returns whether the record has been delivered.
    pub(crate) fn wait(
        &self,
        number: usize,
        may_spin: bool,
        left: impl Fn() -> Option<Duration>,
    ) -> bool {
        let looks = if may_spin { LOOKS_BEFORE_SLEEP } else { 0 };
        for _ in 0..looks {
            if self.has(number) {
                return true;
            }
            thread::yield_now();
        }
        while let Some(left) = left() {
            self.sleeps.store(true, Ordering::SeqCst);
            if self.has(number) {
                break;
            }
            thread::park_timeout(left);
        }
        self.sleeps.store(false, Ordering::SeqCst);
        self.has(number)
    }

    /// A record has been delivered.
    pub(super) fn acknowledge(&self, thread: &Thread) {
        self.delivered.fetch_add(1, Ordering::SeqCst);
        if self.sleeps.swap(false, Ordering::SeqCst) {
            thread.unpark();
        }
    }
}
