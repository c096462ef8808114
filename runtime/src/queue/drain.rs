//! Taking records out of the queue and delivering them.

use std::cell::Cell;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::bounded::{CAPACITY, Entry, Queue};
use super::current::current;
use crate::call::Call;
use crate::callsite::site::{Callsite, Decision};
use crate::event::keywords::Keywords;
use crate::level::Level;
use crate::python::attach::guard;
use crate::python::context::{Context, Entered};
use crate::python::once::Once;
use crate::python::{exit, raised};

/// The target of a WARNING about dropped records, if the crate has a `#[pylog::module]`.
static OWNER: Once<&'static str> = Once::new();

/// Sets the crate that is a Python module.
pub(crate) fn set_owner(root: &'static str) {
    OWNER.get_or_make(|| root);
}

thread_local! {
    /// Whether this thread takes entries out.
    static IS_DRAINING: Cell<bool> = const { Cell::new(false) };
}

/// Sets [`IS_DRAINING`] and returns what it was. At the end of a thread the variable may be gone.
fn set_draining(is_draining: bool) -> bool {
    let before = IS_DRAINING.try_with(|it| it.replace(is_draining));
    before.unwrap_or_default()
}

/// Delivers the remaining entries at the end of the program, even if another thread takes entries out.
pub(super) fn finish(py: Python<'_>) {
    if let Some(queue) = current() {
        queue.deliver_all(py);
    }
}

impl Queue {
    /// Delivers the entries that are in the queue now. Returns `false` if another thread does that already.
    pub(super) fn drain(&self, py: Python<'_>) -> bool {
        if self.is_draining.swap(true, Ordering::SeqCst) {
            return false;
        }
        self.deliver_all(py);
        self.is_draining.store(false, Ordering::SeqCst);
        true
    }

    fn deliver_all(&self, py: Python<'_>) {
        let before = set_draining(true);
        // The context of this thread is not that of the records.
        let context = match self.waker.is_this_thread() {
            true => None,
            false => Context::empty(py),
        };
        let end = self.reserved();
        while !self.has_delivered(end) && self.is_current() {
            let Some(entry) = self.pop() else {
                // A slot that is reserved but not filled yet. This thread doesn't wait for it.
                break;
            };
            deliver(self, entry, &context, py);
            if self.has_delivered(end - 1) && self.is_current() {
                // Before the last entry counts as delivered, so that `flush` waits for the WARNING too.
                self.report_dropped(py);
            }
            self.count_delivered();
            // An exception for the program doesn't wait for the other records, unless no other thread
            // will deliver them.
            if raised::is_kept() && !exit::is_finalizing() {
                break;
            }
        }
        if self.is_current() && self.is_empty() {
            // Records that were dropped meanwhile.
            self.report_dropped(py);
        }
        set_draining(before);
    }

    fn report_dropped(&self, py: Python<'_>) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            report_dropped(dropped, py);
        }
    }

    /// Waits until another thread has delivered everything up to a position, or until `end`.
    pub(super) fn wait(&self, position: usize, end: Instant) {
        // This thread can't wait for itself, nor for a thread that has ended with the interpreter.
        let is_draining = IS_DRAINING.try_with(Cell::get).unwrap_or_default();
        let can_wait = || !is_draining && !exit::is_finalizing();
        while !self.has_delivered(position) && can_wait() && Instant::now() < end {
            self.waker.wake();
            thread::sleep(Duration::from_micros(200));
        }
    }
}

fn deliver(queue: &Queue, entry: Entry, context: &Option<Context>, py: Python<'_>) {
    let (callsite, is_accepted) = match entry {
        Entry::Call(mut call) => {
            let own = call
                .origin
                .as_mut()
                .and_then(|origin| origin.context.take());
            let _entered = Entered::new(own.or_else(|| context.clone()));
            let callsite = call.callsite;
            let delivered = guard(py, callsite.metadata(), || call.deliver(py));
            if call.decision != Decision::Undecided {
                return;
            }
            (callsite, delivered)
        }
        Entry::Question(callsite, level) => {
            let _entered = Entered::new(context.clone());
            let ask = || {
                let logger = callsite.logger(py, level, Decision::Undecided)?;
                Ok(logger.is_some())
            };
            (callsite, guard(py, callsite.metadata(), ask))
        }
    };
    let dropped = callsite.take_dropped_undecided();
    if is_accepted == Some(true) {
        queue.dropped.fetch_add(dropped, Ordering::Relaxed);
    }
}

/// Logs the WARNING that records were dropped.
fn report_dropped(dropped: usize, py: Python<'_>) {
    // Most likely the capacity at that time.
    let capacity = CAPACITY.load(Ordering::Relaxed);
    let callsite = {
        struct Here;
        static CALLSITE: Callsite =
            Callsite::new("pylog", file!(), line!(), std::any::type_name::<Here>);
        OWNER
            .get()
            .map_or(&CALLSITE, |owner| CALLSITE.for_target(owner))
    };
    let pairs: [(&str, &dyn crate::event::value::ToValue); 1] = [("dropped", &dropped)];
    let call = Call::new(
        callsite,
        Level::WARN,
        Decision::Undecided,
        format_args!("{dropped} records were dropped: the queue of {capacity} was full"),
        Keywords::new(&pairs),
    );
    guard(py, callsite.metadata(), || call.deliver(py));
}
