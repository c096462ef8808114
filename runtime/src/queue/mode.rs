//! Direct or queued delivery.

use std::sync::atomic::Ordering;

use pyo3::prelude::*;

use super::bounded::CAPACITY;
use super::producer::{DETACHED_THREADS, EVERY_THREAD, NO_THREAD, QUEUES_RECORDS, UNKNOWN_THREADS};
use super::{current, flush, handler, multiprocessing, push};
use crate::level_cache::invalidation::{self, Listener};
use crate::python::attach::if_attached;
use crate::python::fork::{self, Hooks};
use crate::python::library::{self, REGISTER_AT_EXIT, THREADING_GLOBALS, callback};
use crate::python::raised::attempt;
use crate::python::{exit, garbage};
use crate::raw::interpreter;
use crate::raw::once::RunOnce;
use crate::raw::system;
use crate::raw::thin::{Exception, Name, Result, Thin};

/// How records get to Python; see [`set_delivery`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Delivery {
    /// The default of [`module`](macro@crate::module). A call in a thread that Python knows attaches, and returns when
    /// the record has been handled, as with [`Delivery::Direct`]. There are two exceptions, which never wait for the
    /// GIL:
    ///
    /// - A thread that Rust has spawned puts its record into a queue, as with [`Delivery::Queued`], and waits until the
    ///   drain thread has handled it. But all such waits together take no more than a tenth of the time. Beyond that a
    ///   call returns at once.
    /// - The record of a dependency, which comes from the `log` crate or from `tracing` with a target that belongs neither
    ///   to the module's crate nor to its `crates`, is handled by the drain thread, too, whatever thread makes it: it may
    ///   be made under a lock that another thread wants. An attached thread doesn't wait for that.
    ///
    /// The queue has room for 65,536 records.
    #[default]
    Default,
    /// A call that is on attaches to Python, and returns when the record has been handled. A thread that
    /// holds the GIL must not wait for a thread that logs.
    Direct,
    /// A thread that isn't attached puts its records into a queue and goes on, without waiting for the
    /// GIL. A thread of pylog's, the drain thread, delivers them; the records of each thread stay in
    /// order. An attached thread handles its own records at once, unless there are records ahead of
    /// them in the queue: then the call queues its record too, and waits until it has been handled, but no
    /// longer than a tenth of a second.
    ///
    /// The number is how many records the queue has room for, at least one. When it is full, new records
    /// are dropped, and a WARNING says how many. Calls whose level Python hasn't been asked about yet can
    /// take up half of the queue. A record takes about 90 bytes and its text.
    ///
    /// A call waits for the GIL nevertheless if only Python can evaluate it: with a Python object as a
    /// value, as `exc_info` or behind `logger:`, and with `stack_info`.
    Queued(usize),
    /// Every thread puts its records into the queue, attached or not. No call runs Python code, so no call
    /// lets another thread take the GIL, whatever locks the calling thread holds. The number has the same
    /// meaning as for [`Delivery::Queued`], and a call in a detached thread waits for the GIL in the same cases.
    ///
    /// A record of an attached thread is handled some milliseconds after the call, and after records that
    /// Python code of the same thread logs meanwhile. It brings its Python objects, the handled exception, the
    /// stack and a copy of the thread's context along.
    AllQueued(usize),
}

/// Sets how the records of this extension get to Python from now on. [`module`](macro@crate::module) does that at
/// import. Until then, and where there is no such attribute, delivery is direct.
///
/// Queued records stay in order when delivery becomes direct again.
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
/// If functions of CPython can't be found, which queued delivery needs: on Windows if Python comes without `ctypes`,
/// elsewhere if the program hides its symbols.
pub fn set_delivery(py: Python<'_>, delivery: Delivery) -> PyResult<()> {
    let (threads, capacity) = match delivery {
        Delivery::Default => (UNKNOWN_THREADS, Some(DEFAULT_CAPACITY)),
        Delivery::Direct => (NO_THREAD, None),
        Delivery::Queued(capacity) => (DETACHED_THREADS, Some(capacity)),
        Delivery::AllQueued(capacity) => (EVERY_THREAD, Some(capacity)),
    };
    if let Some(capacity) = capacity {
        prepare(py).map_err(Exception::into_inner)?;
        // If this fails, a child of `multiprocessing` may end before its records are delivered.
        attempt(py, multiprocessing::flush_at_end(py));
        attempt(py, handler::register(py));
        current::make_current();
        push::link();
        CAPACITY.store(capacity.max(1), Ordering::Release);
    }
    QUEUES_RECORDS.store(threads, Ordering::Release);
    Ok(())
}

/// How many records may wait with the default delivery.
const DEFAULT_CAPACITY: usize = 65_536;

fn prepare(py: Python<'_>) -> Result<()> {
    interpreter::prepare(py)?;
    fork::prepare(py);
    exit::prepare(py)?;
    library::find_all(py)?;
    garbage::prepare(py)?;
    add_hooks();
    attempt(py, flush_before_exit_functions(py));
    Ok(())
}

/// Makes Python flush the queue before it calls the functions of `atexit`, which may close what handlers write to: the
/// usual recipe for a `QueueListener` stops it there. Python calls the newest function first, so this one is registered when
/// the main thread ends. Python then waits for the other threads, which may log until `atexit` begins.
fn flush_before_exit_functions(py: Python<'_>) -> Result<()> {
    static REGISTERED: RunOnce = RunOnce::new();
    REGISTERED.run(|| {
        let register_flush = callback(py, |py| {
            let flush = callback(py, flush::at_end_or_raise)?;
            REGISTER_AT_EXIT.get(py)?.run_with(&flush)?;
            flush::at_end_or_raise(py)
        })?;
        let register = THREADING_GLOBALS.get(Name::_register_atexit, py)?;
        register.run_with(&register_flush).map(drop)
    })
}

fn add_hooks() {
    static LISTENS: RunOnce = RunOnce::new();
    let _ = LISTENS.run(|| {
        invalidation::add_listener(Listener {
            on_invalidation: || if_attached(|py| py.map_or((), handler::stay_newest)),
            on_refusal: |_| Ok(()),
        });
        Ok::<(), std::convert::Infallible>(())
    });
    exit::set_last_action(flush::at_end);
    system::set_around_forks(current::begin_hold, current::end_hold);
    fork::set_hooks(Hooks {
        before: || {
            flush::flush(flush::WAIT_BEFORE_FORK);
            current::begin_hold();
            current::set_forking(true);
        },
        in_parent: || {
            current::set_forking(false);
            current::end_hold();
        },
        in_child: |py| {
            current::set_forking(false);
            multiprocessing::flush_at_end(py)
        },
        // The drain thread must not wait for records any more.
        at_end_of_first_thread: || {
            if let Some(queue) = current::current() {
                queue.waker.wake();
            }
        },
    });
}
