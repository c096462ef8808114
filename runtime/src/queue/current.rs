//! The queue of this process, and the threads that have to use it.

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use super::bounded::Queue;
use crate::index::AtomicIndex;
use crate::python::{exit, interpreter};

/// Whether delivery is queued.
pub(super) static IS_QUEUED: AtomicBool = AtomicBool::new(false);

/// One queue for each generation of forked children.
static QUEUES: boxcar::Vec<Queue> = boxcar::Vec::new();

/// Where the current queue is in [`QUEUES`], if one was needed.
static CURRENT: AtomicIndex = AtomicIndex::none();

/// How many forks are under way. A child has the parent's queue until its hooks have run.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// The queue, if this thread must not wait for the GIL.
pub(crate) fn for_this_thread() -> Option<&'static Queue> {
    if !IS_QUEUED.load(Ordering::Acquire) || interpreter::is_attached() {
        return None;
    }
    // The finalizing thread delivers its own records: nothing would deliver them later.
    let is_last = exit::is_finalizing() && exit::may_attach();
    current().filter(|_| !is_last)
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

pub(super) fn is_forking() -> bool {
    FORKS.load(Ordering::SeqCst) > 0
}

pub(super) fn before_fork() {
    FORKS.fetch_add(1, Ordering::SeqCst);
}

pub(super) fn after_fork_in_parent() {
    FORKS.fetch_sub(1, Ordering::SeqCst);
}

pub(super) fn after_fork_in_child() {
    if current().is_some() {
        renew();
    }
    FORKS.store(0, Ordering::SeqCst);
}

impl Queue {
    /// Whether the current thread may take entries out. Not in a child that a handler has forked, since
    /// the queue is the parent's; and not at the end of the program, but in the finalizing thread.
    pub(super) fn is_current(&self) -> bool {
        current().is_some_and(|current| std::ptr::eq(current, self)) && exit::may_attach()
    }
}
