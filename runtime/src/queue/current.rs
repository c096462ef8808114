//! The queue of this process.

use std::cell::Cell;
use std::time::Duration;

use pyo3::prelude::*;

use super::bounded::Queue;
use super::hold::wait_until;
use crate::callsite::site::reset_questions;
use crate::python::process::OfProcess;
use crate::python::{exit, nesting};
use crate::raw::interpreter;

static QUEUES: OfProcess<Queue> = OfProcess::new();

/// How long a fork waits for the end of the delivery that is under way, whose handler may wait for the forking thread.
const WAIT_FOR_DELIVERY: Duration = Duration::from_secs(1);

thread_local! {
    /// The drain thread delivers nothing meanwhile.
    static IS_FORKING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is forking.
pub(super) fn is_forking() -> bool {
    IS_FORKING.try_with(Cell::get).unwrap_or_default()
}

/// The queue of this process, if it or a parent needed one.
pub(super) fn current() -> Option<&'static Queue> {
    QUEUES.is_in_use().then(make_current)
}

pub(super) fn make_current() -> &'static Queue {
    QUEUES.get_or_make(|of_parent| {
        if of_parent.is_some() {
            // The parent answers them.
            reset_questions();
        }
        Queue::after(of_parent)
    })
}

pub(super) fn set_forking(is_forking: bool) {
    let _ = IS_FORKING.try_with(|it| it.set(is_forking));
}

/// Holds the drain thread, so that the child finds neither a lock of a handler nor the GIL taken by a thread that it doesn't
/// have: a server such as uWSGI lets go of the GIL before it forks, and takes it again in the child.
///
/// The system calls this, whoever forks, and so do Python's hooks, where it is usual to let other threads run.
pub(super) fn begin_hold() {
    if let Some(queue) = current() {
        queue.hold.begin();
        let wait = || wait_until(WAIT_FOR_DELIVERY, || queue.hold.is_detached());
        // Python's hook has waited already. A handler that forks can't wait for the end of its own delivery.
        if !queue.hold.is_detached() && !is_forking() && !nesting::is_in_call() {
            // The delivery may need the GIL.
            match interpreter::is_attached() {
                true => drop(Python::try_attach(|py| py.detach(wait))),
                false => wait(),
            }
        }
    }
}

pub(super) fn end_hold() {
    if let Some(queue) = current() {
        queue.hold.end();
        queue.waker.wake();
    }
}

impl Queue {
    /// Whether the current thread may take entries out. Not in a child that a handler has forked, since
    /// the queue is the parent's. At the end of the program only the finalizing thread may.
    pub(super) fn is_current(&self) -> bool {
        QUEUES.get().is_some_and(|queue| std::ptr::eq(queue, self)) && exit::may_attach()
    }
}
