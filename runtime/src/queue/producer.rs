//! The threads that log, and what they ask of the queue.
//!
//! Only [`set_delivery`][super::mode::set_delivery] leads from here to the queue itself. So an extension that never
//! queues is linked without it.

use std::sync::atomic::{AtomicU8, Ordering};
use std::time::Duration;

use pyo3::prelude::*;
use pyo3::types::PyString;

use super::bounded::WAITING;
use super::current::is_forking;
use super::thread::is_drain_thread;
use crate::call::Call;
use crate::callsite::site::Callsite;
use crate::level::Level;
use crate::python::exit;
use crate::raw::interpreter;
use crate::raw::once::Once;

/// The queue, for a thread that logs.
pub(crate) trait Producer {
    /// Queues a call of this thread and this moment, or drops it if there is no room. Runs no Python code.
    fn push_or_drop(&'static self, call: Call<'_>);

    /// Queues a call of this thread, which isn't attached, and waits for its delivery, unless waiting has taken too long
    /// lately. Without an `origin` the call is of this moment.
    fn hand_over(&'static self, call: Call<'_>);

    /// Python's answer for the logger of that name, if this thread can tell without running Python code.
    fn answer_of_name(&self, name: &Bound<'_, PyString>, level: Level) -> Option<bool>;

    /// The same for an object that may be a logger.
    fn answer_of_logger(&self, logger: &Bound<'_, PyAny>, level: Level) -> Option<bool>;

    /// Has Python asked whether it accepts a level, unless that is on its way already.
    fn ask(&'static self, callsite: &'static Callsite, level: Level);

    /// Queues a call of this thread, which is attached, behind what is in the queue, and waits for its delivery.
    fn push_behind_others<'a>(
        &'static self,
        call: Call<'a>,
        py: Python<'_>,
    ) -> Result<(), Call<'a>>;

    /// Does what [`flush`][super::flush::flush] does.
    fn flush(&'static self, timeout: Duration) -> bool;
}

/// Returns the current queue.
type Current = fn() -> Option<&'static dyn Producer>;

static CURRENT: Once<Current> = Once::new();

/// Which threads queue their records: one of the constants below.
pub(super) static QUEUES_RECORDS: AtomicU8 = AtomicU8::new(NO_THREAD);

pub(super) const NO_THREAD: u8 = 0;
pub(super) const DETACHED_THREADS: u8 = 1;
pub(super) const EVERY_THREAD: u8 = 2;
/// Threads that Python doesn't know, and all threads for the records of dependencies.
pub(super) const UNKNOWN_THREADS: u8 = 3;

/// What becomes of a call.
#[derive(Clone, Copy)]
pub(crate) enum Route {
    /// It is delivered at once.
    Direct,
    /// It is left in the queue.
    Queue(&'static dyn Producer),
    /// It is left in the queue, and the thread waits for its delivery.
    HandOver(&'static dyn Producer),
}

/// Sets the function by which threads find the queue.
pub(super) fn link(current: Current) {
    CURRENT.get_or_make(|| current);
}

/// The current queue, if one was needed.
pub(crate) fn current() -> Option<&'static dyn Producer> {
    CURRENT.get()?()
}

/// The current queue, unless it is known to be empty.
pub(crate) fn current_unless_empty() -> Option<&'static dyn Producer> {
    match WAITING.load(Ordering::Relaxed) {
        0 => None,
        _ => current(),
    }
}

/// What becomes of a call that this thread makes.
pub(crate) fn route(callsite: &Callsite) -> Route {
    let route = match QUEUES_RECORDS.load(Ordering::Acquire) {
        NO_THREAD => return Route::Direct,
        DETACHED_THREADS if interpreter::is_attached() => return Route::Direct,
        UNKNOWN_THREADS => match callsite.is_of_dependency() {
            false if interpreter::is_known_thread() => return Route::Direct,
            true if interpreter::is_attached() => Route::Queue,
            _ => Route::HandOver,
        },
        _ => Route::Queue,
    };
    match current() {
        Some(queue) if !delivers_own() => route(queue),
        _ => Route::Direct,
    }
}

/// The queue, if this thread's calls must not run Python code.
pub(crate) fn runs_no_python() -> Option<&'static dyn Producer> {
    let is_so = QUEUES_RECORDS.load(Ordering::Acquire) == EVERY_THREAD && !delivers_own();
    is_so.then(current).flatten()
}

/// Whether this thread delivers its own records at once even so: the drain thread those that a handler logs,
/// the finalizing thread because nothing would deliver them later.
pub(super) fn delivers_own() -> bool {
    let is_last = exit::is_finalizing() && exit::may_attach();
    is_last || is_drain_thread() || is_forking()
}
