//! Waiting for the queue.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::bounded::Queue;
use super::current::current;
use super::handler::WAIT_FOR_SIGNALS;
use super::producer;
use super::thread::{spawn_if_none, spawn_or_deliver};
use crate::python::attach::try_attach;
use crate::python::process::OfProcess;
use crate::python::raised::{self, attempt};
use crate::python::{exit, nesting};
use crate::raw::interpreter;
use crate::raw::thin::Result;

/// How long the end of a process waits for the queue, in all.
const WAIT_AT_END: Duration = Duration::from_secs(5);

/// How long a fork waits for the queue. A child can't free the objects of the records that are in it then.
pub(super) const WAIT_BEFORE_FORK: Duration = Duration::from_millis(100);

/// Delivers what is in the queue at the end of the process, or where Python behaves as at the end.
pub(super) fn at_end() {
    wait_at_end();
}

/// The same for a function that Python calls. If the program is interrupted meanwhile, that exception is raised.
pub(super) fn at_end_or_raise(py: Python<'_>) -> Result<()> {
    match wait_at_end() {
        true => raised::raise_held(py),
        false => Ok(()),
    }
}

/// Returns whether the program was interrupted.
#[inline(never)]
fn wait_at_end() -> bool {
    /// How long this process has waited, in milliseconds.
    static WAITED: OfProcess<AtomicU64> = OfProcess::new();
    let Some(queue) = current() else {
        return false;
    };
    let all = WAITED.get_or_make(|_| AtomicU64::new(0));
    let waited = Duration::from_millis(all.load(Ordering::Relaxed));
    let limit = WAIT_AT_END.saturating_sub(waited);
    let start = Instant::now();
    let position = queue.reserved();
    let mut is_interrupted = false;
    loop {
        let left = limit.saturating_sub(start.elapsed());
        let is_over = queue.flush_to(position, left.min(WAIT_FOR_SIGNALS));
        if is_over || left.is_zero() || !queue.can_wait() {
            break;
        }
        is_interrupted = interrupted();
        if is_interrupted {
            queue.give_up();
            break;
        }
    }
    let waited = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
    all.fetch_add(waited, Ordering::Relaxed);
    is_interrupted
}

/// Runs the handlers of signals that have arrived. Returns whether one of them has raised an exception, which is kept.
fn interrupted() -> bool {
    let before = raised::interrupts();
    try_attach(|py| attempt(py, py.check_signals()));
    raised::interrupts() != before
}

/// A time that can be added to any `Instant`.
const FOREVER: Duration = Duration::from_secs(1 << 30);

/// Waits until everything that is in the queue now has been delivered, but no longer than `timeout`.
/// Returns whether it has been delivered.
///
/// A thread that holds the GIL releases it meanwhile. In a handler of a queued record this function
/// returns at once, since it would wait for itself.
///
/// ```
/// assert!(pylog::flush(std::time::Duration::from_secs(1)));
/// ```
pub fn flush(timeout: Duration) -> bool {
    producer::current().is_none_or(|queue| queue.flush(timeout))
}

impl Queue {
    /// The same as [`flush`] for everything up to a position.
    pub(super) fn flush_to(&'static self, position: usize, timeout: Duration) -> bool {
        let now = Instant::now();
        let end = now.checked_add(timeout).unwrap_or(now + FOREVER);
        let attached = interpreter::is_attached().then(|| {
            try_attach(|py| match exit::is_finalizing() {
                // A handler has called this function: the delivery of its record is under way in this thread.
                true if nesting::is_in_call() => {}
                // No other thread delivers any more.
                true => self.deliver_all(py),
                false => {
                    spawn_or_deliver(self, py);
                    py.detach(|| self.wait(position, end));
                }
            })
        });
        if attached.flatten().is_none() {
            // If that isn't possible, this thread doesn't deliver: it would have to wait for the GIL.
            if self.has_work() {
                spawn_if_none(self);
            }
            self.wait(position, end);
        }
        self.has_delivered(position)
    }
}
