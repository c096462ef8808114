//! Values that several owners share, and slots for them.
//!
//! A slot of arc-swap for each type of value would add 60 KiB to an extension, so the types are known here alone.

use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;

use arc_swap::{ArcSwapOption, Guard};

/// A value of any type. A pointer to it has one word.
type Erased = Box<dyn AnyValue>;

trait AnyValue: Send + Sync {}

impl<T: Send + Sync> AnyValue for T {}

/// A reference to the value, which is a `T`.
///
/// # Safety
/// It is one.
unsafe fn as_ref<T>(erased: &Erased) -> &T {
    // SAFETY: by the contract of this function.
    unsafe { &*ptr::from_ref(&**erased).cast() }
}

/// One owner of a value. The value lives as long as the last of them.
pub(crate) struct Shared<T> {
    /// It is a `T`.
    value: Arc<Erased>,
    of: PhantomData<fn() -> T>,
}

impl<T: Send + Sync + 'static> Shared<T> {
    pub(crate) fn new(value: T) -> Shared<T> {
        Shared::of(Arc::new(Box::new(value)))
    }
}

impl<T> Shared<T> {
    /// The value is a `T`.
    fn of(value: Arc<Erased>) -> Shared<T> {
        Shared {
            value,
            of: PhantomData,
        }
    }

    /// Whether both are one value.
    pub(crate) fn is(&self, other: &Shared<T>) -> bool {
        Arc::ptr_eq(&self.value, &other.value)
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared::of(Arc::clone(&self.value))
    }
}

impl<T> Deref for Shared<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        // SAFETY: the value is a `T`.
        unsafe { as_ref(&self.value) }
    }
}

/// A place for a value. Any thread may look at it or change it, without a lock.
pub(crate) struct Slot<T> {
    /// Its value is a `T`.
    any: AnySlot,
    /// A slot of another type is never this one.
    of: PhantomData<fn(T) -> T>,
}

/// A slot, whatever the type of its value.
pub(crate) struct AnySlot(ArcSwapOption<Erased>);

impl<T> Slot<T> {
    pub(crate) const fn new() -> Slot<T> {
        Slot {
            any: AnySlot(ArcSwapOption::const_empty()),
            of: PhantomData,
        }
    }

    pub(crate) fn any(&self) -> &AnySlot {
        &self.any
    }

    pub(crate) fn get(&self) -> Option<Shared<T>> {
        self.any.0.load_full().map(Shared::of)
    }

    /// Looks at the value, without becoming one of its owners.
    #[inline]
    pub(crate) fn with<R>(&self, look: impl FnOnce(&T) -> R) -> Option<R> {
        let value = self.any.0.load();
        let erased = value.as_ref()?;
        // SAFETY: it is a `T`.
        Some(look(unsafe { as_ref(erased) }))
    }

    /// Puts a value into the slot if it is empty. Returns what is there then.
    pub(crate) fn put(&self, value: Shared<T>) -> Shared<T> {
        Shared::of(self.any.put(value.value))
    }

    /// Puts a value into the slot. Returns what was there.
    pub(crate) fn replace(&self, value: Shared<T>) -> Option<Shared<T>> {
        self.any.0.swap(Some(value.value)).map(Shared::of)
    }
}

impl AnySlot {
    #[inline(never)]
    fn put(&self, value: Arc<Erased>) -> Arc<Erased> {
        let new = Some(Arc::clone(&value));
        let earlier = self.0.compare_and_swap(ptr::null(), new);
        Guard::into_inner(earlier).unwrap_or(value)
    }

    /// Empties the slot.
    pub(crate) fn clear(&self) {
        // The value is dropped when the slot is empty: that can run Python code, which may log.
        drop(self.0.swap(None));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_dropped_with_its_last_owner() {
        let slot = Slot::new();
        let value = Arc::new("text");
        assert!(slot.get().is_none());
        let first = slot.put(Shared::new(Arc::clone(&value)));
        let second = slot.put(Shared::new(Arc::clone(&value)));
        assert!(first.is(&second));
        assert_eq!((**first, Arc::strong_count(&value)), ("text", 2));
        let third = Shared::new(Arc::clone(&value));
        let earlier = slot.replace(third.clone());
        assert!(earlier.is_some_and(|it| it.is(&first)));
        drop((first, second));
        assert_eq!(Arc::strong_count(&value), 2);
        slot.any().clear();
        assert_eq!(Arc::strong_count(&value), 2);
        drop(third);
        assert_eq!(Arc::strong_count(&value), 1);
    }
}
