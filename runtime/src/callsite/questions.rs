//! The questions about a callsite that wait in the queue.
//!
//! With queued delivery a call doesn't ask Python whether it accepts a level, but leaves that to the drain thread. If the
//! queue has no room for such a call, nobody knows yet whether a record was dropped: the next answer tells.

use crate::sync::{AtomicU64, Ordering};

/// How many questions are queued, and how many calls were dropped since the last answer. Both are in one
/// integer, so that each dropped call is counted by exactly one answer. Each operation changes that integer
/// at once and depends on nothing else, so none needs an order.
pub(crate) struct Questions(AtomicU64);

/// The number of questions is in the upper half.
const QUESTION: u64 = 1 << 32;

fn has_question(counts: u64) -> bool {
    counts >= QUESTION
}

impl Questions {
    pub(crate) fn new() -> Questions {
        Questions(AtomicU64::new(0))
    }

    /// Counts a question that is about to be queued.
    pub(crate) fn add(&self) {
        self.0.fetch_add(QUESTION, Ordering::Relaxed);
    }

    /// Counts a question unless one is queued. Returns whether the caller has to queue it.
    pub(crate) fn add_if_none(&self) -> bool {
        let before = self.update(|counts| counts + if has_question(counts) { 0 } else { QUESTION });
        !has_question(before)
    }

    /// Counts a call that is dropped. Returns whether the caller has to queue a question.
    pub(crate) fn drop_call(&self) -> bool {
        let before = self.update(|counts| {
            counts
                + if has_question(counts) {
                    1
                } else {
                    QUESTION + 1
                }
        });
        !has_question(before)
    }

    /// Takes note of an answer. Returns for how many dropped calls it holds.
    pub(crate) fn answer(&self) -> usize {
        let before = self.update(|counts| (counts - counts % QUESTION).saturating_sub(QUESTION));
        (before % QUESTION) as usize
    }

    /// Forgets everything, in a forked child: its parent answers.
    pub(crate) fn reset(&self) {
        self.0.store(0, Ordering::Relaxed);
    }

    /// Returns the counts before the change.
    fn update(&self, change: impl Fn(u64) -> u64) -> u64 {
        let changed = self
            .0
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |counts| {
                Some(change(counts))
            });
        changed.unwrap_or_else(|counts| counts)
    }
}
