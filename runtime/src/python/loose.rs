//! Python objects that any thread may drop.
//!
//! Only an attached thread may release a Python object. But a thread that isn't attached drops what its thread-locals
//! hold when it ends, and what a call or a record holds that can't be delivered. PyO3 keeps such objects until a thread
//! attaches, and where it was built with `--cfg pyo3_disable_reference_pool`, it aborts the process instead. So
//! everything that a thread may drop while it isn't attached is in a [`Loose`], which leaves it to one that is. At the
//! end of the interpreter it is leaked.

use std::fmt;
use std::ops::Deref;
use std::sync::atomic::{AtomicBool, Ordering};

use pyo3::prelude::*;

use super::process::OfProcess;
use crate::raw::interpreter;
use crate::raw::list::Inbox;

/// A value that holds Python objects, which an attached thread releases.
pub(crate) struct Loose<T: Send + 'static>(
    /// There until it is dropped.
    Option<T>,
);

const STAYS: &str = "a value stays until it is dropped";

/// The values that were dropped by threads that weren't attached.
static DROPPED: OfProcess<Inbox<Box<dyn Send>>> = OfProcess::new();

/// Nothing will be released any more.
static HAS_ENDED: AtomicBool = AtomicBool::new(false);

impl<T: Send + 'static> Loose<T> {
    pub(crate) const fn new(value: T) -> Loose<T> {
        Loose(Some(value))
    }

    pub(crate) fn into_inner(mut self) -> T {
        self.0.take().expect(STAYS)
    }
}

impl<T: Send + 'static> Deref for Loose<T> {
    type Target = T;

    fn deref(&self) -> &T {
        self.0.as_ref().expect(STAYS)
    }
}

impl<T: Send + fmt::Debug + 'static> fmt::Debug for Loose<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

impl<T: Send + 'static> Drop for Loose<T> {
    fn drop(&mut self) {
        if !interpreter::drop_if_attached(&mut || self.0 = None) {
            if let Some(value) = self.0.take() {
                leave(Box::new(value));
            }
        }
    }
}

#[cold]
fn leave(value: Box<dyn Send>) {
    match HAS_ENDED.load(Ordering::SeqCst) {
        true => std::mem::forget(value),
        false => DROPPED.get_or_make(|_| Inbox::new()).push(value),
    }
}

/// Releases what was dropped by threads that weren't attached. This can run Python code.
pub(crate) fn release(_py: Python<'_>) {
    while let Some(dropped) = DROPPED.get().filter(|it| !it.is_empty()) {
        dropped.take().for_each(drop);
    }
}

/// The same for the last time.
pub(super) fn release_at_end(py: Python<'_>) {
    HAS_ENDED.store(true, Ordering::SeqCst);
    release(py);
}
