//! pylog's own `cache.rs`, `registry.rs`, `list.rs`, `questions.rs`, `changes.rs` and `hint.rs` on loom's atomics.
//!
//! loom runs a model in every order in which the steps of its threads can happen, with every value that
//! the memory model lets each of them read. The models here are what happens when Python is reconfigured
//! while threads ask for a level, without a GIL that keeps them apart.

/// The level caches, with the names that they have in the runtime.
#[path = "../../../runtime/src/level_cache"]
mod level_cache {
    #[allow(dead_code, reason = "the runtime uses more of it")]
    pub(crate) mod cache;
    pub(crate) mod registry;
}

#[path = "../../../runtime/src/index.rs"]
#[allow(dead_code, reason = "the runtime uses more of it")]
mod index;

#[path = "../../../runtime/src/callsite"]
mod callsite {
    #[allow(dead_code, reason = "the runtime uses more of it")]
    pub(crate) mod questions;
}

#[path = "../../../runtime/src/max_level"]
mod max_level {
    #[allow(dead_code, reason = "the runtime uses more of it")]
    pub(crate) mod changes;
}

#[path = "../../../runtime/src/tracing"]
mod tracing {
    pub(crate) mod hint;
}

#[path = "../../../runtime/src/raw"]
mod raw {
    #[allow(
        unsafe_code,
        reason = "it is a file of the runtime's folder of unsafe code"
    )]
    #[allow(dead_code, reason = "the runtime uses more of it")]
    pub(crate) mod list;
}

mod sync;

mod level {
    /// All that a level cache needs to know of a level.
    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    pub(crate) struct Level(i32);

    #[allow(
        dead_code,
        reason = "some constants are there only for the cache's own tests to compile"
    )]
    impl Level {
        pub(crate) const TRACE: Level = Level(5);
        pub(crate) const DEBUG: Level = Level(10);
        pub(crate) const INFO: Level = Level(20);
        pub(crate) const WARN: Level = Level(30);

        pub(crate) const fn new(levelno: i32) -> Level {
            Level(levelno)
        }

        pub(crate) const fn levelno(self) -> i32 {
            self.0
        }
    }
}

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use loom::sync::atomic::{AtomicBool, AtomicI32, Ordering};
use loom::thread;

use callsite::questions::Questions;
use index::AtomicIndex;
use level::Level;
use level_cache::cache::LevelCache;
use level_cache::registry::Registry;
use log::LevelFilter;
use max_level::changes::{Changes, Maximum};
use raw::list::{Inbox, List};
use tracing::hint::Hint;

/// The content of the cache when the threads begin.
#[derive(Clone, Copy, Debug)]
pub enum Before {
    /// No answer: the call has never been reached.
    Nothing,
    /// Python's first answer.
    TheAnswer,
}

/// `resolvers` threads ask whether Python accepts a level, while another thread changes the answer `changes` times, at
/// last to `accepts`, and reports each change. Returns the number of interleavings in which threads are preempted at
/// most `preemptions` times.
///
/// # Panics
/// If the cache holds a wrong answer at the end of one of them.
pub fn race(
    resolvers: usize,
    changes: usize,
    before: Before,
    accepts: bool,
    preemptions: Option<usize>,
) -> usize {
    check(preemptions, move || {
        let cache: &'static LevelCache = Box::leak(Box::new(LevelCache::new()));
        let registry: &'static Registry = Box::leak(Box::new(Registry::new()));
        let place: &'static AtomicIndex = Box::leak(Box::new(AtomicIndex::none()));
        // A static is there before the threads are.
        assert_eq!(cache.answer(Level::INFO), None);
        assert_eq!(place.get(), None);
        registry.register(cache, &AtomicIndex::none());
        registry.clear_all();
        // Python's own state, with no more order than a plain variable has.
        let at_first = accepts ^ (changes % 2 == 1);
        let python = loom::sync::Arc::new(AtomicBool::new(at_first));
        let resolve = move |python: &AtomicBool| {
            let ticket = cache.ticket(|| registry.register(cache, place));
            ticket.store(Level::INFO, python.load(Ordering::Relaxed));
        };
        if let Before::TheAnswer = before {
            resolve(&python);
        }
        let threads: Vec<_> = (0..resolvers)
            .map(|_| {
                let python = loom::sync::Arc::clone(&python);
                thread::spawn(move || resolve(&python))
            })
            .collect();
        for change in (0..changes).rev() {
            python.store(accepts ^ (change % 2 == 1), Ordering::Relaxed);
            registry.clear_all();
        }
        for thread in threads {
            thread.join().expect("a resolver doesn't panic");
        }
        let answer = cache.answer(Level::INFO);
        assert_ne!(answer, Some(!accepts), "the answer is stale");
    })
}

/// Two threads change what Python answers and report that. Returns the number of interleavings in which threads are
/// preempted at most `preemptions` times.
///
/// # Panics
/// If one of them finds the answer from before its change.
pub fn change_twice(preemptions: usize) -> usize {
    check(Some(preemptions), || {
        let cache: &'static LevelCache = Box::leak(Box::new(LevelCache::new()));
        let registry: &'static Registry = Box::leak(Box::new(Registry::new()));
        let place = AtomicIndex::none();
        let ticket = cache.ticket(|| registry.register(cache, &place));
        ticket.store(Level::INFO, true);
        let change = || {
            registry.clear_all();
            assert_eq!(cache.answer(Level::INFO), None, "the answer is stale");
        };
        let other = thread::spawn(change);
        change();
        other.join().expect("both find no answer");
    })
}

/// Runs `model` in the interleavings in which threads are preempted at most `preemptions` times. Without that bound it
/// runs in all. Returns their number.
fn check(preemptions: Option<usize>, model: impl Fn() + Send + Sync + 'static) -> usize {
    let interleavings = Arc::new(AtomicUsize::new(0));
    let count = Arc::clone(&interleavings);
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = preemptions;
    builder.check(move || {
        count.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        model();
    });
    interleavings.load(std::sync::atomic::Ordering::Relaxed)
}

/// `callers` threads make a call each that finds no room in the queue, while another thread answers the questions
/// that they queue, and one that was queued before. Returns the number of interleavings in which threads are
/// preempted at most `preemptions` times.
///
/// # Panics
/// If a dropped call is counted twice, or by no answer.
pub fn drop_calls(callers: usize, preemptions: usize) -> usize {
    check(Some(preemptions), move || {
        let questions = loom::sync::Arc::new(Questions::new());
        // The queue: how many questions are in it.
        let queued = loom::sync::Arc::new(loom::sync::atomic::AtomicUsize::new(0));
        questions.add();
        queued.fetch_add(1, Ordering::Release);
        let threads: Vec<_> = (0..callers)
            .map(|_| {
                let questions = loom::sync::Arc::clone(&questions);
                let queued = loom::sync::Arc::clone(&queued);
                thread::spawn(move || {
                    if questions.drop_call() {
                        queued.fetch_add(1, Ordering::Release);
                    }
                })
            })
            .collect();
        let answer_all = || {
            let mut dropped = 0;
            while queued.load(Ordering::Acquire) > 0 {
                queued.fetch_sub(1, Ordering::Relaxed);
                dropped += questions.answer();
            }
            dropped
        };
        let mut dropped = answer_all();
        for thread in threads {
            thread.join().expect("a caller doesn't panic");
        }
        dropped += answer_all();
        assert_eq!(dropped, callers);
    })
}

loom::lazy_static! {
    static ref HINT: Hint = Hint::new(LevelFilter::Trace as i32);
    /// The maximum level that `tracing` keeps.
    static ref KEPT: AtomicI32 = AtomicI32::new(LevelFilter::Trace as i32);
}

/// Sets the hint, and has `tracing` read it as its `rebuild_interest_cache` does with one subscriber: without a lock.
fn set_hint(filter: LevelFilter) {
    HINT.set(filter as i32, || {
        KEPT.store(HINT.get(), Ordering::Release);
    });
}

/// `callers` threads make a call each that Python refuses, while one thread makes Python accept the level, and another
/// one reconfigures something else. Returns the number of interleavings in which threads are preempted at
/// most `preemptions` times.
///
/// # Panics
/// If `tracing` rejects the level at the end of one of them.
pub fn change_max_level(callers: usize, preemptions: usize) -> usize {
    check(Some(preemptions), move || {
        let changes: &'static Changes = Box::leak(Box::new(Changes::new(Maximum {
            set: set_hint,
            get: None,
        })));
        changes.follow(LevelFilter::Trace);
        let python = loom::sync::Arc::new(AtomicBool::new(false));
        let mut threads: Vec<_> = (0..callers)
            .map(|_| {
                let python = loom::sync::Arc::clone(&python);
                thread::spawn(move || {
                    if let Some(question) = changes.question() {
                        let accepted = match python.load(Ordering::Relaxed) {
                            true => LevelFilter::Trace,
                            false => LevelFilter::Info,
                        };
                        changes.answer(&question, accepted);
                    }
                })
            })
            .collect();
        threads.push(thread::spawn(|| changes.reset()));
        python.store(true, Ordering::Relaxed);
        changes.reset();
        for thread in threads {
            thread.join().expect("no thread panics");
        }
        assert_eq!(KEPT.load(Ordering::Acquire), LevelFilter::Trace as i32);
    })
}

/// `pushers` threads push two entries each into a list, while another thread reads it. Returns the number of
/// interleavings in which threads are preempted at most `preemptions` times.
///
/// # Panics
/// If an entry is lost, is seen before all of it is there, or isn't where its index says.
pub fn push_into_list(pushers: usize, preemptions: usize) -> usize {
    check(Some(preemptions), move || {
        let list: loom::sync::Arc<List<Entry>> = loom::sync::Arc::new(List::new());
        // A static is there before the threads are. Its first bucket is made in the race.
        assert_eq!((list.count(), list.iter().count()), (0, 0));
        assert!(list.get(0).is_none());
        let mut threads: Vec<_> = (0..pushers)
            .map(|thread| {
                let list = loom::sync::Arc::clone(&list);
                thread::spawn(move || {
                    for number in 0..2 {
                        let index = list.push(Entry::new(2 * thread + number));
                        assert_eq!(list[index].number(), 2 * thread + number);
                    }
                })
            })
            .collect();
        // loom's first order runs the reader last: it doesn't try a store before a load that came first.
        threads.push(thread::spawn({
            let list = loom::sync::Arc::clone(&list);
            move || {
                let entries = (0..2 * pushers).filter_map(|index| list.get(index));
                entries.for_each(|entry| assert!(entry.number() < 2 * pushers));
            }
        }));
        for thread in threads {
            thread.join().expect("no thread panics");
        }
        let mut all: Vec<_> = list.iter().map(|(_, entry)| entry.number()).collect();
        all.sort_unstable();
        assert_eq!(all, (0..2 * pushers).collect::<Vec<_>>());
        assert_eq!(list.count(), all.len());
    })
}

/// `pushers` threads put down two values each, while another thread takes them. Returns the number of
/// interleavings in which threads are preempted at most `preemptions` times.
///
/// # Panics
/// If a value is lost, is taken twice or before an earlier one of its thread, or is taken before all of it is there.
pub fn take_from_inbox(pushers: usize, preemptions: usize) -> usize {
    check(Some(preemptions), move || {
        let inbox: loom::sync::Arc<Inbox<Entry>> = loom::sync::Arc::new(Inbox::new());
        assert!(inbox.is_empty());
        let threads: Vec<_> = (0..pushers)
            .map(|thread| {
                let inbox = loom::sync::Arc::clone(&inbox);
                thread::spawn(move || {
                    for number in 0..2 {
                        inbox.push(Entry::new(2 * thread + number));
                    }
                })
            })
            .collect();
        let mut taken = Vec::new();
        let mut take = || taken.extend(inbox.take().reversed().map(|entry| entry.number()));
        take();
        take();
        for thread in threads {
            thread.join().expect("a pusher doesn't panic");
        }
        take();
        for thread in 0..pushers {
            let of_thread = taken.iter().copied().filter(|number| number / 2 == thread);
            assert_eq!(of_thread.collect::<Vec<_>>(), [2 * thread, 2 * thread + 1]);
        }
        assert_eq!(taken.len(), 2 * pushers);
    })
}

/// A number that a thread reads as 0 if it can see the entry before what was written to it.
struct Entry(loom::sync::atomic::AtomicUsize);

impl Entry {
    fn new(number: usize) -> Entry {
        let written = loom::sync::atomic::AtomicUsize::new(0);
        written.store(number + 1, Ordering::Relaxed);
        Entry(written)
    }

    fn number(&self) -> usize {
        let written = self.0.load(Ordering::Relaxed);
        written.checked_sub(1).expect("all of the entry is there")
    }
}
