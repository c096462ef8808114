//! What one callsite knows of Python's answer, in one atomic.
//!
//! The inlined check is a compare with a constant: a callsite is off at a level if its state is
//! that level. So the state of a callsite whose logger refused level 10 is 10, and everything that
//! isn't a refusal lies far below:
//!
//! ```text
//! i32::MIN     unregistered: no invalidation reaches this gate yet
//! TICKETS      unknown; which ticket it is says since when
//! ACCEPTED     Python accepted this level
//! NOTHING      no answer is ever kept
//! REFUSED      Python refused this level
//! ```
//!
//! Nothing is concluded from one level for another: Python's own `Logger._cache` doesn't either.
//!
//! An answer takes time to get, and it is stale if Python is reconfigured meanwhile. So whoever
//! asks reads the ticket first and stores the answer only in exchange for it, and an invalidation
//! puts a ticket there that was never there before: the answer then finds another ticket and is
//! dropped. Nobody waits for anybody.

use std::ops::Range;
use std::sync::atomic::AtomicU32;

use crate::Level;
use crate::sync::{AtomicI32, Ordering};

const UNREGISTERED: i32 = i32::MIN;
const SPAN: i32 = 1 << 28;
const TICKETS: Range<i32> = i32::MIN + 1..-4 * SPAN;
/// What is stored for level 0 accepted.
const ACCEPTED: i32 = -3 * SPAN;
const NOTHING: i32 = -2 * SPAN;
/// The levels that can be stored, and what is stored for them refused.
const REFUSED: Range<i32> = -SPAN..SPAN;

/// The state of one callsite. Starts as unknown.
pub(crate) struct Gate(AtomicI32);

/// The right to store an answer, until the next invalidation.
pub(crate) struct Ticket<'a> {
    gate: &'a Gate,
    number: i32,
}

impl Gate {
    pub(crate) const fn new() -> Gate {
        Gate(AtomicI32::new(UNREGISTERED))
    }

    /// For a call that asks each time.
    #[cfg(feature = "log")]
    pub(crate) const fn keeping_nothing() -> Gate {
        Gate(AtomicI32::new(NOTHING))
    }

    /// The check of every call: true only if Python refused.
    #[inline]
    pub(crate) fn is_off(&self, level: Level) -> bool {
        self.0.load(Ordering::Relaxed) == level.levelno()
    }

    /// What Python said of `level`, if that is known.
    pub(crate) fn answer(&self, level: Level) -> Option<bool> {
        let levelno = REFUSED
            .contains(&level.levelno())
            .then_some(level.levelno())?;
        match self.0.load(Ordering::Acquire) {
            state if state == levelno => Some(false),
            state if state == ACCEPTED + levelno => Some(true),
            _ => None,
        }
    }

    /// Call before asking Python, and [`Ticket::store`] after. `register` makes invalidations
    /// reach this gate.
    pub(crate) fn ticket(&self, register: impl FnOnce()) -> Ticket<'_> {
        let mut state = self.0.load(Ordering::Acquire);
        if state == UNREGISTERED {
            // Two threads may both come here; that the gate is then registered twice does no harm.
            register();
        }
        while !TICKETS.contains(&state) && state != NOTHING {
            let number = new_number();
            match self.exchange(state, number) {
                Ok(()) => state = number,
                Err(other) => state = other,
            }
        }
        Ticket {
            gate: self,
            number: state,
        }
    }

    /// Forgets what Python said, and makes outstanding tickets void.
    pub(crate) fn forget(&self) {
        self.0.store(new_number(), Ordering::Release);
    }

    fn exchange(&self, from: i32, to: i32) -> Result<(), i32> {
        self.0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .map(drop)
    }
}

impl Ticket<'_> {
    /// Stores what Python said, unless an invalidation or another answer came first.
    pub(crate) fn store(self, level: Level, accepted: bool) {
        let levelno = level.levelno();
        if !REFUSED.contains(&levelno) || self.number == NOTHING {
            return;
        }
        let state = if accepted {
            ACCEPTED + levelno
        } else {
            levelno
        };
        // An Err is the normal end of a race that this answer lost.
        let _ = self.gate.exchange(self.number, state);
    }
}

/// Numbers come round again after 2^30: a ticket that old would have to be held meanwhile.
fn new_number() -> i32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let count = TICKETS.end.abs_diff(TICKETS.start);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % count;
    TICKETS.start + number as i32
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate() -> Gate {
        let gate = Gate::new();
        let _ = gate.ticket(|| ());
        gate
    }

    #[test]
    fn an_answer_is_for_its_level() {
        let gate = gate();
        for level in [Level::DEBUG, Level::INFO, Level::WARN] {
            assert_eq!(gate.answer(level), None);
            assert!(!gate.is_off(level));
        }
        for (level, accepted) in [
            (Level::INFO, false),
            (Level::INFO, true),
            (Level::TRACE, false),
        ] {
            gate.ticket(|| ()).store(level, accepted);
            assert_eq!(gate.answer(level), Some(accepted));
            assert_eq!(gate.is_off(level), !accepted);
            assert_eq!(gate.answer(Level::DEBUG), None);
            assert!(!gate.is_off(Level::DEBUG));
        }
    }

    #[test]
    fn an_answer_from_before_an_invalidation_is_dropped() {
        let gate = gate();
        for accepted in [false, true] {
            let ticket = gate.ticket(|| ());
            gate.forget();
            ticket.store(Level::INFO, accepted);
            assert_eq!(gate.answer(Level::INFO), None);
        }
        // Also when somebody else has stored an answer since, and that was forgotten.
        let ticket = gate.ticket(|| ());
        gate.ticket(|| ()).store(Level::INFO, true);
        gate.forget();
        ticket.store(Level::INFO, false);
        assert_eq!(gate.answer(Level::INFO), None);
    }

    #[test]
    fn registers_before_the_first_ticket_only() {
        let gate = Gate::new();
        let mut times = 0;
        let _ = gate.ticket(|| times += 1);
        let _ = gate.ticket(|| times += 1);
        assert_eq!(times, 1);
    }

    #[test]
    fn levels_out_of_reach_are_never_stored() {
        for levelno in [i32::MIN, -SPAN - 1, SPAN, i32::MAX] {
            for accepted in [false, true] {
                let gate = gate();
                gate.ticket(|| ()).store(Level::new(levelno), accepted);
                assert_eq!(gate.answer(Level::INFO), None);
            }
        }
    }
}
