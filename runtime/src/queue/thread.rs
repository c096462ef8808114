//! The drain thread.

use std::cell::Cell;

use pyo3::prelude::*;

use super::bounded::Queue;
use super::current::current;
use super::handler;
use crate::python::exit::{self, AttachPermit};
use crate::python::{loose, process, raised};
use crate::raw::system;

thread_local! {
    /// [`process::here`] of the process in which this is a drain thread. 0 in other threads.
    static DRAINS_IN: Cell<u32> = const { Cell::new(0) };
}

/// Whether the current thread is a drain thread of this process. In a child that it has forked, it isn't one any more.
pub(super) fn is_drain_thread() -> bool {
    let drains_in = DRAINS_IN.try_with(Cell::get).unwrap_or_default();
    drains_in == process::here()
}

/// Spawns the drain thread of a queue that has none: with the first record rather than at import, so
/// that a program with one thread keeps one thread.
#[inline]
pub(super) fn spawn_if_none(queue: &'static Queue) {
    if queue.waker.claim_spawn() && !spawn() {
        queue.waker.has_no_thread();
    }
}

/// Spawns the drain thread of a queue that has none. If no thread can be started, because a container limits their number,
/// this thread delivers the entries that are in the queue now.
pub(super) fn spawn_or_deliver(queue: &'static Queue, py: Python<'_>) {
    // No other thread takes this role meanwhile.
    if queue.has_work() && queue.waker.claim_spawn() && !spawn() {
        queue.deliver_all(py);
        queue.waker.has_no_thread();
    }
}

#[cold]
fn spawn() -> bool {
    system::spawn(c"pylog", run)
}

/// Runs until the program ends.
fn run() {
    let Some(queue) = current() else {
        return;
    };
    queue.waker.set_thread();
    DRAINS_IN.set(process::here());
    // In a child that a handler has forked, the queue is the parent's.
    while queue.is_current() {
        let Some(attaching) = queue.hold.start_attaching() else {
            queue.waker.wait_while(|| queue.hold.is_held());
            continue;
        };
        let Some(permit) = AttachPermit::acquire() else {
            return;
        };
        queue.budget.begin_work();
        let has_drained = Python::try_attach(|py| {
            loose::release(py);
            raised::attempt(py, exit::prepare(py));
            handler::register_again(py);
            queue.deliver_in_turn(py);
            raised::schedule(py);
        });
        queue.budget.end_work();
        drop(attaching);
        drop(permit);
        if queue.has_work() && has_drained.is_some() {
            continue;
        }
        let is_last = process::has_first_thread_ended;
        queue.waker.rest(
            || queue.has_work() || is_last(),
            || queue.may_sleep() && !is_last(),
        );
        if is_last() && !queue.has_work() {
            // The next thread that logs starts another one.
            queue.waker.has_no_thread();
            if !queue.has_work() || !queue.waker.claim_spawn() {
                return;
            }
        }
    }
}
