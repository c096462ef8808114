//! Taking records out of the queue and delivering them.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::bounded::{CAPACITY, Entry, Queue};
use super::hold::wait_until;
use super::thread::is_drain_thread;
use crate::call::Call;
use crate::callsite::site::{Callsite, Decision};
use crate::event::keywords::Keywords;
use crate::event::origin::OriginThread;
use crate::level::Level;
use crate::python::attach::guard;
use crate::python::{exit, raised};
use crate::raw::once::Once;
use crate::raw::system;

/// The target of a WARNING about dropped records, if the crate has a `#[pylog::module]`.
static OWNER: Once<&'static str> = Once::new();

/// How long the drain thread keeps the GIL: as long as Python lets a thread run by default.
const TURN: Duration = Duration::from_millis(5);

/// How long the drain thread waits with the GIL for the next record of a thread that it has woken.
const WAIT_FOR_NEXT: Duration = Duration::from_micros(50);

/// Sets the crate that is a Python module.
pub(crate) fn set_owner(root: &'static str) {
    OWNER.get_or_make(|| root);
}

impl Queue {
    /// Delivers the entries that are in the queue now. Only the drain thread does this, a thread that holds it, and at the
    /// end the finalizing thread: a handler may want a lock that a logging thread holds.
    pub(super) fn deliver_all(&self, py: Python<'_>) {
        self.deliver(py, false, || false);
    }

    /// Delivers them in this thread, if the drain thread doesn't take longer than `limit` for the record that it is at.
    pub(super) fn deliver_here(&self, py: Python<'_>, limit: Duration) {
        self.hold.begin();
        if !self.hold.is_effective() {
            py.detach(|| wait_until(limit, || self.hold.is_effective()));
        }
        if self.hold.is_effective() {
            self.deliver_all(py);
        }
        self.hold.end();
        self.waker.wake();
    }

    /// The same in the drain thread. It gives other threads their turn, and keeps the GIL a moment for the next records
    /// of those that it has woken: beside a busy thread it would wait long to get it again.
    pub(super) fn deliver_in_turn(&self, py: Python<'_>) {
        let start = Instant::now();
        let is_over = || start.elapsed() >= TURN;
        while self.deliver(py, true, is_over) && !is_over() {
            self.budget.end_work();
            let waits_since = Instant::now();
            while !self.has_work() {
                if waits_since.elapsed() >= WAIT_FOR_NEXT || self.hold.is_held() {
                    return;
                }
                thread::yield_now();
            }
            self.budget.begin_work();
        }
    }

    /// Stops while deliveries are held, if `can_be_held`. Returns whether a thread was woken.
    fn deliver(&self, py: Python<'_>, can_be_held: bool, is_over: impl Fn() -> bool) -> bool {
        let (mut has_woken, mut signals) = (false, None);
        let end = self.reserved();
        let interrupts = raised::interrupts();
        while !self.has_delivered(end) && self.is_current() && !is_over() {
            if exit::is_finalizing() && (self.is_given_up() || raised::interrupts() != interrupts) {
                self.give_up();
                self.drop_rest(end, py);
                return has_woken;
            }
            let Some(_delivering) = self.hold.start_delivery(can_be_held) else {
                return false;
            };
            let Some(entry) = self.pop() else {
                // A slot that is reserved but not filled yet. This thread doesn't wait for it.
                break;
            };
            signals.get_or_insert_with(system::let_signals_in);
            let awaiting = deliver(self, entry, py);
            let is_last = self.has_delivered(end - 1);
            if is_last && self.is_current() {
                // Before the last entry counts as delivered, so that `flush` waits for the WARNING too.
                self.report_dropped(py);
            }
            if is_last || awaiting.is_some() {
                // A program that has waited for the record may block a signal, and send it.
                signals = None;
            }
            self.count_delivered();
            if let Some(thread) = awaiting {
                if self.waiting.load(Ordering::Relaxed) > 0 {
                    self.budget.set_awaited();
                }
                thread.acknowledge();
                has_woken = true;
            }
            // An exception for the program doesn't wait for the other records, unless no other thread
            // will deliver them.
            if raised::is_held() && !exit::is_finalizing() {
                return false;
            }
        }
        if self.is_current() && self.is_empty() {
            // Records that were dropped meanwhile.
            if let Some(_delivering) = self.hold.start_delivery(can_be_held) {
                self.report_dropped(py);
            }
        }
        has_woken
    }

    /// Drops what is in the queue up to a position: the program is interrupted at its end, and no other thread delivers any
    /// more.
    #[cold]
    #[inline(never)]
    fn drop_rest(&self, end: usize, py: Python<'_>) {
        self.report_dropped(py);
        let mut dropped = 0;
        while !self.has_delivered(end) {
            let Some(entry) = self.pop() else {
                break;
            };
            dropped += usize::from(matches!(entry, Entry::Call(_)));
            drop(entry);
            self.count_delivered();
        }
        if dropped > 0 {
            let why = format_args!("the program was interrupted at its end");
            report_dropped(dropped, why, py);
        }
    }

    #[inline(never)]
    fn report_dropped(&self, py: Python<'_>) {
        match self.take_dropped() {
            0 => {}
            dropped => {
                let _signals = system::let_signals_in();
                // Most likely the capacity at that time.
                let capacity = CAPACITY.load(Ordering::Relaxed);
                let why = format_args!("the queue of {capacity} was full");
                report_dropped(dropped, why, py);
            }
        }
    }

    /// Waits until another thread has delivered everything up to a position, or until `end`.
    pub(super) fn wait(&self, position: usize, end: Instant) {
        while !self.has_delivered(position) && self.can_wait() && Instant::now() < end {
            self.waker.wake();
            thread::sleep(Duration::from_micros(200));
        }
    }

    /// Whether another thread delivers: this one can't wait for itself, nor for a thread that has ended with the
    /// interpreter.
    pub(super) fn can_wait(&self) -> bool {
        !is_drain_thread() && !exit::is_finalizing()
    }
}

/// Returns the thread that waits for the delivery.
fn deliver(queue: &Queue, entry: Entry, py: Python<'_>) -> Option<Arc<OriginThread>> {
    let mut awaiting = None;
    let (callsite, is_accepted) = match entry {
        Entry::Call(call) => {
            let callsite = call.callsite;
            let origin = call.origin.as_ref();
            let awaited = origin.filter(|_| call.is_awaited);
            awaiting = awaited.map(|origin| Arc::clone(&origin.thread));
            let delivered = guard(py, callsite.metadata(), || {
                let _inside = origin.and_then(|origin| origin.enter_context(py));
                call.deliver(py)
            });
            if call.decision != Decision::Undecided {
                return awaiting;
            }
            (callsite, delivered)
        }
        Entry::Question(callsite, level) => {
            let ask = || {
                let logger = callsite.logger(py, level, Decision::Undecided)?;
                Ok(logger.is_some())
            };
            (callsite, guard(py, callsite.metadata(), ask))
        }
    };
    let dropped = callsite.state().questions.answer();
    // If something was raised, Python hasn't refused.
    if is_accepted != Some(false) {
        queue.count_dropped(dropped);
    }
    awaiting
}

/// Logs the WARNING that records were dropped.
#[cold]
#[inline(never)]
fn report_dropped(dropped: usize, why: fmt::Arguments<'_>, py: Python<'_>) {
    let callsite = {
        struct Here;
        static CALLSITE: Callsite =
            Callsite::new("pylog", file!(), line!(), std::any::type_name::<Here>);
        OWNER
            .get()
            .map_or(&CALLSITE, |owner| CALLSITE.for_target(owner))
    };
    let mut call = Call::new(
        callsite,
        Level::WARN,
        Decision::Undecided,
        format_args!("{dropped} records were dropped: {why}"),
        Keywords::default(),
    );
    call.set_dropped(dropped);
    guard(py, callsite.metadata(), || call.deliver(py));
}
