//! Putting calls into the queue.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::bounded::{Entry, Queue};
use super::current::current;
use super::producer::{self, Producer};
use super::thread::spawn_if_none;
use crate::call::Call;
use crate::callsite::site::{Callsite, Decision};
use crate::event::origin::Origin;
use crate::level::Level;
use crate::python::garbage;
use crate::python::{exit, nesting};

/// How long an attached call waits until its record has been delivered behind others. A handler may
/// want a lock that the calling thread holds, so it doesn't wait longer.
const WAIT_BEHIND_OTHERS: Duration = Duration::from_millis(100);

/// Links queued delivery to the threads that log.
pub(super) fn link() {
    producer::link(|| current().map(|queue| queue as &dyn Producer));
}

impl Producer for Queue {
    fn push_or_drop(&'static self, call: Call<'_>, origin: Option<Origin>, py: Option<Python<'_>>) {
        if !exit::may_attach() {
            return; // The last records have been delivered, or are being delivered.
        }
        let (callsite, level) = (call.callsite, call.level);
        let is_decided = call.decision != Decision::Undecided;
        match self.reserve(is_decided) {
            Some(slot) => {
                if !is_decided {
                    callsite.questions().add();
                }
                let call = garbage::without_collection(py, || {
                    let origin = origin.unwrap_or_else(|| Origin::here(py));
                    call.into_queued(origin, py)
                });
                slot.send(Entry::Call(call));
            }
            None if is_decided => {
                call.give_back();
                self.count_dropped(1);
                self.waker.wake();
            }
            // Whether it counts as dropped is known when Python has been asked.
            None => {
                call.give_back();
                if callsite.questions().drop_call() {
                    let question = Entry::Question(callsite, level);
                    self.reserve_for_question().send(question);
                }
                self.waker.wake();
            }
        }
        spawn_if_none(self);
    }

    fn ask(&'static self, callsite: &'static Callsite, level: Level) {
        if callsite.questions().add_if_none() {
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
        // Without room the record is delivered out of order, rather than dropped.
        let Some(slot) = self.reserve(true) else {
            return Err(call);
        };
        let call = call.into_queued(Origin::here(Some(py)), Some(py));
        let position = slot.send(Entry::Call(call));
        spawn_if_none(self);
        py.detach(|| self.wait(position, Instant::now() + WAIT_BEHIND_OTHERS));
        Ok(())
    }

    fn flush(&'static self, timeout: Duration) -> bool {
        self.flush_within(timeout)
    }
}
