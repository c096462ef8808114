//! The same types as in `runtime/src/sync.rs`, from loom.

use std::marker::PhantomData;
pub(crate) use std::sync::PoisonError;
use std::sync::{LockResult, OnceLock};

pub(crate) use loom::sync::MutexGuard;
use loom::sync::atomic::AtomicUsize;
pub(crate) use loom::sync::atomic::{AtomicU64, Ordering, fence};

use crate::level_cache::cache::LevelCache;

/// loom's type, made on first use, because loom's can't be made in a constant.
pub(crate) struct AtomicI32 {
    first: i32,
    atomic: OnceLock<loom::sync::atomic::AtomicI32>,
}

impl AtomicI32 {
    pub(crate) const fn new(first: i32) -> AtomicI32 {
        let atomic = OnceLock::new();
        AtomicI32 { first, atomic }
    }

    fn get(&self) -> &loom::sync::atomic::AtomicI32 {
        let make = || loom::sync::atomic::AtomicI32::new(self.first);
        self.atomic.get_or_init(make)
    }

    pub(crate) fn load(&self, order: Ordering) -> i32 {
        self.get().load(order)
    }

    /// A swap. Every other change of the value is a read-modify-write, so that a store can't come
    /// between one of them and the value that it read; loom knows that of a swap, but not of a store.
    /// The swap's reading order doesn't matter, because the storing thread reads nothing afterwards.
    pub(crate) fn store(&self, value: i32, order: Ordering) {
        assert_eq!(order, Ordering::Release);
        self.get().swap(value, Ordering::AcqRel);
    }

    pub(crate) fn swap(&self, value: i32, order: Ordering) -> i32 {
        self.get().swap(value, order)
    }

    pub(crate) fn compare_exchange(
        &self,
        from: i32,
        to: i32,
        success: Ordering,
        failure: Ordering,
    ) -> Result<i32, i32> {
        self.get().compare_exchange(from, to, success, failure)
    }
}

/// loom's type, made on first use as well.
pub(crate) struct Mutex<T> {
    first: std::sync::Mutex<Option<T>>,
    mutex: OnceLock<loom::sync::Mutex<T>>,
}

impl<T> Mutex<T> {
    pub(crate) const fn new(first: T) -> Mutex<T> {
        Mutex {
            first: std::sync::Mutex::new(Some(first)),
            mutex: OnceLock::new(),
        }
    }

    pub(crate) fn lock(&self) -> LockResult<MutexGuard<'_, T>> {
        let make = || {
            let first = self.first.lock().unwrap_or_else(PoisonError::into_inner);
            loom::sync::Mutex::new({ first }.take().expect("made once"))
        };
        self.mutex.get_or_init(make).lock()
    }
}

loom::lazy_static! {
    static ref COUNT: AtomicUsize = AtomicUsize::new(0);
    static ref SLOTS: [AtomicUsize; 2] = std::array::from_fn(|_| AtomicUsize::new(0));
}

/// A slot holds an index into this list, plus one.
static KNOWN: std::sync::Mutex<Vec<&'static LevelCache>> = std::sync::Mutex::new(Vec::new());

fn known() -> std::sync::MutexGuard<'static, Vec<&'static LevelCache>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Promises no more than `boxcar::Vec` does: a thread that sees an element sees all of it, and an index
/// can be taken before the element is there. A model has one list.
pub(crate) struct List<T>(PhantomData<T>);

impl List<&'static LevelCache> {
    pub(crate) const fn new() -> Self {
        List(PhantomData)
    }

    pub(crate) fn push(&self, cache: &'static LevelCache) {
        let number = {
            let mut known = known();
            known.push(cache);
            known.len()
        };
        let slot = COUNT.fetch_add(1, Ordering::Relaxed);
        SLOTS[slot].store(number, Ordering::Release);
    }

    /// The elements that can be seen.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &'static LevelCache)> {
        SLOTS.iter().enumerate().filter_map(|(index, slot)| {
            let known_index = slot.load(Ordering::Acquire).checked_sub(1)?;
            Some((index, known()[known_index]))
        })
    }
}
