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

use std::any::Any;
use std::convert::Infallible;
use std::marker::PhantomData;
use std::ops::Deref;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use arc_swap::{ArcSwapOption, Guard};
use pyo3::prelude::*;

use crate::raw::list::List;
use crate::raw::watching::CHANGES;

/// A value that is made on first use, and that holds Python objects.
///
/// Several threads may make it at the same time; the first one to finish is kept. Once the objects have been
/// released, the value is made at each use.
pub(crate) struct Kept<T> {
    place: Place,
    /// The type of the value.
    of: PhantomData<fn() -> T>,
}

/// A value of any type: one for each type would add 60 KiB to an extension.
type Erased = Box<dyn Any + Send + Sync>;

struct Place {
    value: ArcSwapOption<Erased>,
    is_listed: AtomicBool,
}

/// Everything that has ever held a value.
static ALL: List<&'static Place> = List::new();

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
    ALL.iter().for_each(|(_, kept)| kept.release());
}

impl<T: Send + Sync + 'static> Kept<T> {
    pub(crate) const fn new() -> Kept<T> {
        Kept {
            place: Place {
                value: ArcSwapOption::const_empty(),
                is_listed: AtomicBool::new(false),
            },
            of: PhantomData,
        }
    }

    /// The value, if it is kept.
    pub(crate) fn get(&self) -> Option<Shared<T>> {
        self.place.value.load_full().map(Shared::new)
    }

    pub(crate) fn get_or_make(&'static self, make: impl FnOnce() -> T) -> Shared<T> {
        let made = self.get_or_try(|| Ok::<T, Infallible>(make()));
        made.unwrap_or_else(|never| match never {})
    }

    pub(crate) fn get_or_try<E>(
        &'static self,
        make: impl FnOnce() -> Result<T, E>,
    ) -> Result<Shared<T>, E> {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        let made: Erased = Box::new(make()?);
        Ok(Shared::new(self.place.keep(Arc::new(made))))
    }

    /// Keeps another value from now on.
    pub(crate) fn set(&'static self, value: T) -> Shared<T> {
        let made: Erased = Box::new(value);
        let made = Arc::new(made);
        // Dropping the earlier value can run Python code, which may log.
        drop(self.place.replace(Some(Arc::clone(&made))));
        Shared::new(made)
    }
}

impl Place {
    /// Keeps a value, unless there is one. Returns the value that is kept.
    fn keep(&'static self, made: Arc<Erased>) -> Arc<Erased> {
        let new = Some(Arc::clone(&made));
        let earlier = self.store(|value| value.compare_and_swap(ptr::null(), new));
        earlier.and_then(Guard::into_inner).unwrap_or(made)
    }

    /// Keeps a value. Returns the earlier one.
    fn replace(&'static self, made: Option<Arc<Erased>>) -> Option<Arc<Erased>> {
        self.store(|value| value.swap(made)).flatten()
    }

    /// `None` if nothing is kept any more.
    fn store<R>(&'static self, store: impl FnOnce(&ArcSwapOption<Erased>) -> R) -> Option<R> {
        if are_released() {
            return None;
        }
        if !self.is_listed.swap(true, Ordering::SeqCst) {
            ALL.push(self);
        }
        let stored = store(&self.value);
        // `release_all` may have missed what was listed or stored after it had begun.
        if are_released() {
            self.release();
        }
        Some(stored)
    }

    fn release(&self) {
        // The value is dropped when nothing is kept here any more: that can run Python code, which may log.
        drop(self.value.swap(None));
    }
}

/// A value that was kept when it was looked up. It lives as long as this.
pub(crate) struct Shared<T> {
    value: Arc<Erased>,
    of: PhantomData<fn() -> T>,
}

impl<T> Shared<T> {
    /// Whether both are one value.
    pub(crate) fn is(&self, other: &Shared<T>) -> bool {
        Arc::ptr_eq(&self.value, &other.value)
    }

    fn new(value: Arc<Erased>) -> Shared<T> {
        Shared {
            value,
            of: PhantomData,
        }
    }
}

impl<T> Clone for Shared<T> {
    fn clone(&self) -> Shared<T> {
        Shared::new(Arc::clone(&self.value))
    }
}

impl<T: 'static> Deref for Shared<T> {
    type Target = T;

    fn deref(&self) -> &T {
        match self.value.downcast_ref() {
            Some(value) => value,
            None => of_another_type(),
        }
    }
}

/// Ends the process, which is less code in hundreds of places than a panic.
#[cold]
extern "C" fn of_another_type() -> ! {
    panic!("a `Kept` stores values of its own type")
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
        KEPT.place.release();
        assert!(KEPT.get().is_none() && !DROPPED.load(Ordering::SeqCst));
        drop(used);
        assert!(DROPPED.load(Ordering::SeqCst));
    }
}
