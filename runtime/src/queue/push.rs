//! Putting calls into the queue.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::bounded::{Entry, Queue, Slot};
use super::current::current;
use super::handler;
use super::producer::{self, Producer};
use super::thread::{spawn_if_none, spawn_or_deliver};
use crate::call::Call;
use crate::callsite::site::{Callsite, Decision};
use crate::event::origin::{Origin, OriginThread};
use crate::level::Level;
use crate::logger::stock_answer;
use crate::python::attach::{attach, if_attached};
use crate::python::garbage;
use crate::python::{exit, nesting};

/// How long an attached call waits until its record has been delivered behind others. A handler may
/// want a lock that the calling thread holds, so it doesn't wait longer, and no other call does so soon after.
const WAIT_BEHIND_OTHERS: Duration = Duration::from_millis(100);

/// How long a thread waits even if the system doesn't run the drain thread.
const LONGEST_WAIT: Duration = Duration::from_secs(1);

fn left_until(end: Instant) -> Option<Duration> {
    let left = end.checked_duration_since(Instant::now());
    left.filter(|left| !left.is_zero())
}

/// Links queued delivery to the threads that log.
pub(super) fn link() {
    producer::link(|| current().map(|queue| queue as &dyn Producer));
}

impl Producer for Queue {
    fn push_or_drop(&'static self, call: Call<'_>) {
        if_attached(|py| match py {
            // Only Python can evaluate its values, so it waits for the GIL.
            None if call.needs_python() => {
                let origin = Origin::here(None);
                let metadata = call.callsite.metadata();
                attach(metadata, |py| Ok(self.push(call, Some(origin), Some(py))));
            }
            _ => {
                self.push(call, None, py);
            }
        });
    }

    fn hand_over(&'static self, mut call: Call<'_>) {
        let origin = Origin::here(None);
        let may_wait = self.budget.left().is_some();
        let awaited = may_wait.then(|| Awaited::announce(&mut call, &origin));
        let is_queued = match call.needs_python() {
            // Only Python can evaluate its values, so it waits for the GIL.
            true => {
                let metadata = call.callsite.metadata();
                attach(metadata, |py| Ok(self.push(call, Some(origin), Some(py))))
            }
            false => Some(self.push(call, Some(origin), None)),
        };
        if let Some(awaited) = awaited {
            match is_queued {
                Some(true) => self.wait_within_budget(&awaited),
                _ => awaited.revoke(),
            }
        }
    }

    fn answer_of_name(&self, name: &Bound<'_, PyString>, level: Level) -> Option<bool> {
        stock_answer::of_name(name, level)
    }

    fn answer_of_logger(&self, logger: &Bound<'_, PyAny>, level: Level) -> Option<bool> {
        stock_answer::of_logger(logger, level)
    }

    fn ask(&'static self, callsite: &'static Callsite, level: Level) {
        if callsite.state().questions.add_if_none() {
            let question = Entry::Question(callsite, level);
            self.reserve_for_question().send(question);
            spawn_if_none(self);
        }
    }

    fn push_behind_others<'a>(
        &'static self,
        call: Call<'a>,
        py: Python<'_>,
    ) -> Result<(), Call<'a>> {
        // A handler's own records belong before the next record of the queue.
        if nesting::is_nested() {
            return Err(call);
        }
        if exit::is_finalizing() {
            self.deliver_all(py);
        }
        if self.is_empty() || producer::delivers_own() {
            return Err(call);
        }
        spawn_or_deliver(self, py);
        if self.is_empty() {
            return Err(call);
        }
        handler::stay_newest(py);
        // Without room the record is delivered out of order, rather than dropped.
        let Some(slot) = self.reserve(true) else {
            return Err(call);
        };
        let origin = Origin::here(Some(py));
        let mut call = call;
        let may_wait = self.patience.is_left();
        let awaited = may_wait.then(|| Awaited::announce(&mut call, &origin));
        self.send(slot, call.into_queued(origin, Some(py)));
        if let Some(awaited) = awaited {
            py.detach(|| {
                let end = Instant::now() + WAIT_BEHIND_OTHERS;
                if !self.wait_for(&awaited, false, || left_until(end)) {
                    self.patience.lose();
                }
            });
        }
        Ok(())
    }

    fn flush(&'static self, timeout: Duration) -> bool {
        self.flush_to(self.reserved(), timeout)
    }
}

impl Queue {
    /// Queues a call, or drops it if there is no room. `py` if the thread is attached. Runs no Python code. Without an `origin`
    /// the call is of this thread and this moment. Returns whether it is in the queue.
    fn push(&'static self, call: Call<'_>, origin: Option<Origin>, py: Option<Python<'_>>) -> bool {
        if !exit::may_attach() {
            return false; // The last records have been delivered, or are being delivered.
        }
        let (callsite, level) = (call.callsite, call.level);
        let is_decided = call.decision != Decision::Undecided;
        if let Some(py) = py {
            handler::stay_newest(py);
        }
        if let Some(slot) = self.reserve(is_decided) {
            if !is_decided {
                callsite.state().questions.add();
            }
            let call = garbage::without_collection(py, || {
                let origin = origin.unwrap_or_else(|| Origin::here(py));
                call.into_queued(origin, py)
            });
            self.send(slot, call);
            return true;
        }
        call.give_back();
        // Otherwise it is known whether it counts as dropped when Python has been asked.
        if is_decided {
            self.count_dropped(1);
        } else if callsite.state().questions.drop_call() {
            let question = Entry::Question(callsite, level);
            self.reserve_for_question().send(question);
        }
        self.waker.wake();
        spawn_if_none(self);
        false
    }

    fn send(&'static self, slot: Slot, call: Call<'static>) {
        slot.send(Entry::Call(call));
        spawn_if_none(self);
    }

    /// Waits for a record of this thread, which isn't attached, while `left` says for how long it may do so. Returns whether
    /// it has been delivered.
    fn wait_for(
        &self,
        awaited: &Awaited,
        may_spin: bool,
        left: impl Fn() -> Option<Duration>,
    ) -> bool {
        self.waker.wake();
        let Awaited { thread, number } = awaited;
        let nobody_delivers = || exit::is_finalizing() || !self.waker.has_thread();
        let left = || if nobody_delivers() { None } else { left() };
        thread.awaited.wait(*number, may_spin, left)
    }

    fn wait_within_budget(&self, awaited: &Awaited) {
        let end = Instant::now() + LONGEST_WAIT;
        let waiting = self.waiting.fetch_add(1, Ordering::Relaxed);
        // Where several threads spin, the drain thread may find no processor.
        let is_delivered = self.wait_for(awaited, waiting == 0, || {
            Some(left_until(end)?.min(self.budget.left()?))
        });
        // Nobody may be waiting any more when the work is done that took too long.
        if !is_delivered {
            self.budget.set_timed_out();
        }
        self.waiting.fetch_sub(1, Ordering::Relaxed);
    }
}

/// A record that this thread waits for.
struct Awaited {
    thread: Arc<OriginThread>,
    number: usize,
}

impl Awaited {
    /// Announces a call of this origin.
    fn announce(call: &mut Call<'_>, origin: &Origin) -> Awaited {
        call.is_awaited = true;
        let thread = Arc::clone(&origin.thread);
        let number = thread.awaited.announce();
        Awaited { thread, number }
    }

    /// The record will not be delivered.
    fn revoke(&self) {
        self.thread.awaited.revoke();
    }
}
