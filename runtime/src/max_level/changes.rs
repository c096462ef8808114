//! The changes of a maximum level, in an order that leaves no level rejected that Python accepts.
//!
//! A thread that has asked Python may be late: Python is reconfigured meanwhile, by another thread. So the answer counts
//! only if there was no change since the question. The maximum is set while the lock is held, because setting that of
//! `tracing` takes several steps: two threads at once could leave the older value.

use log::LevelFilter;

use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Sets a maximum level.
pub(crate) struct Changes {
    set: fn(LevelFilter),
    state: Mutex<State>,
}

/// Locked for a few instructions at a time, by threads that are attached. No Python code runs meanwhile,
/// and the process can't fork.
struct State {
    /// The most verbose level that the filters allow; `None` if the maximum doesn't follow Python.
    allowed: Option<LevelFilter>,
    /// How many changes there were.
    changes: u32,
    /// After how many of them Python was last asked.
    asked_after: Option<u32>,
}

/// A question for Python. Its answer is void after the next change.
pub(crate) struct Question {
    pub(crate) allowed: LevelFilter,
    changes: u32,
}

impl Changes {
    /// `set` sets the maximum.
    pub(crate) const fn new(set: fn(LevelFilter)) -> Changes {
        Changes {
            set,
            state: Mutex::new(State {
                allowed: None,
                changes: 0,
                asked_after: None,
            }),
        }
    }

    fn change(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.changes = state.changes.wrapping_add(1);
        state
    }

    /// Makes the maximum follow Python from now on, within `allowed`.
    pub(crate) fn follow(&self, allowed: LevelFilter) {
        let mut state = self.change();
        state.allowed = Some(allowed);
        (self.set)(allowed);
    }

    /// Sets the maximum, and no longer makes it follow Python.
    pub(crate) fn leave_at(&self, level: LevelFilter) {
        let mut state = self.change();
        state.allowed = None;
        (self.set)(level);
    }

    /// Allows everything that the filters allow: Python may accept it now.
    pub(crate) fn reset(&self) {
        let state = self.change();
        if let Some(allowed) = state.allowed {
            (self.set)(allowed);
        }
    }

    /// What to ask Python, once after each change, even if that fails.
    pub(crate) fn question(&self) -> Option<Question> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let (allowed, changes) = (state.allowed?, state.changes);
        let is_new = state.asked_after.replace(changes) != Some(changes);
        is_new.then_some(Question { allowed, changes })
    }

    /// Sets the maximum to the most verbose level that Python accepts, unless that is out of date.
    pub(crate) fn answer(&self, question: &Question, accepted: LevelFilter) {
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.changes == question.changes {
            (self.set)(accepted.min(question.allowed));
        }
    }
}
