//! Python objects that pylog keeps until the interpreter ends.
//!
//! The objects of a program can be reached from most objects of Python's library: `logging` has the root
//! logger, its handlers and their filters, and each Python function has the globals of its module. While a
//! static holds such an object, Python can't free what is reachable from it, so buffered data would be lost
//! and no `__del__` would run. That is why such objects are in a [`Kept`], and are [released][release_all] when the
//! interpreter ends.
//!
//! Objects that lead to no other object are in a [`Once`][crate::raw::once::Once]: strings, builtin types, weak references,
//! functions of pylog's own.

use std::convert::Infallible;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;

use crate::raw::list::List;
use crate::raw::shared::{AnySlot, Slot};
use crate::raw::watching::CHANGES;

pub(crate) use crate::raw::shared::Shared;

/// A value that is made on first use, and that holds Python objects.
///
/// Several threads may make it at the same time; the first one to finish is kept. Once the objects have been
/// released, the value is made at each use.
pub(crate) struct Kept<T: 'static> {
    slot: Slot<T>,
    is_listed: AtomicBool,
}

/// Everything that has ever held a value.
static ALL: List<&'static AnySlot> = List::new();

static ARE_RELEASED: AtomicBool = AtomicBool::new(false);

/// Whether the objects have been released.
pub(crate) fn are_released() -> bool {
    ARE_RELEASED.load(Ordering::SeqCst)
}

/// Releases the objects that are kept. None is kept from now on.
pub(super) fn release_all(_py: Python<'_>) {
    ARE_RELEASED.store(true, Ordering::SeqCst);
    // What was established about these objects holds no longer.
    CHANGES.fetch_add(1, Ordering::Relaxed);
    ALL.iter().for_each(|(_, slot)| slot.clear());
}

impl<T: Send + Sync + 'static> Kept<T> {
    pub(crate) const fn new() -> Kept<T> {
        Kept {
            slot: Slot::new(),
            is_listed: AtomicBool::new(false),
        }
    }

    /// The value, if it is kept.
    pub(crate) fn get(&self) -> Option<Shared<T>> {
        self.slot.get()
    }

    /// The same, without an owner of its own.
    #[inline]
    pub(crate) fn with<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        self.slot.with(look)
    }

    pub(crate) fn get_or_make(&'static self, make: impl FnOnce() -> T) -> Shared<T> {
        let Ok(value) = self.get_or_try(|| Ok::<T, Infallible>(make()));
        value
    }

    pub(crate) fn get_or_try<E>(
        &'static self,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Shared<T>, E> {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        let made = Shared::new(make()?);
        if !list(self.slot.any(), &self.is_listed) {
            return Ok(made);
        }
        let kept = self.slot.put(made);
        clear_if_released(self.slot.any());
        Ok(kept)
    }

    /// Keeps another value from now on.
    pub(crate) fn set(&'static self, value: T) -> Shared<T> {
        let made = Shared::new(value);
        if list(self.slot.any(), &self.is_listed) {
            let earlier = self.slot.replace(made.clone());
            clear_if_released(self.slot.any());
            // Dropping the earlier value can run Python code, which may log.
            drop(earlier);
        }
        made
    }
}

/// Before a value is kept. Returns `false` if nothing is kept any more.
fn list(slot: &'static AnySlot, is_listed: &AtomicBool) -> bool {
    if are_released() {
        return false;
    }
    if !is_listed.swap(true, Ordering::SeqCst) {
        ALL.push(slot);
    }
    true
}

/// After a value was kept: [`release_all`] may have missed what was listed or kept after it had begun.
fn clear_if_released(slot: &AnySlot) {
    if are_released() {
        slot.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_value_is_kept() {
        static KEPT: Kept<i32> = Kept::new();
        assert!(KEPT.get().is_none());
        let made = KEPT.get_or_make(|| {
            // Another thread may be faster.
            KEPT.get_or_make(|| 1);
            2
        });
        assert_eq!((*made, KEPT.get().as_deref()), (1, Some(&1)));
        assert_eq!(KEPT.get_or_try(|| Err("not made again")).as_deref(), Ok(&1));
    }

    #[test]
    fn a_value_is_dropped_when_it_is_released_and_no_longer_used() {
        static KEPT: Kept<Value> = Kept::new();
        static DROPPED: AtomicBool = AtomicBool::new(false);
        struct Value;
        impl Drop for Value {
            fn drop(&mut self) {
                assert!(KEPT.get().is_none(), "a destructor may log");
                DROPPED.store(true, Ordering::SeqCst);
            }
        }
        KEPT.get_or_make(|| Value);
        let used = KEPT.get();
        KEPT.slot.any().clear();
        assert!(KEPT.get().is_none() && !DROPPED.load(Ordering::SeqCst));
        drop(used);
        assert!(DROPPED.load(Ordering::SeqCst));
    }
}
