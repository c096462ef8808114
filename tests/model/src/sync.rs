//! What `runtime/src/sync.rs` has, for loom.

use std::marker::PhantomData;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};

use loom::sync::atomic::AtomicUsize;
pub(crate) use loom::sync::atomic::{Ordering, fence};

use crate::gate::Gate;

/// loom's, made on first use: loom has none that can stand in a constant.
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

    /// As all else that changes it is read-modify-write, each of which comes right behind what it read,
    /// a store has its place among them as well. loom knows that only of a swap. The order in which
    /// that reads is nobody's concern: who stores here reads nothing more.
    pub(crate) fn store(&self, value: i32, order: Ordering) {
        assert_eq!(order, Ordering::Release);
        self.get().swap(value, Ordering::AcqRel);
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

loom::lazy_static! {
    static ref COUNT: AtomicUsize = AtomicUsize::new(0);
    static ref SLOTS: [AtomicUsize; 2] = std::array::from_fn(|_| AtomicUsize::new(0));
}

/// What the numbers in the slots stand for, less one.
static KNOWN: Mutex<Vec<&'static Gate>> = Mutex::new(Vec::new());

fn known() -> MutexGuard<'static, Vec<&'static Gate>> {
    KNOWN.lock().unwrap_or_else(PoisonError::into_inner)
}

/// `boxcar::Vec` promises no more than this: who sees an element sees it whole, and who has a place
/// need not have put anything there yet. There is one in a model.
pub(crate) struct List<T>(PhantomData<T>);

impl List<&'static Gate> {
    pub(crate) const fn new() -> Self {
        List(PhantomData)
    }

    pub(crate) fn push(&self, gate: &'static Gate) {
        let number = {
            let mut known = known();
            known.push(gate);
            known.len()
        };
        let place = COUNT.fetch_add(1, Ordering::Relaxed);
        SLOTS[place].store(number, Ordering::Release);
    }

    /// Those that can be seen.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &'static Gate)> {
        SLOTS.iter().enumerate().filter_map(|(place, slot)| {
            let index = slot.load(Ordering::Acquire).checked_sub(1)?;
            Some((place, known()[index]))
        })
    }
}
