//! `first_n: …`, `every_n: …` and `every: …`: calls that log only some of the times they are reached.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// What a limited call remembers, in a static of its own. Only calls that are on count.
#[derive(Debug)]
pub struct Limit {
    reached: AtomicU64,
    /// When it logged last, in nanoseconds since [`elapsed`] began, plus one; 0 if it never did.
    logged: AtomicU64,
    held_back: AtomicU64,
}

impl Limit {
    /// Never reached.
    #[expect(clippy::new_without_default, reason = "it stands in statics")]
    pub const fn new() -> Limit {
        Limit {
            reached: AtomicU64::new(0),
            logged: AtomicU64::new(0),
            held_back: AtomicU64::new(0),
        }
    }

    /// Whether this is one of the first `n` times. As from the others, `None` is no, and else the
    /// number of times that were held back since the last yes.
    pub fn first_n(&self, n: u64) -> Option<u64> {
        self.answer(self.reached.fetch_add(1, Ordering::Relaxed) < n)
    }

    /// Whether this is the first time of `n`.
    pub fn every_n(&self, n: u64) -> Option<u64> {
        let before = self.reached.fetch_add(1, Ordering::Relaxed);
        self.answer(before % n.max(1) == 0)
    }

    /// Whether the last yes is at least `interval` ago.
    pub fn every(&self, interval: Duration) -> Option<u64> {
        let now = elapsed().saturating_add(1);
        let logged = self.logged.load(Ordering::Relaxed);
        let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let is_due = logged == 0 || now.saturating_sub(logged) >= interval;
        // Of threads that come at the same time one logs.
        let exchange = || {
            self.logged
                .compare_exchange(logged, now, Ordering::Relaxed, Ordering::Relaxed)
        };
        self.answer(is_due && exchange().is_ok())
    }

    fn answer(&self, logs: bool) -> Option<u64> {
        if logs {
            return Some(self.held_back.swap(0, Ordering::Relaxed));
        }
        self.held_back.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// Nanoseconds since the first call of this; enough for five centuries.
fn elapsed() -> u64 {
    static START: OnceLock<Instant> = OnceLock::new();
    let elapsed = START.get_or_init(Instant::now).elapsed();
    u64::try_from(elapsed.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn answers<const N: usize>(ask: impl FnMut(usize) -> Option<u64>) -> [Option<u64>; N] {
        std::array::from_fn(ask)
    }

    #[test]
    fn the_first() {
        let limit = Limit::new();
        let expected = [Some(0), Some(0), None, None];
        assert_eq!(answers(|_| limit.first_n(2)), expected);
    }

    #[test]
    fn one_of_several() {
        let limit = Limit::new();
        let expected = [Some(0), None, None, Some(2), None, None, Some(2)];
        assert_eq!(answers(|_| limit.every_n(3)), expected);
        // A number that is known at run time only may be anything.
        let limit = Limit::new();
        assert_eq!(answers(|_| limit.every_n(0)), [Some(0); 3]);
    }

    #[test]
    fn one_an_interval() {
        let limit = Limit::new();
        let hour = Duration::from_secs(3600);
        assert_eq!(answers(|_| limit.every(hour)), [Some(0), None, None]);
        assert_eq!(limit.every(Duration::ZERO), Some(2));
        assert_eq!(limit.every(Duration::MAX), None);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(limit.every(Duration::from_millis(1)), Some(1));
    }

    #[test]
    fn nothing_is_told_twice_by_threads() {
        let limit = Limit::new();
        let told = AtomicU64::new(0);
        let logged = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        if let Some(held_back) = limit.every_n(10) {
                            told.fetch_add(held_back, Ordering::Relaxed);
                            logged.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let left = limit.held_back.load(Ordering::Relaxed);
        assert_eq!(logged.into_inner(), 400);
        assert_eq!(told.into_inner() + left, 3600);
    }
}
