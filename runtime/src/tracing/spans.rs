//! What pylog keeps of a span while it is open.

use std::time::{Duration, Instant};

use super::fields::Pairs;

/// The fields of a span, and its times if its end makes a record.
pub(super) struct Span {
    pub(super) pairs: Pairs,
    pub(super) times: Option<Times>,
}

/// For how long a span was entered, and for how long it wasn't.
pub(super) struct Times {
    busy: Duration,
    idle: Duration,
    /// How often it is entered now: several threads can enter a span.
    entered: usize,
    changed: Instant,
}

impl Times {
    pub(super) fn new() -> Times {
        Times {
            busy: Duration::ZERO,
            idle: Duration::ZERO,
            entered: 0,
            changed: Instant::now(),
        }
    }

    fn update(&mut self) {
        let now = Instant::now();
        let passed = now - self.changed;
        match self.entered {
            0 => self.idle += passed,
            _ => self.busy += passed,
        }
        self.changed = now;
    }

    pub(super) fn enter(&mut self) {
        self.update();
        self.entered += 1;
    }

    pub(super) fn exit(&mut self) {
        self.update();
        self.entered = self.entered.saturating_sub(1);
    }

    /// The seconds for which the span was entered until now, and the others.
    pub(super) fn seconds(&mut self) -> (f64, f64) {
        self.update();
        (self.busy.as_secs_f64(), self.idle.as_secs_f64())
    }
}
