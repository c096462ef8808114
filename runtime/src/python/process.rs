//! This process, and what is remembered of it.
//!
//! A child has one thread, the one that forked; everything else is as it was in the parent at that
//! moment. So whatever is remembered of threads or of the process is remembered together with the
//! [generation] in which it was found, and is void in another one.

use std::cell::Cell;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::index::AtomicIndex;
use crate::raw::list::List;
use crate::raw::system;

/// How many forks lie between the first process and this one. The system counts them, so that forks made in C count
/// too, and a child knows before its first hook runs. `None` before [`prepare`][super::fork::prepare].
pub(crate) fn generation() -> Option<u32> {
    system::forks()
}

/// A value that each process makes for itself. A child doesn't have the threads that were at work on the value of its
/// parent, so it makes a new one, whoever has forked it. The old one is leaked.
pub(crate) struct OfProcess<T: 'static> {
    /// With the generations that made them.
    values: List<(u32, T)>,
    /// The place of the latest value.
    latest: AtomicIndex,
}

impl<T> OfProcess<T> {
    pub(crate) const fn new() -> OfProcess<T> {
        OfProcess {
            values: List::new(),
            latest: AtomicIndex::none(),
        }
    }

    /// The value of this process, if it has made one.
    pub(crate) fn get(&self) -> Option<&T> {
        let (made_in, value) = &self.values[self.latest.get()?];
        (*made_in == generation().unwrap_or_default()).then_some(value)
    }

    /// The value of this process. `make` is given the previous value, that of a parent. Several threads may make it
    /// at the same time; one of these values is kept.
    pub(crate) fn get_or_make(&self, make: impl Fn(Option<&T>) -> T) -> &T {
        loop {
            if let Some(value) = self.get() {
                return value;
            }
            let latest = self.latest.get();
            let made = make(latest.map(|latest| &self.values[latest].1));
            let made_in = generation().unwrap_or_default();
            self.latest
                .replace(latest, self.values.push((made_in, made)));
        }
    }

    /// Whether any process has made a value.
    pub(crate) fn is_in_use(&self) -> bool {
        self.latest.get().is_some()
    }
}

/// The generation of the child whose first thread has ended, plus one; 0 if there is none.
static FIRST_THREAD_HAS_ENDED_IN: AtomicU32 = AtomicU32::new(0);

/// Whether the first thread of this process, a forked child, has ended, otherwise than by the end of the process. The process
/// ends with the last of its threads then, so no thread of pylog's may wait for something to do.
pub(crate) fn has_first_thread_ended() -> bool {
    let ended_in = FIRST_THREAD_HAS_ENDED_IN.load(Ordering::SeqCst);
    ended_in != 0 && ended_in == here()
}

/// The [generation] of this process, plus one: never 0.
pub(crate) fn here() -> u32 {
    generation().map_or(1, |generation| generation + 1)
}

/// Finds out when the first thread of a forked child ends, which is the current one. Then calls `on_end`.
pub(crate) fn watch_first_thread(on_end: fn()) {
    struct FirstThread {
        of: u32,
        on_end: fn(),
    }
    impl Drop for FirstThread {
        fn drop(&mut self) {
            // Not that of a parent, which is dropped below or in another fork of this thread.
            if self.of == here() {
                FIRST_THREAD_HAS_ENDED_IN.store(self.of, Ordering::SeqCst);
                (self.on_end)();
            }
        }
    }
    thread_local! {
        static FIRST_THREAD: Cell<Option<FirstThread>> = const { Cell::new(None) };
    }
    let first = FirstThread { of: here(), on_end };
    let _ = FIRST_THREAD.try_with(|it| it.set(Some(first)));
}
