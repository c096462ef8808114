//! Queued delivery: threads that don't hold the GIL leave their records to one that fetches it.
//!
//! A record goes into the queue with the time and the thread it is from. Whoever is attached takes
//! records out: the [drain thread][drain], a thread that logs itself and delivers what is ahead of it
//! first, the end of the program. One at a time, so that the order holds, and without a lock, as a handler
//! may want one that the thread holds: who finds somebody else at it waits for a moment and then goes on.
//! Its own record goes behind those of the same thread that are still under way by then, and else needs
//! no place in the order.
//!
//! In a forked child, threads that were about to put something in or take something out don't exist,
//! and the queue may wait for them forever. So a child begins with a new queue. What is in the old one
//! is the parent's to deliver.

mod drain;

use std::cell::Cell;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use crossbeam_queue::SegQueue;
use pyo3::prelude::*;

use crate::call::Queued;
use crate::callsite::Callsite;
use crate::context::{Context, Entered};
use crate::data::Data;
use crate::once::Once;
use crate::{Level, delivery, exit, fork, interpreter};

/// How records get to Python; see [`set_delivery`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// A call that is on attaches to Python and returns when the record has been handled. A thread that
    /// holds the GIL must not wait for one that logs.
    Direct,
    /// Threads that aren't attached put their records into a queue and go on, without waiting for the GIL. A
    /// thread of pylog's delivers them, in order a thread. One that is attached delivers what is ahead of
    /// its record first and then that, so a handler may run on another thread than it would directly; if
    /// somebody else is at it, it waits for that, but no longer than a tenth of a second.
    ///
    /// So many records fit in, at least one. When it is full, new ones are dropped; a WARNING says how
    /// many. Calls of which it isn't known yet whether Python accepts their level get half of it. A record
    /// takes about 90 bytes and its text.
    ///
    /// A call that says something only Python can tell (a Python object as a value, as `exc_info` or
    /// behind `logger:`, or `stack_info`) still waits for the GIL. So does every call in a process in which
    /// somebody has made a subinterpreter, as Python then no longer tells which threads are attached.
    Queued(usize),
}

/// Whether delivery is queued.
static IS_ON: AtomicBool = AtomicBool::new(false);

/// How many records may wait; what was said last.
static CAPACITY: AtomicUsize = AtomicUsize::new(0);

/// The target of a WARNING about dropped records, if there is a module.
static OWNER: Once<&'static str> = Once::new();

/// One for each generation of forked children.
static QUEUES: boxcar::Vec<Queue> = boxcar::Vec::new();

/// Where the current one is in [`QUEUES`], plus one; 0 if there has been no need for one.
static CURRENT: AtomicUsize = AtomicUsize::new(0);

/// How many forks are under way. The child may come back from them with a queue that is none any more.
static FORKS: AtomicUsize = AtomicUsize::new(0);

/// Sets how this extension's records get to Python, from now on. `#[pylog::module(queue = 65536)]`
/// does it at import.
///
/// What is queued stays in order when delivery becomes direct again.
///
/// ```
/// # pyo3::Python::attach(|py| -> pyo3::PyResult<()> {
/// use pylog::Delivery;
///
/// pylog::set_delivery(py, Delivery::Queued(65_536))?;
/// py.detach(|| pylog::info!("on its way"));
/// pylog::flush(std::time::Duration::from_secs(1));
/// # Ok(()) }).unwrap();
/// ```
///
/// # Errors
/// If Python comes without `ctypes`, which queued delivery needs.
pub fn set_delivery(py: Python<'_>, delivery: Delivery) -> PyResult<()> {
    match delivery {
        Delivery::Direct => IS_ON.store(false, Ordering::Release),
        Delivery::Queued(capacity) => {
            interpreter::prepare(py)?;
            fork::prepare(py);
            exit::prepare(py)?;
            // What fails here leaves records behind that such a child's end would have delivered.
            let _ = fork::flush_with_multiprocessing(py);
            if CURRENT.load(Ordering::Acquire) == 0 {
                renew();
            }
            CAPACITY.store(capacity.max(1), Ordering::Release);
            IS_ON.store(true, Ordering::Release);
        }
    }
    Ok(())
}

/// Says which crate's root is a Python module.
pub(crate) fn set_owner(root: &'static str) {
    OWNER.get_or_make(|| root);
}

/// Waits until everything that is in the queue now has been delivered, no longer than `timeout`.
/// Whether it has.
///
/// A thread that holds the GIL lets go of it meanwhile. In a handler of a queued record this gives up at
/// once, as it would wait for itself.
///
/// ```
/// assert!(pylog::flush(std::time::Duration::from_secs(1)));
/// ```
pub fn flush(timeout: Duration) -> bool {
    let Some(queue) = current() else {
        return true;
    };
    let mark = queue.pushed.load(Ordering::SeqCst);
    let now = Instant::now();
    let end = now.checked_add(timeout).unwrap_or(now + FOREVER);
    let attached = interpreter::is_attached().then(|| {
        Python::try_attach(|py| match exit::has_come() {
            // Nobody else does any more.
            true => drop(queue.drain(py)),
            false => py.detach(|| queue.wait(mark, end)),
        })
    });
    if attached.flatten().is_none() {
        queue.wait(mark, end);
    }
    queue.has_delivered(mark)
}

/// The queue, if the current thread is one that must not touch the GIL.
pub(crate) fn for_this_thread() -> Option<&'static Queue> {
    if !IS_ON.load(Ordering::Acquire) || interpreter::is_attached() {
        return None;
    }
    // The thread that ends the interpreter finds nobody any more who would deliver.
    let is_last = exit::has_come() && exit::may_attach();
    current().filter(|_| !is_last)
}

fn current() -> Option<&'static Queue> {
    let index = CURRENT.load(Ordering::Acquire).checked_sub(1)?;
    Some(&QUEUES[index])
}

fn renew() {
    let count = current().map_or(0, |queue| queue.pushed.load(Ordering::SeqCst));
    CURRENT.store(QUEUES.push(Queue::new(count)) + 1, Ordering::Release);
}

/// Before `os.fork`.
pub(crate) fn before_fork() {
    FORKS.fetch_add(1, Ordering::SeqCst);
}

pub(crate) fn after_fork_in_parent() {
    FORKS.fetch_sub(1, Ordering::SeqCst);
}

pub(crate) fn after_fork_in_child() {
    if CURRENT.load(Ordering::Acquire) != 0 {
        renew();
    }
    FORKS.store(0, Ordering::SeqCst);
}

/// How long a call waits for another thread that delivers what is ahead of it.
const PATIENCE: Duration = Duration::from_millis(100);

/// Delivers what is ahead of a call of this thread, which is attached. The queue, if the call has to go
/// into it all the same, as the thread's records before it are still under way.
pub(crate) fn deliver_ahead(py: Python<'_>) -> Option<&'static Queue> {
    let queue = current()?;
    // In a child that hasn't got its own queue yet, this one may wait for threads of the parent's.
    if FORKS.load(Ordering::SeqCst) > 0 || queue.is_empty() {
        return None;
    }
    if !queue.drain(py) {
        let mark = queue.pushed.load(Ordering::SeqCst);
        // Not longer: a handler may want a lock that this thread holds.
        let end = Instant::now() + PATIENCE;
        py.detach(|| queue.wait(mark, end));
    }
    queue.has_own().then_some(queue)
}

/// Delivers what is left at the end of the program, whatever another thread is at.
pub(crate) fn finish(py: Python<'_>) {
    if let Some(queue) = current() {
        queue.deliver_all(py);
    }
}

/// More than `Instant` needs be able to add.
const FOREVER: Duration = Duration::from_secs(1 << 30);

/// What waits.
enum Entry {
    Call(Queued),
    /// Whether Python accepts a level, so that the callsite knows it.
    Question(&'static Callsite, Level),
}

pub(crate) struct Queue {
    entries: SegQueue<Entry>,
    /// How many entries ever had a place in it. Counted first and put in then, so that at most as many
    /// are ahead of one as this says after it was put in.
    pushed: AtomicUsize,
    /// How many of them have been taken out and dealt with.
    delivered: AtomicUsize,
    /// How many had no place, since that was last reported.
    dropped: AtomicUsize,
    /// Whether somebody takes entries out.
    is_draining: AtomicBool,
    thread: drain::Drain,
}

/// Room for one entry. It must be used: others count on it.
#[must_use]
pub(crate) struct Place {
    queue: &'static Queue,
    /// How many entries are in the queue with this one.
    waiting: usize,
}

impl Place {
    /// For a call that Python has accepted.
    pub(crate) fn put_accepted(self, mut call: Queued, py: Python<'_>) {
        call.accepted = true;
        if call.origin.context.is_none() {
            call.origin.context = Context::capture(py).ok();
        }
        self.put(Entry::Call(call));
    }

    /// The entry has been delivered when as many have been as this returns.
    fn put(self, entry: Entry) -> usize {
        let Place { queue, waiting } = self;
        queue.entries.push(entry);
        let mark = queue.pushed.load(Ordering::SeqCst);
        let _ = OWN.try_with(|own| own.set(mark));
        queue.thread.notice(queue, waiting);
        mark
    }
}

thread_local! {
    /// When so many have been delivered, everything has that this thread put in.
    static OWN: Cell<usize> = const { Cell::new(0) };

    /// Whether it is this thread that takes entries out.
    static IS_DRAINING: Cell<bool> = const { Cell::new(false) };
}

impl Queue {
    /// An empty one. Counts go on where those of the one before it are, so that marks of that one are
    /// of what has been delivered.
    fn new(count: usize) -> Queue {
        Queue {
            entries: SegQueue::new(),
            pushed: AtomicUsize::new(count),
            delivered: AtomicUsize::new(count),
            dropped: AtomicUsize::new(0),
            is_draining: AtomicBool::new(false),
            thread: drain::Drain::new(),
        }
    }

    /// Puts a call in, or drops it if there is no room.
    pub(crate) fn push_or_drop(&'static self, call: Queued) {
        let callsite = call.callsite();
        let is_decided = call.accepted;
        match self.reserve_for(is_decided) {
            Some(place) => {
                let mark = place.put(Entry::Call(call));
                if !is_decided {
                    callsite.will_be_asked_at(mark);
                }
            }
            // Whether it counts as dropped turns out when Python is asked.
            None if !is_decided && !self.has_delivered(callsite.asked_at()) => callsite.hold_back(),
            None => {
                self.dropped.fetch_add(1, Ordering::Relaxed);
                self.thread.wake();
            }
        }
    }

    /// Has Python asked whether it accepts a level, as soon as may be.
    pub(crate) fn ask(&'static self, callsite: &'static Callsite, level: Level) {
        if self.has_delivered(callsite.asked_at()) {
            if let Some(place) = self.reserve_for(false) {
                let mark = place.put(Entry::Question(callsite, level));
                callsite.will_be_asked_at(mark);
            }
        }
    }

    /// A place for a call that Python has accepted, if there is room.
    pub(crate) fn reserve(&'static self) -> Option<Place> {
        self.reserve_for(true)
    }

    /// Those of which nothing is known, many of which Python will refuse, get no more than half.
    fn reserve_for(&'static self, is_decided: bool) -> Option<Place> {
        let capacity = CAPACITY.load(Ordering::Relaxed);
        let capacity = if is_decided {
            capacity
        } else {
            capacity.div_ceil(2)
        };
        let waiting = |pushed: usize| {
            // Afterwards, so that it isn't less than it was when so many had been pushed.
            let delivered = self.delivered.load(Ordering::SeqCst);
            pushed.saturating_sub(delivered)
        };
        let reserve = |pushed| (waiting(pushed) < capacity).then_some(pushed + 1);
        let pushed = self
            .pushed
            .fetch_update(Ordering::SeqCst, Ordering::SeqCst, reserve)
            .ok()?;
        Some(Place {
            queue: self,
            waiting: waiting(pushed + 1),
        })
    }

    fn is_empty(&self) -> bool {
        self.has_delivered(self.pushed.load(Ordering::SeqCst))
    }

    fn has_delivered(&self, mark: usize) -> bool {
        self.delivered.load(Ordering::SeqCst) >= mark
    }

    /// Whether something that this thread put in hasn't been delivered yet.
    fn has_own(&self) -> bool {
        let own = OWN.try_with(Cell::get);
        own.is_ok_and(|mark| !self.has_delivered(mark))
    }

    /// Delivers what is in the queue now, unless somebody is at it already.
    fn drain(&self, py: Python<'_>) -> bool {
        if self.is_draining.swap(true, Ordering::SeqCst) {
            return false;
        }
        self.deliver_all(py);
        self.is_draining.store(false, Ordering::SeqCst);
        true
    }

    fn deliver_all(&self, py: Python<'_>) {
        let before = set_draining(true);
        // Another thread's context is not that of the records.
        let context = match self.thread.is_this() {
            true => None,
            false => Context::empty(py),
        };
        let mark = self.pushed.load(Ordering::SeqCst);
        while !self.has_delivered(mark) && self.is_ours() {
            // One that has its place but isn't there yet is nobody's to wait for.
            let Some(entry) = self.entries.pop() else {
                break;
            };
            self.deliver(entry, &context, py);
            if self.has_delivered(mark - 1) && self.is_ours() {
                self.report_dropped();
            }
            self.delivered.fetch_add(1, Ordering::SeqCst);
            // Who pressed Ctrl-C need not wait for the rest, unless nobody else will deliver it.
            if delivery::is_interrupted() && !exit::has_come() {
                break;
            }
        }
        if self.is_ours() && self.is_empty() {
            self.report_dropped();
        }
        set_draining(before);
    }

    fn deliver(&self, entry: Entry, context: &Option<Context>, py: Python<'_>) {
        let (callsite, is_accepted) = match entry {
            Entry::Call(mut call) => {
                let own = call.origin.context.take();
                let _entered = Entered::new(own.or_else(|| context.clone()));
                let callsite = call.callsite();
                let delivered = delivery::guard(py, callsite.metadata(), || call.deliver(py));
                if call.accepted {
                    return;
                }
                (callsite, delivered)
            }
            Entry::Question(callsite, level) => {
                let _entered = Entered::new(context.clone());
                let ask = || {
                    let logger = callsite.logger(py, level, false)?;
                    Ok(logger.is_some())
                };
                (callsite, delivery::guard(py, callsite.metadata(), ask))
            }
        };
        let held_back = callsite.take_held_back();
        if is_accepted == Some(true) {
            self.dropped.fetch_add(held_back, Ordering::Relaxed);
        }
    }

    fn is_idle(&self) -> bool {
        self.is_empty() && self.dropped.load(Ordering::Relaxed) == 0
    }

    /// Not if a handler forked and this is the child, nor in other threads at the end of the program.
    fn is_ours(&self) -> bool {
        current().is_some_and(|current| std::ptr::eq(current, self)) && exit::may_attach()
    }

    fn report_dropped(&self) {
        let dropped = self.dropped.swap(0, Ordering::Relaxed);
        if dropped > 0 {
            report_dropped(dropped);
        }
    }

    /// Waits for somebody else to deliver.
    fn wait(&self, mark: usize, end: Instant) {
        // Neither for itself, nor for a thread that has ended with the interpreter.
        let is_draining = IS_DRAINING.try_with(Cell::get).unwrap_or_default();
        let can_come = || !is_draining && !exit::has_come();
        while !self.has_delivered(mark) && can_come() && Instant::now() < end {
            self.thread.wake();
            thread::sleep(Duration::from_micros(200));
        }
    }
}

/// At the end of a thread there may be nothing to set any more.
fn set_draining(is_draining: bool) -> bool {
    let before = IS_DRAINING.try_with(|it| it.replace(is_draining));
    before.unwrap_or_default()
}

fn report_dropped(dropped: usize) {
    // The limit that held then, most likely.
    let capacity = CAPACITY.load(Ordering::Relaxed);
    let callsite = {
        struct Here;
        static CALLSITE: Callsite =
            Callsite::new("pylog", file!(), line!(), std::any::type_name::<Here>);
        OWNER
            .get()
            .map_or(&CALLSITE, |owner| CALLSITE.for_target(owner))
    };
    if callsite.is_on(Level::WARN) {
        callsite.log_with(
            Level::WARN,
            format_args!("{dropped} records were dropped: the queue of {capacity} was full"),
            Data::new(&[("dropped", &dropped)]),
        );
    }
}
