//! Limited calls: `first_n: …`, `every_n: …` and `every: …`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The static of a limited call. Only calls that are on count.
#[derive(Debug)]
pub struct Limit {
    reached: AtomicU64,
    /// When the call last logged, in nanoseconds as [`now`] counts them; 0 if it never did.
    logged: AtomicU64,
    /// How many calls didn't log since the last one that did.
    suppressed: AtomicU64,
}

impl Limit {
    /// The limit of a call that was never reached.
    #[expect(clippy::new_without_default, reason = "it is for statics")]
    pub const fn new() -> Limit {
        Limit {
            reached: AtomicU64::new(0),
            logged: AtomicU64::new(0),
            suppressed: AtomicU64::new(0),
        }
    }

    /// Whether this is one of the first `n` calls. As for the other limits, `None` means no, and a
    /// number means yes: that many calls were suppressed since the last yes.
    pub fn first_n(&self, n: u64) -> Option<u64> {
        self.answer(self.reached.fetch_add(1, Ordering::Relaxed) < n)
    }

    /// Whether this is the first of `n` calls, or of the next `n`, and so on.
    pub fn every_n(&self, n: u64) -> Option<u64> {
        let before = self.reached.fetch_add(1, Ordering::Relaxed);
        self.answer(before % n.max(1) == 0)
    }

    /// Whether the last yes is at least `interval` ago.
    pub fn every(&self, interval: Duration) -> Option<u64> {
        let now = now();
        let logged = self.logged.load(Ordering::Relaxed);
        let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let is_due = logged == 0 || now.saturating_sub(logged) >= interval;
        // Of several threads that arrive at the same time, one logs.
        let exchange = || {
            self.logged
                .compare_exchange(logged, now, Ordering::Relaxed, Ordering::Relaxed)
        };
        self.answer(is_due && exchange().is_ok())
    }

    fn answer(&self, logs: bool) -> Option<u64> {
        if logs {
            return Some(self.suppressed.swap(0, Ordering::Relaxed));
        }
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// Nanoseconds since the first call of this function, plus one. Overflows after five centuries.
fn now() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_nanos()).map_or(u64::MAX, |elapsed| elapsed.saturating_add(1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers<const N: usize>(ask: impl FnMut(usize) -> Option<u64>) -> [Option<u64>; N] {
        std::array::from_fn(ask)
    }

    #[test]
    fn first_n_allows_the_first() {
        let limit = Limit::new();
        let expected = [Some(0), Some(0), None, None];
        assert_eq!(answers(|_| limit.first_n(2)), expected);
    }

    #[test]
    fn every_n_allows_one_of_n() {
        let limit = Limit::new();
        let expected = [Some(0), None, None, Some(2), None, None, Some(2)];
        assert_eq!(answers(|_| limit.every_n(3)), expected);
        // A number that is computed at run time can be 0.
        let limit = Limit::new();
        assert_eq!(answers(|_| limit.every_n(0)), [Some(0); 3]);
    }

    #[test]
    fn every_allows_one_per_interval() {
        let limit = Limit::new();
        let hour = Duration::from_secs(3600);
        assert_eq!(answers(|_| limit.every(hour)), [Some(0), None, None]);
        assert_eq!(limit.every(Duration::ZERO), Some(2));
        assert_eq!(limit.every(Duration::MAX), None);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(limit.every(Duration::from_millis(1)), Some(1));
    }

    #[test]
    fn each_suppressed_call_is_counted_once() {
        let limit = Limit::new();
        let counted = AtomicU64::new(0);
        let logged = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        if let Some(suppressed) = limit.every_n(10) {
                            counted.fetch_add(suppressed, Ordering::Relaxed);
                            logged.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let left = limit.suppressed.load(Ordering::Relaxed);
        assert_eq!(logged.into_inner(), 400);
        assert_eq!(counted.into_inner() + left, 3600);
    }
}
