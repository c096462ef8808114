//! The drain thread.

use std::thread;

use pyo3::prelude::*;

use super::bounded::Queue;
use crate::python::exit::{self, AttachPermit};
use crate::python::raised;

/// Spawns the drain thread of a queue that has none: with the first record rather than at import, so
/// that a program with one thread keeps one thread.
#[inline]
pub(super) fn spawn_if_none(queue: &'static Queue) {
    if queue.waker.claim_spawn() {
        spawn(queue);
    }
}

#[cold]
fn spawn(queue: &'static Queue) {
    let builder = thread::Builder::new().name("pylog".to_owned());
    if builder.spawn(move || run(queue)).is_err() {
        queue.waker.spawn_failed();
    }
}

/// Runs until the program ends.
fn run(queue: &'static Queue) {
    queue.waker.set_thread();
    // In a child that a handler has forked, the queue is the parent's.
    while queue.is_current() {
        let Some(permit) = AttachPermit::acquire() else {
            return;
        };
        let has_drained = Python::try_attach(|py| {
            raised::attempt(py, exit::prepare(py));
            let has_drained = queue.drain(py);
            raised::schedule(py);
            has_drained
        });
        drop(permit);
        // If another thread takes records out, this one isn't needed.
        if queue.is_idle() || has_drained != Some(true) {
            queue.waker.rest(|| queue.is_idle());
        }
    }
}
