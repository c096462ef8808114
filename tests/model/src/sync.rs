//! The same types as in `runtime/src/sync.rs`, from loom.

pub(crate) use std::sync::PoisonError;
use std::sync::{LockResult, OnceLock};

pub(crate) use loom::sync::MutexGuard;
pub(crate) use loom::sync::atomic::{Ordering, fence};

/// An atomic of loom, made on first use, because loom's can't be made in a constant. The names in brackets are operations
/// that take a value and an order.
macro_rules! made_on_first_use {
    ($name:ident, $integer:ty, [$($operation:ident)*], { $($methods:tt)* }) => {
        pub(crate) struct $name {
            first: $integer,
            atomic: OnceLock<loom::sync::atomic::$name>,
        }

        impl $name {
            pub(crate) const fn new(first: $integer) -> $name {
                let atomic = OnceLock::new();
                $name { first, atomic }
            }

            fn get(&self) -> &loom::sync::atomic::$name {
                let make = || loom::sync::atomic::$name::new(self.first);
                self.atomic.get_or_init(make)
            }

            pub(crate) fn load(&self, order: Ordering) -> $integer {
                self.get().load(order)
            }

            #[allow(dead_code, reason = "not each of them needs it")]
            pub(crate) fn compare_exchange(
                &self,
                from: $integer,
                to: $integer,
                success: Ordering,
                failure: Ordering,
            ) -> Result<$integer, $integer> {
                self.get().compare_exchange(from, to, success, failure)
            }

            $(
                pub(crate) fn $operation(&self, value: $integer, order: Ordering) -> $integer {
                    self.get().$operation(value, order)
                }
            )*

            $($methods)*
        }
    };
}

made_on_first_use!(AtomicI32, i32, [swap], {
    /// A swap. Every other change of the value is a read-modify-write, so that a store can't come
    /// between one of them and the value that it read; loom knows that of a swap, but not of a store.
    /// The swap's reading order doesn't matter, because the storing thread reads nothing afterwards.
    pub(crate) fn store(&self, value: i32, order: Ordering) {
        assert_eq!(order, Ordering::Release);
        self.get().swap(value, Ordering::AcqRel);
    }
});

made_on_first_use!(AtomicU32, u32, [], {
    pub(crate) fn store(&self, value: u32, order: Ordering) {
        self.get().store(value, order);
    }
});

made_on_first_use!(AtomicU64, u64, [swap fetch_add fetch_or], {
    pub(crate) fn store(&self, value: u64, order: Ordering) {
        self.get().store(value, order);
    }

    pub(crate) fn fetch_update(
        &self,
        set: Ordering,
        fetch: Ordering,
        update: impl FnMut(u64) -> Option<u64>,
    ) -> Result<u64, u64> {
        self.get().fetch_update(set, fetch, update)
    }
});

made_on_first_use!(AtomicUsize, usize, [fetch_add fetch_sub fetch_max], {
    pub(crate) fn store(&self, value: usize, order: Ordering) {
        self.get().store(value, order);
    }
});

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

/// Promises no more than `boxcar::Vec` does: a thread that sees an element sees all of it, and an index
/// can be taken before the element is there.
pub(crate) struct List<T> {
    count: AtomicUsize,
    slots: [Slot<T>; 3],
}

struct Slot<T> {
    element: OnceLock<T>,
    /// Whether loom lets a thread see the element.
    is_there: AtomicUsize,
}

impl<T> Slot<T> {
    const fn empty() -> Slot<T> {
        Slot {
            element: OnceLock::new(),
            is_there: AtomicUsize::new(0),
        }
    }
}

impl<T> List<T> {
    pub(crate) const fn new() -> List<T> {
        let slots = [const { Slot::empty() }; 3];
        let count = AtomicUsize::new(0);
        List { count, slots }
    }

    pub(crate) fn push(&self, element: T) -> usize {
        let index = self.count.fetch_add(1, Ordering::Relaxed);
        for slot in &self.slots {
            // The first thread makes loom's types of all of them.
            let _ = slot.is_there.load(Ordering::Relaxed);
        }
        let slot = &self.slots[index];
        assert!(
            slot.element.set(element).is_ok(),
            "each element has an index of its own"
        );
        slot.is_there.store(1, Ordering::Release);
        index
    }

    pub(crate) fn get(&self, index: usize) -> Option<&T> {
        let slot = self.slots.get(index)?;
        let is_there = slot.is_there.load(Ordering::Acquire) == 1;
        is_there.then(|| slot.element.get()).flatten()
    }

    /// The elements that can be seen.
    pub(crate) fn iter(&self) -> impl Iterator<Item = (usize, &T)> {
        (0..self.slots.len()).filter_map(|index| Some((index, self.get(index)?)))
    }
}
