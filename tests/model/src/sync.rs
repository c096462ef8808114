//! The same types as in `runtime/src/sync.rs`, from loom.

use std::ptr;
pub(crate) use std::sync::PoisonError;
use std::sync::{LockResult, OnceLock};

pub(crate) use loom::sync::MutexGuard;
pub(crate) use loom::sync::atomic::{Ordering, fence};

/// An atomic of loom, made on first use, because loom's can't be made in a constant. The names in brackets are operations
/// that take a value and an order.
macro_rules! made_on_first_use {
    ($name:ident, $integer:ty, [$($operation:ident)*], { $($methods:tt)* }) => {
        #[derive(Debug)]
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

made_on_first_use!(AtomicUsize, usize, [fetch_add fetch_sub fetch_max], {});

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

/// loom's type, made on first use as well if it is a constant. It begins with null, as each one of the runtime does.
pub(crate) struct AtomicPtr<T> {
    atomic: OnceLock<loom::sync::atomic::AtomicPtr<T>>,
}

impl<T> AtomicPtr<T> {
    pub(crate) const fn new(first: *mut T) -> AtomicPtr<T> {
        assert!(first.is_null());
        let atomic = OnceLock::new();
        AtomicPtr { atomic }
    }

    fn get(&self) -> &loom::sync::atomic::AtomicPtr<T> {
        let make = || loom::sync::atomic::AtomicPtr::new(ptr::null_mut());
        self.atomic.get_or_init(make)
    }

    pub(crate) fn load(&self, order: Ordering) -> *mut T {
        self.get().load(order)
    }

    pub(crate) fn store(&self, value: *mut T, order: Ordering) {
        self.get().store(value, order);
    }

    pub(crate) fn swap(&self, value: *mut T, order: Ordering) -> *mut T {
        self.get().swap(value, order)
    }

    pub(crate) fn compare_exchange(
        &self,
        from: *mut T,
        to: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        self.get().compare_exchange(from, to, success, failure)
    }

    /// loom's doesn't fail without a reason either.
    pub(crate) fn compare_exchange_weak(
        &self,
        from: *mut T,
        to: *mut T,
        success: Ordering,
        failure: Ordering,
    ) -> Result<*mut T, *mut T> {
        self.compare_exchange(from, to, success, failure)
    }
}

impl<T> Default for AtomicPtr<T> {
    fn default() -> AtomicPtr<T> {
        let atomic = AtomicPtr::new(ptr::null_mut());
        atomic.get();
        atomic
    }
}
