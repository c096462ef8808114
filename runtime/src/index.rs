//! A place in an append-only list that may not be chosen yet.

use crate::sync::{AtomicU32, Ordering};

/// An index, or none. Lock-free.
///
/// Stored as the index plus one, so that it takes four bytes in the static of each call.
#[derive(Debug)]
pub(crate) struct AtomicIndex(AtomicU32);

impl AtomicIndex {
    pub(crate) const fn none() -> AtomicIndex {
        AtomicIndex(AtomicU32::new(0))
    }

    pub(crate) fn get(&self) -> Option<usize> {
        let stored = self.0.load(Ordering::Acquire);
        stored.checked_sub(1).map(|index| index as usize)
    }

    pub(crate) fn set(&self, index: usize) {
        self.0.store(index as u32 + 1, Ordering::Release);
    }

    /// Sets the index if `from` is the one that is there.
    pub(crate) fn replace(&self, from: Option<usize>, index: usize) {
        let stored = |index: usize| index as u32 + 1;
        let _ = self.0.compare_exchange(
            from.map_or(0, stored),
            stored(index),
            Ordering::AcqRel,
            Ordering::Acquire,
        );
    }

    /// Sets the index unless there is one. Returns the one that is there now.
    pub(crate) fn get_or_set(&self, index: usize) -> usize {
        let stored = index as u32 + 1;
        match self
            .0
            .compare_exchange(0, stored, Ordering::AcqRel, Ordering::Acquire)
        {
            Ok(_) => index,
            Err(earlier) => earlier as usize - 1,
        }
    }
}
