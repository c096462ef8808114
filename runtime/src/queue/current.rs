//! The queue of this process, and the threads that have to use it.

use std::cell::Cell;
use std::sync::atomic::{AtomicU8, Ordering};

use super::bounded::Queue;
use super::thread::is_drain_thread;
use crate::callsite::site::reset_questions;
use crate::index::AtomicIndex;
use crate::python::{exit, interpreter};

/// Which threads queue their records: one of the constants below.
pub(super) static QUEUES_RECORDS: AtomicU8 = AtomicU8::new(NO_THREAD);

pub(super) const NO_THREAD: u8 = 0;
pub(super) const DETACHED_THREADS: u8 = 1;
pub(super) const EVERY_THREAD: u8 = 2;

/// One queue for each generation of forked children.
static QUEUES: boxcar::Vec<Queue> = boxcar::Vec::new();

/// Where the current queue is in [`QUEUES`], if one was needed.
static CURRENT: AtomicIndex = AtomicIndex::none();

thread_local! {
    /// Whether this thread is forking. A child has the parent's queue until its hooks have run.
    static IS_FORKING: Cell<bool> = const { Cell::new(false) };
}

/// The queue, if this thread has to leave its records there.
pub(crate) fn for_this_thread() -> Option<&'static Queue> {
    match QUEUES_RECORDS.load(Ordering::Acquire) {
        NO_THREAD => return None,
        DETACHED_THREADS if interpreter::is_attached() => return None,
        _ => {}
    }
    if delivers_own() { None } else { current() }
}

/// Whether this thread's calls must not run Python code.
pub(crate) fn runs_no_python() -> bool {
    QUEUES_RECORDS.load(Ordering::Acquire) == EVERY_THREAD && !delivers_own()
}

/// Whether this thread delivers its own records at once even so: the drain thread those that a handler logs,
/// the finalizing thread because nothing would deliver them later.
pub(super) fn delivers_own() -> bool {
    let is_last = exit::is_finalizing() && exit::may_attach();
    is_last || is_drain_thread() || IS_FORKING.try_with(Cell::get).unwrap_or_default()
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
