//! Putting calls into the queue.

use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::bounded::{Entry, Queue};
use super::current::{current, is_forking};
use super::thread::spawn_if_none;
use crate::call::Call;
use crate::callsite::site::{Callsite, Decision};
use crate::level::Level;
use crate::python::context::Context;

/// How long an attached call waits for the thread that delivers what is ahead of it. A handler may
/// want a lock that the calling thread holds, so it doesn't wait longer.
const WAIT_FOR_RECORDS_AHEAD: Duration = Duration::from_millis(100);

/// Queues a call, or drops it if there is no room.
pub(crate) fn push_or_drop(queue: &'static Queue, call: Call<'static>) {
    let callsite = call.callsite;
    let is_decided = call.decision != Decision::Undecided;
    match queue.reserve(is_decided) {
        Some(permit) => {
            let position = permit.send(Entry::Call(call));
            if !is_decided {
                callsite.set_asked_at(position);
            }
        }
        // Whether it counts as dropped is known when Python has been asked.
        None if !is_decided && !queue.has_delivered(callsite.asked_at()) => {
            callsite.count_dropped_undecided();
        }
        None => {
            queue.count_dropped();
            queue.waker.wake();
        }
    }
    spawn_if_none(queue);
}

/// Has Python asked whether it accepts a level, unless that is on its way already.
pub(crate) fn ask(queue: &'static Queue, callsite: &'static Callsite, level: Level) {
    if queue.has_delivered(callsite.asked_at()) {
        if let Some(permit) = queue.reserve(false) {
            let position = permit.send(Entry::Question(callsite, level));
            callsite.set_asked_at(position);
            spawn_if_none(queue);
        }
    }
}

/// Delivers what is ahead of a call of this thread, which is attached. If earlier records of the thread
/// are still under way after that, the call is queued behind them; otherwise it comes back.
pub(crate) fn push_behind_own<'a>(call: Call<'a>, py: Python<'_>) -> Result<(), Call<'a>> {
    let Some(queue) = current() else {
        return Err(call);
    };
    // A child has the parent's queue at first, whose threads don't exist here.
    if is_forking() || queue.is_empty() {
        return Err(call);
    }
    if !queue.drain(py) {
        let position = queue.reserved();
        let end = Instant::now() + WAIT_FOR_RECORDS_AHEAD;
        py.detach(|| queue.wait(position, end));
    }
    if !queue.has_own() {
        return Err(call);
    }
    let mut call = call.into_queued()?;
    // Without room the record is delivered out of order, rather than dropped.
    let Some(permit) = queue.reserve(true) else {
        return Err(call);
    };
    if let Some(origin) = &mut call.origin {
        origin.context = origin.context.take().or_else(|| Context::capture(py).ok());
    }
    permit.send(Entry::Call(call));
    Ok(())
}
