//! Limited calls: `first_n: …`, `every_n: …` and `every: …`.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// The static of a limited call. Only calls that are on count.
#[derive(Debug)]
pub struct Limit {
    /// How many calls there were; with `first_n`, how many were allowed.
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

    /// Whether this is one of the first `n` calls.
    pub fn first_n(&'static self, n: u64) -> Option<Allowed> {
        let count = |reached| (reached < n).then(|| reached + 1);
        let counted = self
            .reached
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, count);
        self.answer(counted.is_ok(), Undo::OneOfFirst)
    }

    /// Whether this is the first of `n` calls, or of the next `n`, and so on.
    pub fn every_n(&'static self, n: u64) -> Option<Allowed> {
        let n = n.max(1);
        let before = self.reached.fetch_add(1, Ordering::Relaxed);
        self.answer(before % n == 0, Undo::Reached { before, n })
    }

    /// Whether the last call that was allowed is at least `interval` ago.
    pub fn every(&'static self, interval: Duration) -> Option<Allowed> {
        let now = now();
        let logged = self.logged.load(Ordering::Relaxed);
        let interval = u64::try_from(interval.as_nanos()).unwrap_or(u64::MAX);
        let is_due = logged == 0 || now.saturating_sub(logged) >= interval;
        // Of several threads that arrive at the same time, one logs.
        let exchange = || {
            self.logged
                .compare_exchange(logged, now, Ordering::Relaxed, Ordering::Relaxed)
        };
        let undo = Undo::Logged {
            before: logged,
            now,
        };
        self.answer(is_due && exchange().is_ok(), undo)
    }

    fn answer(&'static self, is_allowed: bool, undo: Undo) -> Option<Allowed> {
        if is_allowed {
            return Some(Allowed {
                limit: self,
                suppressed: self.suppressed.swap(0, Ordering::Relaxed),
                undo,
            });
        }
        self.suppressed.fetch_add(1, Ordering::Relaxed);
        None
    }
}

/// A call that its limit allows.
#[derive(Clone, Copy, Debug)]
pub struct Allowed {
    limit: &'static Limit,
    suppressed: u64,
    undo: Undo,
}

/// How a call is given back.
#[derive(Clone, Copy, Debug)]
enum Undo {
    OneOfFirst,
    /// [`Limit::reached`] before the call, so that the next call is allowed instead.
    Reached {
        before: u64,
        n: u64,
    },
    /// [`Limit::logged`] before the call and after it.
    Logged {
        before: u64,
        now: u64,
    },
}

impl Allowed {
    /// How many calls were suppressed since the last one that was allowed.
    pub fn suppressed(&self) -> u64 {
        self.suppressed
    }

    /// Undoes the count, because the call isn't logged after all.
    pub(crate) fn give_back(&self) {
        let limit = self.limit;
        match self.undo {
            Undo::OneOfFirst => {
                limit.reached.fetch_sub(1, Ordering::Relaxed);
            }
            // Unless a later call has been allowed meanwhile.
            Undo::Reached { before, n } => {
                let undo = |reached| (reached < before + n).then_some(before);
                let _ = limit
                    .reached
                    .fetch_update(Ordering::Relaxed, Ordering::Relaxed, undo);
            }
            Undo::Logged { before, now } => {
                let _ = limit.logged.compare_exchange(
                    now,
                    before,
                    Ordering::Relaxed,
                    Ordering::Relaxed,
                );
            }
        }
        limit
            .suppressed
            .fetch_add(self.suppressed, Ordering::Relaxed);
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

    fn answers<const N: usize>(mut ask: impl FnMut() -> Option<Allowed>) -> [Option<u64>; N] {
        std::array::from_fn(|_| ask().map(|allowed| allowed.suppressed()))
    }

    #[test]
    fn first_n_allows_the_first() {
        static LIMIT: Limit = Limit::new();
        let expected = [Some(0), Some(0), None, None];
        assert_eq!(answers(|| LIMIT.first_n(2)), expected);
    }

    #[test]
    fn every_n_allows_one_of_n() {
        static LIMIT: Limit = Limit::new();
        let expected = [Some(0), None, None, Some(2), None, None, Some(2)];
        assert_eq!(answers(|| LIMIT.every_n(3)), expected);
        // A number that is computed at run time can be 0.
        static UNLIMITED: Limit = Limit::new();
        assert_eq!(answers(|| UNLIMITED.every_n(0)), [Some(0); 3]);
    }

    #[test]
    fn every_allows_one_per_interval() {
        static LIMIT: Limit = Limit::new();
        let hour = Duration::from_secs(3600);
        assert_eq!(answers(|| LIMIT.every(hour)), [Some(0), None, None]);
        assert_eq!(answers(|| LIMIT.every(Duration::ZERO)), [Some(2)]);
        assert_eq!(answers(|| LIMIT.every(Duration::MAX)), [None]);
        std::thread::sleep(Duration::from_millis(2));
        assert_eq!(answers(|| LIMIT.every(Duration::from_millis(1))), [Some(1)]);
    }

    #[test]
    fn a_call_that_is_given_back_does_not_count() {
        static FIRST: Limit = Limit::new();
        static EVERY: Limit = Limit::new();
        static EVERY_HOUR: Limit = Limit::new();
        let hour = Duration::from_secs(3600);
        let asks: [&dyn Fn() -> Option<Allowed>; 3] =
            [&|| FIRST.first_n(1), &|| EVERY.every_n(10), &|| {
                EVERY_HOUR.every(hour)
            }];
        for ask in asks {
            let allowed = ask();
            assert_eq!(answers(ask), [None, None]);
            allowed.inspect(Allowed::give_back);
            assert_eq!(
                answers(ask),
                [Some(2), None],
                "the suppressed calls are counted"
            );
        }
    }

    #[test]
    fn each_suppressed_call_is_counted_once() {
        static LIMIT: Limit = Limit::new();
        let counted = AtomicU64::new(0);
        let logged = AtomicU64::new(0);
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..1000 {
                        if let Some(allowed) = LIMIT.every_n(10) {
                            counted.fetch_add(allowed.suppressed(), Ordering::Relaxed);
                            logged.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                });
            }
        });
        let left = LIMIT.suppressed.load(Ordering::Relaxed);
        assert_eq!(logged.into_inner(), 400);
        assert_eq!(counted.into_inner() + left, 3600);
    }
}
