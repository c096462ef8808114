//! How long threads may wait for the delivery of their records.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// All waits together take at most one part of so many of the time.
const PARTS: u64 = 10;

/// The span in which they take no more than that. After a rest, the first waits can take a tenth of it at once.
const SPAN: u64 = 1_000_000_000;

/// The time that threads may wait: for the GIL, and for handlers. Only the drain thread spends it, so time in which
/// several threads wait counts once. Nor does it count how long a busy system takes to run a thread that has been woken.
///
/// All times are in nanoseconds, as [`now`] counts them.
pub(super) struct Budget {
    /// What was spent until now is made up for at this time.
    made_up_at: AtomicU64,
    /// Since when the drain thread has been at work; 0 if it isn't.
    at_work_since: AtomicU64,
    /// Whether a thread has waited for that work.
    is_awaited: AtomicBool,
}

impl Budget {
    pub(super) fn new() -> Budget {
        Budget {
            made_up_at: AtomicU64::new(0),
            at_work_since: AtomicU64::new(0),
            is_awaited: AtomicBool::new(false),
        }
    }

    /// How long a thread may wait from now on. `None` if waiting has taken too long lately.
    pub(super) fn left(&self) -> Option<Duration> {
        self.left_at(now())
    }

    fn left_at(&self, now: u64) -> Option<Duration> {
        let owed = self.made_up_at.load(Ordering::Relaxed).saturating_sub(now);
        let left = SPAN.saturating_sub(owed) / PARTS;
        let at_work = match self.at_work_since.load(Ordering::Relaxed) {
            0 => 0,
            since => now.saturating_sub(since),
        };
        let left = left.checked_sub(at_work).filter(|left| *left > 0);
        left.map(Duration::from_nanos)
    }

    /// The drain thread is at work from now on: it is going to wait for the GIL, or has found something to deliver.
    pub(super) fn begin_work(&self) {
        self.at_work_since.store(now(), Ordering::Relaxed);
    }

    /// A thread has waited for its work.
    pub(super) fn set_awaited(&self) {
        self.is_awaited.store(true, Ordering::Relaxed);
    }

    /// A thread has waited until the work at this moment has taken too long.
    pub(super) fn set_timed_out(&self) {
        if self.at_work_since.load(Ordering::Relaxed) != 0 {
            self.set_awaited();
        }
    }

    /// It has delivered everything.
    pub(super) fn end_work(&self) {
        self.end_work_at(now());
    }

    fn end_work_at(&self, now: u64) {
        let since = self.at_work_since.swap(0, Ordering::Relaxed);
        if since > 0 && self.is_awaited.swap(false, Ordering::Relaxed) {
            let spent = now.saturating_sub(since).saturating_mul(PARTS);
            let made_up_at = self.made_up_at.load(Ordering::Relaxed).max(now) + spent.min(SPAN);
            self.made_up_at
                .store(made_up_at.min(now + SPAN), Ordering::Relaxed);
        }
    }
}

/// Whether waiting is worthwhile: not within the span after a wait that took too long.
pub(super) struct Patience {
    /// When that was; 0 if it never was.
    lost_at: AtomicU64,
}

impl Patience {
    pub(super) fn new() -> Patience {
        Patience {
            lost_at: AtomicU64::new(0),
        }
    }

    pub(super) fn is_left(&self) -> bool {
        let lost_at = self.lost_at.load(Ordering::Relaxed);
        lost_at == 0 || now().saturating_sub(lost_at) >= SPAN
    }

    pub(super) fn lose(&self) {
        self.lost_at.store(now(), Ordering::Relaxed);
    }
}

/// The time since the first call of this function, plus one.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let since = START.get_or_init(Instant::now).elapsed();
    u64::try_from(since.as_nanos()).map_or(u64::MAX, |since| since + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: u64 = 1_000_000;

    #[test]
    fn a_tenth_of_the_time() {
        let budget = Budget::new();
        let left_at = |milliseconds: u64| {
            let left = budget.left_at(milliseconds * MILLISECOND);
            left.map_or(0, |left| left.as_millis())
        };
        let work = |from: u64, to: u64, is_awaited: bool| {
            budget
                .at_work_since
                .store(from * MILLISECOND, Ordering::Relaxed);
            assert_eq!(left_at(from + 1) + 1, left_at(from));
            budget.is_awaited.store(is_awaited, Ordering::Relaxed);
            budget.end_work_at(to * MILLISECOND);
        };
        assert_eq!(left_at(5000), 100);
        work(5000, 5060, true);
        assert_eq!(left_at(5060), 40);
        work(5060, 5160, false);
        assert_eq!(left_at(5160), 50);
        work(5160, 5260, true);
        assert_eq!(left_at(5260), 0);
        assert_eq!(left_at(5460), 20);
        work(5460, 95_460, true);
        assert_eq!(left_at(95_560), 10, "a debt ends with the span");
        assert_eq!(left_at(96_460), 100);
    }
}
