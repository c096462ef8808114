//! The queue of this process.

use std::cell::Cell;

use super::bounded::Queue;
use crate::callsite::site::reset_questions;
use crate::index::AtomicIndex;
use crate::python::exit;

/// One queue for each generation of forked children.
static QUEUES: boxcar::Vec<Queue> = boxcar::Vec::new();

/// Where the current queue is in [`QUEUES`], if one was needed.
static CURRENT: AtomicIndex = AtomicIndex::none();

thread_local! {
    /// A child has the parent's queue until its hooks have run.
    static IS_FORKING: Cell<bool> = const { Cell::new(false) };
}

/// Whether this thread is forking.
pub(super) fn is_forking() -> bool {
    IS_FORKING.try_with(Cell::get).unwrap_or_default()
}

pub(super) fn current() -> Option<&'static Queue> {
    CURRENT.get().map(|index| &QUEUES[index])
}

pub(super) fn make_current_if_none() {
    if current().is_none() {
        renew();
    }
}

fn renew() {
    CURRENT.set(QUEUES.push(Queue::after(current())));
}

fn set_forking(is_forking: bool) {
    let _ = IS_FORKING.try_with(|it| it.set(is_forking));
}

pub(super) fn before_fork() {
    set_forking(true);
}

pub(super) fn after_fork_in_parent() {
    set_forking(false);
}

pub(super) fn after_fork_in_child() {
    if current().is_some() {
        renew();
        reset_questions();
    }
    set_forking(false);
}

impl Queue {
    /// Whether the current thread may take entries out. Not in a child that a handler has forked, since
    /// the queue is the parent's. At the end of the program only the finalizing thread may.
    pub(super) fn is_current(&self) -> bool {
        current().is_some_and(|current| std::ptr::eq(current, self)) && exit::may_attach()
    }
}
