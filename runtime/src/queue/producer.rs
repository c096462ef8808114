//! Putting calls into the queue.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::bounded::{Entry, Queue};
use super::current::{current, delivers_own};
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

/// Queues a call, or drops it if there is no room. `py` if the thread is attached. Runs no Python code.
pub(crate) fn push_or_drop(
    queue: &'static Queue,
    call: Call<'_>,
    origin: impl FnOnce() -> Origin,
    py: Option<Python<'_>>,
) {
    if !exit::may_attach() {
        return; // The last records have been delivered, or are being delivered.
    }
    let (callsite, level) = (call.callsite, call.level);
    let is_decided = call.decision != Decision::Undecided;
    match queue.reserve(is_decided) {
        Some(slot) => {
            if !is_decided {
                callsite.questions().add();
            }
            let call = garbage::without_collection(py, || call.into_queued(origin(), py));
            slot.send(Entry::Call(call));
        }
        None if is_decided => {
            call.give_back();
            queue.count_dropped(1);
            queue.waker.wake();
        }
        // Whether it counts as dropped is known when Python has been asked.
        None => {
            call.give_back();
            if callsite.questions().drop_call() {
                let question = Entry::Question(callsite, level);
                queue.reserve_for_question().send(question);
            }
            queue.waker.wake();
        }
    }
    spawn_if_none(queue);
}

/// Has Python asked whether it accepts a level, unless that is on its way already.
pub(crate) fn ask(queue: &'static Queue, callsite: &'static Callsite, level: Level) {
    if callsite.questions().add_if_none() {
        let question = Entry::Question(callsite, level);
        queue.reserve_for_question().send(question);
        spawn_if_none(queue);
    }
}

/// Queues a call of this thread, which is attached, behind what is in the queue, and waits for its delivery.
/// The call comes back if it can be delivered at once.
pub(crate) fn push_behind_others<'a>(call: Call<'a>, py: Python<'_>) -> Result<(), Call<'a>> {
    let Some(queue) = current() else {
        return Err(call);
    };
    // A handler's own records belong before the next record of the queue.
    if nesting::is_nested() {
        return Err(call);
    }
    if exit::is_finalizing() {
        queue.deliver_all(py);
    }
    if queue.is_empty() || delivers_own() {
        return Err(call);
    }
    // Without room the record is delivered out of order, rather than dropped.
    let Some(slot) = queue.reserve(true) else {
        return Err(call);
    };
    let call = call.into_queued(Origin::here(Some(py)), Some(py));
    let position = slot.send(Entry::Call(call));
    spawn_if_none(queue);
    py.detach(|| queue.wait(position, Instant::now() + WAIT_BEHIND_OTHERS));
    Ok(())
}
