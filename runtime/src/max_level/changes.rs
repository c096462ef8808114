//! The changes of a maximum level, in an order that leaves no level rejected that Python accepts.
//!
//! A thread that has asked Python may be late: Python is reconfigured meanwhile, by another thread. So the answer counts
//! only if there was no change since the question. The maximum is set while the lock is held, because setting that of
//! `tracing` takes several steps: two threads at once could leave the older value.
//!
//! The program can set the maximum of `log`, too. A value below pylog's own is a cap: it stays until the program sets
//! another value. So before each change the maximum is compared with the value that was set here last.

use log::LevelFilter;

use crate::sync::{Mutex, MutexGuard, PoisonError};

/// Changes a maximum level.
pub(crate) struct Changes {
    maximum: Maximum,
    state: Mutex<State>,
}

/// The maximum itself.
pub(crate) struct Maximum {
    pub(crate) set: fn(LevelFilter),
    /// Reads it, if the program can set it, too.
    pub(crate) get: Option<fn() -> LevelFilter>,
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
    /// pylog's own maximum, and the one that was set, which a cap can make lower. `None` before the first.
    last: Option<(LevelFilter, LevelFilter)>,
    /// What the program has set below pylog's own maximum.
    cap: Option<LevelFilter>,
}

impl State {
    /// Notes a value that the program has set.
    fn look_at(&mut self, maximum: &Maximum) {
        let (Some((own, set)), Some(get)) = (self.last, maximum.get) else {
            return;
        };
        let now = get();
        if now != set {
            self.cap = (now < own).then_some(now);
        }
    }

    fn set(&mut self, own: LevelFilter, maximum: &Maximum) {
        let set = self.cap.map_or(own, |cap| own.min(cap));
        self.last = Some((own, set));
        (maximum.set)(set);
    }
}

/// A question for Python. Its answer is void after the next change.
pub(crate) struct Question {
    pub(crate) allowed: LevelFilter,
    changes: u32,
}

impl Changes {
    pub(crate) const fn new(maximum: Maximum) -> Changes {
        Changes {
            maximum,
            state: Mutex::new(State {
                allowed: None,
                changes: 0,
                asked_after: None,
                last: None,
                cap: None,
            }),
        }
    }

    fn change(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.changes = state.changes.wrapping_add(1);
        state
    }

    /// Makes the maximum follow Python from now on, within `allowed`. A cap holds no longer.
    pub(crate) fn follow(&self, allowed: LevelFilter) {
        let mut state = self.change();
        state.allowed = Some(allowed);
        state.cap = None;
        state.set(allowed, &self.maximum);
    }

    /// Sets the maximum, and no longer makes it follow Python.
    pub(crate) fn leave_at(&self, level: LevelFilter) {
        let mut state = self.change();
        state.allowed = None;
        state.cap = None;
        state.set(level, &self.maximum);
    }

    /// Allows everything that the filters allow: Python may accept it now.
    pub(crate) fn reset(&self) {
        let mut state = self.change();
        if let Some(allowed) = state.allowed {
            state.look_at(&self.maximum);
            state.set(allowed, &self.maximum);
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
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.changes == question.changes {
            state.look_at(&self.maximum);
            state.set(accepted.min(question.allowed), &self.maximum);
        }
    }
}
