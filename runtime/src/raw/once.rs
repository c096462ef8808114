//! Values that are made once, and actions that run once.
//!
//! PyO3's `PyOnceLock` holds a lock while it makes the value, and
//! releases the GIL meanwhile. A fork at that moment leaves the child with a lock that is never
//! released, and an import hook that logs comes back to the same lock on the same thread. Here
//! nothing is locked.

use std::convert::Infallible;
use std::marker::PhantomData;
use std::ptr;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicPtr, AtomicU32, Ordering};

/// A value that is made on first use.
///
/// Several threads may make it at the same time; the first one to finish is kept. So making it must
/// have no effect besides the value. For effects there is [`RunOnce`].
///
/// A pointer takes a fifth of the code of an `OnceLock`, of which each type of value has its own.
#[derive(Debug)]
pub(crate) struct Once<T> {
    /// Null, or a value of its own, which stays.
    value: AtomicPtr<T>,
    /// Threads may share the value on the same conditions as there.
    of: PhantomData<OnceLock<T>>,
}

impl<T> Once<T> {
    pub(crate) const fn new() -> Once<T> {
        Once {
            value: AtomicPtr::new(ptr::null_mut()),
            of: PhantomData,
        }
    }

    #[inline]
    pub(crate) fn get(&self) -> Option<&T> {
        // SAFETY: the pointer is null, or `store` has set it to a value that lives as long as `self`.
        unsafe { self.value.load(Ordering::Acquire).as_ref() }
    }

    #[inline]
    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        let Ok(value) = self.get_or_try(|| Ok::<T, Infallible>(make()));
        value
    }

    #[inline]
    pub(crate) fn get_or_try<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        match self.get() {
            Some(value) => Ok(value),
            None => self.make(make),
        }
    }

    #[cold]
    fn make<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        Ok(self.store(Box::new(make()?)))
    }

    /// Stores a value, unless there is one. Returns the one that is there.
    fn store(&self, made: Box<T>) -> &T {
        let made = Box::into_raw(made);
        let stored =
            self.value
                .compare_exchange(ptr::null_mut(), made, Ordering::AcqRel, Ordering::Acquire);
        // SAFETY: a pointer that isn't null never changes again until `self` is dropped. If another thread was faster, this
        // one's value is in no other place.
        unsafe {
            if let Err(there) = stored {
                drop(Box::from_raw(made));
                return &*there;
            }
            &*made
        }
    }
}

impl<T> Drop for Once<T> {
    fn drop(&mut self) {
        let value = *self.value.get_mut();
        if !value.is_null() {
            // SAFETY: `store` has made the pointer of a box. Nobody else uses it, since `self` is dropped.
            drop(unsafe { Box::from_raw(value) });
        }
    }
}

/// An action that succeeds once, such as registering a hook.
///
/// The number is [`NOT_RUN`], [`HAS_RUN`], or the id of the process in which the action runs at this
/// moment. A child that is forked meanwhile doesn't have the thread that runs it.
pub(crate) struct RunOnce(AtomicU32);

const NOT_RUN: u32 = 0;
const HAS_RUN: u32 = u32::MAX;

impl RunOnce {
    pub(crate) const fn new() -> RunOnce {
        RunOnce(AtomicU32::new(NOT_RUN))
    }

    /// Makes the action run again.
    pub(crate) fn reset(&self) {
        self.0.store(NOT_RUN, Ordering::Release);
    }

    /// Runs `action` unless it has run, or is running at this moment: in another thread, or further
    /// up in this one if the action logs. After an error the next call tries again.
    pub(crate) fn run<E>(&self, action: impl FnOnce() -> Result<(), E>) -> Result<(), E> {
        let state = self.0.load(Ordering::Acquire);
        if state == HAS_RUN {
            return Ok(());
        }
        let process = std::process::id();
        let begin = || {
            self.0
                .compare_exchange(state, process, Ordering::AcqRel, Ordering::Acquire)
        };
        if state == process || begin().is_err() {
            return Ok(());
        }
        let result = action();
        let state = if result.is_ok() { HAS_RUN } else { NOT_RUN };
        self.0.store(state, Ordering::Release);
        result
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    #[test]
    fn the_first_value_is_kept_and_each_is_dropped_once() {
        let (first, second) = (Arc::new(1), Arc::new(2));
        let once = Once::new();
        assert!(once.get().is_none());
        let made = once.get_or_make(|| {
            // Another thread may be faster.
            once.get_or_make(|| Arc::clone(&first));
            Arc::clone(&second)
        });
        assert_eq!(**made, 1);
        assert_eq!(
            (Arc::strong_count(&first), Arc::strong_count(&second)),
            (2, 1)
        );
        drop(once);
        assert_eq!(Arc::strong_count(&first), 1);
    }

    #[test]
    fn an_error_leaves_it_empty() {
        let once = Once::new();
        assert_eq!(once.get_or_try(|| Err("error")), Err("error"));
        assert_eq!(once.get_or_try(|| Ok::<_, &str>(1)), Ok(&1));
    }
}
