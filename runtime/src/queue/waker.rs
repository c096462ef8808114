//! The rest of the drain thread, and how it is woken.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};
use std::thread::{self, Thread};
use std::time::Duration;

/// How long the drain thread lets records collect that come one by one. Waking a thread costs more than
/// queueing a record.
const NAP: Duration = Duration::from_millis(5);

/// After how many naps without a record the drain thread sleeps until it is woken.
const NAPS_BEFORE_SLEEP: u32 = 200;

const BUSY: u8 = 0;
const NAPPING: u8 = 1;
const ASLEEP: u8 = 2;

/// The drain thread, as seen by the threads that put something into the queue.
///
/// Before it sleeps, the drain thread writes that into `state` and then looks at the queue's counts. A thread that
/// puts something in raises a count and then looks at `state`. At least one of them has to see the other, so
/// these four accesses are sequentially consistent. The other accesses to `state` need no order.
pub(super) struct Waker {
    is_spawned: AtomicBool,
    /// Set by the drain thread before it first rests.
    thread: OnceLock<Thread>,
    state: AtomicU8,
}

impl Waker {
    pub(super) fn new() -> Waker {
        Waker {
            is_spawned: AtomicBool::new(false),
            thread: OnceLock::new(),
            state: AtomicU8::new(BUSY),
        }
    }

    /// Whether the current thread is to spawn the drain thread. [`Waker::has_no_thread`] undoes that.
    pub(super) fn claim_spawn(&self) -> bool {
        !self.is_spawned.load(Ordering::SeqCst) && !self.is_spawned.swap(true, Ordering::SeqCst)
    }

    /// There is no drain thread, because no thread can be started at the moment, or because it has ended. The next thread that
    /// logs tries again.
    pub(super) fn has_no_thread(&self) {
        self.is_spawned.store(false, Ordering::SeqCst);
    }

    /// Whether there is a drain thread, or another thread is about to spawn it.
    pub(super) fn has_thread(&self) -> bool {
        self.is_spawned.load(Ordering::SeqCst)
    }

    /// Makes the current thread the drain thread.
    pub(super) fn set_thread(&self) {
        let _ = self.thread.set(thread::current());
    }

    /// Something has been put into the queue. Ends a nap only if that `is_urgent`.
    pub(super) fn notice(&self, is_urgent: bool) {
        match self.state.load(Ordering::SeqCst) {
            BUSY => {}
            NAPPING if !is_urgent => {}
            _ => self.wake(),
        }
    }

    pub(super) fn wake(&self) {
        let is_busy = self.state.load(Ordering::SeqCst) == BUSY;
        if !is_busy && self.state.swap(BUSY, Ordering::Relaxed) != BUSY {
            if let Some(thread) = self.thread.get() {
                thread.unpark();
            }
        }
    }

    /// Returns when a condition doesn't hold any more. Whoever changes that calls [`Waker::wake`].
    pub(super) fn wait_while(&self, condition: impl Fn() -> bool) {
        while condition() {
            self.state.store(NAPPING, Ordering::Relaxed);
            thread::park_timeout(NAP);
        }
        self.state.store(BUSY, Ordering::Relaxed);
    }

    /// Returns when there is something to do. `may_sleep` looks at the counts.
    pub(super) fn rest(&self, has_work: impl Fn() -> bool, may_sleep: impl Fn() -> bool) {
        for _ in 0..NAPS_BEFORE_SLEEP {
            self.state.store(NAPPING, Ordering::Relaxed);
            thread::park_timeout(NAP);
            if has_work() {
                self.state.store(BUSY, Ordering::Relaxed);
                return;
            }
        }
        self.state.store(ASLEEP, Ordering::SeqCst);
        while may_sleep() && self.state.load(Ordering::Relaxed) == ASLEEP {
            thread::park();
        }
        self.state.store(BUSY, Ordering::Relaxed);
    }
}
