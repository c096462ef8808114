//! Values that are made once, and actions that run once.
//!
//! PyO3's `PyOnceLock` holds a lock while it makes the value, and
//! releases the GIL meanwhile. A fork at that moment leaves the child with a lock that is never
//! released, and an import hook that logs comes back to the same lock on the same thread. Here
//! only the storing is locked: no Python code runs and the GIL is kept while it happens.

use std::convert::Infallible;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, Ordering};

/// A value that is made on first use.
///
/// Several threads may make it at the same time; the first one to finish is kept. So making it must
/// have no effect besides the value. For effects there is [`RunOnce`].
#[derive(Debug)]
pub(crate) struct Once<T>(OnceLock<T>);

impl<T> Once<T> {
    pub(crate) const fn new() -> Once<T> {
        Once(OnceLock::new())
    }

    pub(crate) fn get(&self) -> Option<&T> {
        self.0.get()
    }

    pub(crate) fn get_or_make(&self, make: impl FnOnce() -> T) -> &T {
        let made = self.get_or_try(|| Ok::<T, Infallible>(make()));
        made.unwrap_or_else(|never| match never {})
    }

    pub(crate) fn get_or_try<E>(&self, make: impl FnOnce() -> Result<T, E>) -> Result<&T, E> {
        if let Some(value) = self.get() {
            return Ok(value);
        }
        let made = make()?;
        Ok(self.0.get_or_init(|| made))
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
    ///
    /// # Errors
    /// The error that `action` returns.
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
