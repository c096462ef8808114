//! How long threads may wait for the delivery of their records.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

/// All waits together take at most one part of this many of the time.
const PARTS: u64 = 10;

/// The span in which they take no more than that: after a rest, the first waits can take a tenth of it at once.
const SPAN: Duration = Duration::from_secs(1);

/// The time that threads may wait. Time in which several threads wait counts once.
pub(super) struct Budget {
    /// The waits until now are paid for at this time, in nanoseconds as [`now`] counts them.
    paid_at: AtomicU64,
    /// How many threads wait.
    waiting: AtomicUsize,
}

/// A thread that waits.
pub(super) struct Wait<'a> {
    budget: &'a Budget,
    since: u64,
    /// How many threads waited when this one began, with this one.
    waiting: usize,
    pub(super) limit: Duration,
}

impl Budget {
    pub(super) fn new() -> Budget {
        Budget {
            paid_at: AtomicU64::new(0),
            waiting: AtomicUsize::new(0),
        }
    }

    /// `None` if waiting has taken too long lately.
    pub(super) fn start(&self) -> Option<Wait<'_>> {
        let since = now();
        let limit = self.left_at(since);
        (limit > Duration::ZERO).then(|| Wait {
            budget: self,
            since,
            waiting: self.waiting.fetch_add(1, Ordering::Relaxed) + 1,
            limit,
        })
    }

    fn left_at(&self, now: u64) -> Duration {
        let owed = self.paid_at.load(Ordering::Relaxed).saturating_sub(now);
        let left = nanoseconds(SPAN).saturating_sub(owed);
        Duration::from_nanos(left / PARTS)
    }

    fn spend(&self, waited: u64, now: u64) {
        let spend = |paid_at: u64| Some(paid_at.max(now) + waited * PARTS);
        let _ = self
            .paid_at
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, spend);
    }
}

impl Wait<'_> {
    /// Whether this is the only thread that waits.
    pub(super) fn is_alone(&self) -> bool {
        self.waiting == 1
    }
}

impl Drop for Wait<'_> {
    fn drop(&mut self) {
        let waiting = self.budget.waiting.fetch_sub(1, Ordering::Relaxed);
        let now = now();
        let waiting = waiting.max(self.waiting) as u64;
        self.budget.spend((now - self.since) / waiting, now);
    }
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

/// The time since the first call of this function.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    nanoseconds(START.get_or_init(Instant::now).elapsed())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MILLISECOND: u64 = 1_000_000;

    #[test]
    fn a_tenth_of_the_time() {
        let budget = Budget::new();
        let left_at = |milliseconds: u64| budget.left_at(milliseconds * MILLISECOND).as_millis();
        assert_eq!(left_at(5000), 100);
        budget.spend(60 * MILLISECOND, 5000 * MILLISECOND);
        assert_eq!(left_at(5000), 40);
        assert_eq!(left_at(5100), 50);
        budget.spend(70 * MILLISECOND, 5200 * MILLISECOND);
        assert_eq!(left_at(5200), 0);
        assert_eq!(left_at(5400), 10);
        assert_eq!(left_at(7000), 100);
    }

    #[test]
    fn time_in_which_several_threads_wait_counts_once() {
        let budget = Budget::new();
        let waits: Vec<_> = (0..4).filter_map(|_| budget.start()).collect();
        std::thread::sleep(Duration::from_millis(20));
        let waited = waits[0].since;
        drop(waits);
        let waited = now() - waited;
        let spent = budget.paid_at.load(Ordering::Relaxed) / PARTS;
        assert!(spent <= waited + now() / PARTS, "{spent} of {waited}");
        assert!(budget.start().is_some_and(|wait| wait.is_alone()));
    }
}
