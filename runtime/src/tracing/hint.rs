//! The maximum level that pylog's layer reports to `tracing`.

use crate::sync::{AtomicI32, Ordering};

/// A place in a list of levels.
pub(crate) struct Hint(AtomicI32);

impl Hint {
    pub(crate) const fn new(place: i32) -> Hint {
        Hint(AtomicI32::new(place))
    }

    pub(crate) fn get(&self) -> i32 {
        self.0.load(Ordering::Acquire)
    }

    /// `rebuild` makes `tracing` read it again, which takes much longer than to find that it hasn't changed.
    pub(crate) fn set(&self, place: i32, rebuild: impl FnOnce()) {
        if self.0.swap(place, Ordering::AcqRel) != place {
            rebuild();
        }
    }
}
