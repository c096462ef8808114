//! The end of the interpreter.
//!
//! Below Python 3.13 a thread that attaches while the interpreter finalizes is ended inside the
//! call, which aborts the process. From 3.13 on PyO3 refuses to attach then, but below 3.14 a thread that
//! was attached before is still ended when it comes back. So from Python's `atexit` on, only the finalizing
//! thread attaches. It waits for the other threads that hold an [`AttachPermit`], and then delivers the
//! queued records. `logging` registers its own `shutdown` when it is imported, which is earlier, so the
//! handlers are still open then: `atexit` runs the latest registration first.
//!
//! After that no reference to an object of the program is [kept]. Records that the finalizing thread logs
//! later are made by Python.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::thread::{self, ThreadId};
use std::time::{Duration, Instant};

use pyo3::prelude::*;

use super::kept;
use super::library::{self, REGISTER_AT_EXIT, THREADING_GLOBALS, callback};
use super::{loose, nesting, process, raised};
use crate::raw::interpreter;
use crate::raw::once::{Once, RunOnce};
use crate::raw::thin::{Name, Result, Thin};

/// The thread that finalizes the interpreter, once it has begun to.
static FINALIZER: OnceLock<ThreadId> = OnceLock::new();

/// Twice the number of permits, plus [`CLOSED`]. Both are in one integer, so that a permit is either acquired before
/// the end, and counted, or after it, and refused.
static PERMITS: AtomicUsize = AtomicUsize::new(0);

/// The process in which [`PERMITS`] are counted.
static COUNTED_IN: AtomicU32 = AtomicU32::new(0);

const PERMIT: usize = 2;

/// The interpreter has begun to finalize: only the finalizing thread gets permits.
const CLOSED: usize = 1;

/// The action that comes last, while handlers are still open.
static LAST_ACTION: Once<fn()> = Once::new();

/// How long the finalizing thread waits for handlers that run in other threads. `logging.shutdown`
/// waits for most of them without a limit, since it takes each handler's lock.
const WAIT_FOR_PERMITS: Duration = Duration::from_secs(5);

/// A permit to attach. The interpreter doesn't finalize while one is alive, unless a handler takes
/// longer than [`WAIT_FOR_PERMITS`].
pub(crate) struct AttachPermit;

impl AttachPermit {
    /// `None` where attaching is no longer safe. It is safe for a handler that logs: the finalizing thread waits for the
    /// permit of the call that the handler is called by.
    pub(crate) fn acquire() -> Option<AttachPermit> {
        forget_permits_of_parent();
        let before = PERMITS.fetch_add(PERMIT, Ordering::Acquire);
        let permit = AttachPermit;
        let is_waited_for = || nesting::is_in_call() && !kept::are_released();
        (before & CLOSED == 0 || may_attach() || is_waited_for()).then_some(permit)
    }
}

impl Drop for AttachPermit {
    fn drop(&mut self) {
        // In a forked child the count has started anew.
        let less = |permits: usize| permits.checked_sub(PERMIT);
        let _ = PERMITS.fetch_update(Ordering::Release, Ordering::Relaxed, less);
    }
}

/// The threads that held permits don't exist in a child.
fn forget_permits_of_parent() {
    let here = process::generation().unwrap_or_default();
    if COUNTED_IN.load(Ordering::Relaxed) != here
        && COUNTED_IN.swap(here, Ordering::Relaxed) != here
    {
        PERMITS.fetch_and(CLOSED, Ordering::Relaxed);
    }
}

/// Whether the interpreter has begun to finalize.
pub(crate) fn is_finalizing() -> bool {
    FINALIZER.get().is_some()
}

/// Whether this thread may attach, as far as the end of the interpreter is concerned.
pub(crate) fn may_attach() -> bool {
    let finalizer = FINALIZER.get();
    finalizer.is_none_or(|finalizer| *finalizer == thread::current().id())
}

/// Sets the action for the end of the interpreter.
pub(crate) fn set_last_action(action: fn()) {
    LAST_ACTION.get_or_make(|| action);
}

static REGISTERED: RunOnce = RunOnce::new();

/// Makes Python report its end.
pub(crate) fn prepare(py: Python<'_>) -> Result<()> {
    REGISTERED.run(|| -> Result<()> {
        if raised::attempt(py, is_calling_exit_functions(py)) == Some(true) {
            // Python would not call a function that is registered now.
            end(py);
            return Ok(());
        }
        let finalize = callback(py, finalize)?;
        REGISTER_AT_EXIT.get(py)?.run_with(&finalize).map(drop)
    })
}

/// Whether Python is calling the `atexit` functions in this thread. It does so in the main thread when
/// `threading._shutdown` has returned, which marks the thread as ended and waits for the other threads. Where Python is
/// embedded, a main thread can count as ended before.
fn is_calling_exit_functions(py: Python<'_>) -> Result<bool> {
    let is_shutting_down = THREADING_GLOBALS.get(Name::_SHUTTING_DOWN, py)?;
    if !is_shutting_down.is_true()? {
        return Ok(false);
    }
    let main = THREADING_GLOBALS.get(Name::_main_thread, py)?;
    let is_alive = main.call_named(Name::is_alive)?.is_true()?;
    if is_alive || !raised::is_main_thread(py)? {
        return Ok(false);
    }
    let threading = THREADING_GLOBALS.dict(py)?;
    let mut frame = interpreter::current_frame(py);
    while let Some(caller) = frame {
        if caller.get(Name::f_globals)?.is(&threading) {
            return Ok(false); // A signal handler that runs while `threading._shutdown` waits.
        }
        frame = caller.back()?;
    }
    Ok(true)
}

/// From now on only this thread attaches.
fn set_finalizer() {
    let _ = FINALIZER.set(thread::current().id());
    PERMITS.fetch_or(CLOSED, Ordering::AcqRel);
}

/// From now on pylog keeps no object.
fn end(py: Python<'_>) {
    set_finalizer();
    raised::attempt(py, library::prepare_release(py));
    kept::release_all(py);
    loose::release_at_end(py);
}

fn run_last_action() {
    if let Some(action) = LAST_ACTION.get() {
        action();
    }
}

fn finalize(py: Python<'_>) -> Result<()> {
    if interpreter::current_frame(py).is_some() {
        // Python code has called `atexit._run_exitfuncs()`. Python drops all registrations at the end of that
        // call. If the program goes on, this one is renewed by the next record, or at the end of the
        // program. A child of `multiprocessing` has shut its threads down by now, and ends.
        let register_at_exit = THREADING_GLOBALS.get(Name::_register_atexit, py)?;
        let renew = callback(py, |py| {
            REGISTERED.reset();
            prepare(py)
        })?;
        if raised::attempt(py, register_at_exit.run_with(&renew)).is_some() {
            run_last_action();
            // Last, because the actions release the GIL, and another thread's record would register too early.
            REGISTERED.reset();
            return Ok(());
        }
    }
    set_finalizer();
    forget_permits_of_parent();
    py.detach(|| {
        let end = Instant::now() + WAIT_FOR_PERMITS;
        while PERMITS.load(Ordering::Acquire) >= PERMIT && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
    });
    run_last_action();
    // An exception that is going to be raised in this thread is raised here.
    raised::suspend(py);
    end(py);
    raised::raise_held(py)
}
