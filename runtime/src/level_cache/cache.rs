//! One callsite's cache of Python's answer, in one atomic.
//!
//! The inlined check compares the cache with a constant: a callsite is off at a level if its cache
//! holds that level. So the cache of a callsite whose logger refused level 10 holds 10, and every
//! state that isn't a refusal is a number far below:
//!
//! ```text
//! CLEAR         nothing is known, and no invalidation reaches this cache; the number says since when
//! TICKETS       no answer is known; the number says since when
//! ACCEPTED      Python accepted this level
//! DISABLED      no answer is ever stored
//! REFUSED       Python refused this level
//! ```
//!
//! An answer for one level says nothing about another one; Python's own `Logger._cache` works the
//! same way.
//!
//! It takes time to get an answer, and Python may be reconfigured meanwhile. So a thread reads the
//! ticket before it asks Python, and can store the answer only in exchange for that ticket. An
//! invalidation clears the cache, and the exchange then fails. No thread ever waits.

use std::ops::Range;
use std::sync::atomic::AtomicU32;

use crate::level::Level;
use crate::sync::{AtomicI32, Ordering};

const SPAN: i32 = 1 << 28;
const CLEAR: Range<i32> = i32::MIN..-6 * SPAN;
const TICKETS: Range<i32> = -6 * SPAN..-4 * SPAN;
/// Stored when level 0 was accepted; other levels are added to it.
const ACCEPTED: i32 = -3 * SPAN;
const DISABLED: i32 = -2 * SPAN;
/// The levels whose answers can be stored. A refused level is stored as itself.
const REFUSED: Range<i32> = -SPAN..SPAN;

/// The level cache of one callsite. At first no answer is known.
pub(crate) struct LevelCache(AtomicI32);

/// The right to store an answer. It ends with the next invalidation.
pub(crate) struct Ticket<'a> {
    cache: &'a LevelCache,
    number: i32,
}

impl LevelCache {
    pub(crate) const fn new() -> LevelCache {
        LevelCache(AtomicI32::new(CLEAR.start))
    }

    /// A cache that stores nothing, for a call that asks Python each time.
    #[cfg(feature = "log")]
    pub(crate) const fn disabled() -> LevelCache {
        LevelCache(AtomicI32::new(DISABLED))
    }

    /// The check of every call: whether Python is known to refuse `level`.
    #[inline]
    pub(crate) fn is_off(&self, level: Level) -> bool {
        self.0.load(Ordering::Relaxed) == level.levelno()
    }

    /// Python's answer for `level`, if it is known.
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

    /// To be called before asking Python; [`Ticket::store`] stores the answer. `register` makes the next
    /// invalidation reach this cache.
    pub(crate) fn ticket(&self, register: impl Fn()) -> Ticket<'_> {
        let mut state = self.0.load(Ordering::Acquire);
        while !TICKETS.contains(&state) && state != DISABLED {
            if CLEAR.contains(&state) {
                // Several threads can get here at the same time. Registering twice does no harm.
                register();
            }
            let number = new_number(&TICKETS);
            match self.exchange(state, number) {
                Ok(()) => state = number,
                Err(other) => state = other,
            }
        }
        Ticket {
            cache: self,
            number: state,
        }
    }

    /// Forgets the answer, and voids outstanding tickets.
    pub(crate) fn clear(&self) {
        self.0.store(new_number(&CLEAR), Ordering::Release);
    }

    fn exchange(&self, from: i32, to: i32) -> Result<(), i32> {
        self.0
            .compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire)
            .map(drop)
    }
}

impl Ticket<'_> {
    /// Stores Python's answer, unless an invalidation or another answer came first.
    pub(crate) fn store(self, level: Level, accepted: bool) {
        let levelno = level.levelno();
        if !REFUSED.contains(&levelno) || self.number == DISABLED {
            return;
        }
        let state = if accepted {
            ACCEPTED + levelno
        } else {
            levelno
        };
        // An `Err` means that this answer lost such a race.
        let _ = self.cache.exchange(self.number, state);
    }
}

/// Numbers repeat after 2^29 others. No thread takes that long to exchange one.
fn new_number(range: &Range<i32>) -> i32 {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let count = range.end.abs_diff(range.start);
    let number = NEXT.fetch_add(1, Ordering::Relaxed) % count;
    range.start + number as i32
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    fn cache() -> LevelCache {
        let cache = LevelCache::new();
        let _ = cache.ticket(|| ());
        cache
    }

    #[test]
    fn an_answer_is_for_its_level() {
        let cache = cache();
        for level in [Level::DEBUG, Level::INFO, Level::WARN] {
            assert_eq!(cache.answer(level), None);
            assert!(!cache.is_off(level));
        }
        for (level, accepted) in [
            (Level::INFO, false),
            (Level::INFO, true),
            (Level::TRACE, false),
        ] {
            cache.ticket(|| ()).store(level, accepted);
            assert_eq!(cache.answer(level), Some(accepted));
            assert_eq!(cache.is_off(level), !accepted);
            assert_eq!(cache.answer(Level::DEBUG), None);
            assert!(!cache.is_off(Level::DEBUG));
        }
    }

    #[test]
    fn an_answer_from_before_an_invalidation_is_dropped() {
        let cache = cache();
        for accepted in [false, true] {
            let ticket = cache.ticket(|| ());
            cache.clear();
            ticket.store(Level::INFO, accepted);
            assert_eq!(cache.answer(Level::INFO), None);
        }
        // Also if another answer has been stored since then, and was invalidated.
        let ticket = cache.ticket(|| ());
        cache.ticket(|| ()).store(Level::INFO, true);
        cache.clear();
        ticket.store(Level::INFO, false);
        assert_eq!(cache.answer(Level::INFO), None);
    }

    #[test]
    fn registers_before_the_first_ticket_after_an_invalidation() {
        let cache = LevelCache::new();
        let times = Cell::new(0);
        let register = || times.set(times.get() + 1);
        for registered in [1, 2] {
            for accepted in [false, true] {
                cache.ticket(register).store(Level::INFO, accepted);
                assert_eq!(times.get(), registered);
            }
            cache.clear();
        }
    }

    #[test]
    fn levels_out_of_range_are_never_stored() {
        for levelno in [i32::MIN, -SPAN - 1, SPAN, i32::MAX] {
            for accepted in [false, true] {
                let cache = cache();
                cache.ticket(|| ()).store(Level::new(levelno), accepted);
                assert_eq!(cache.answer(Level::INFO), None);
            }
        }
    }
}
