//! When, and in which thread and context, a queued call was made.

use std::cell::RefCell;
use std::ffi::c_ulong;
use std::sync::Arc;
use std::thread::{self, Thread};
use std::time::{SystemTime, UNIX_EPOCH};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::awaited::Awaited;
use crate::python::context::{Inside, RecordContext};
use crate::python::library::THREADING_GLOBALS;
use crate::python::loose::Loose;
use crate::python::process;
use crate::raw::interpreter;
use crate::raw::once::Once;
use crate::raw::thin::{Name, Object, Result, Stored, Thin};

pub(crate) struct Origin {
    /// Nanoseconds since the Unix epoch.
    pub(crate) time: i64,
    pub(crate) thread: Arc<OriginThread>,
    context: Option<RecordContext>,
}

/// A thread, which may have ended by the time of the delivery.
pub(crate) struct OriginThread {
    /// `threading.get_ident()`.
    pub(crate) ident: c_ulong,
    /// `threading.get_native_id()`, which distinguishes the thread from later ones with the same ident. `None` in PyPy.
    pub(crate) native_id: Option<c_ulong>,
    pub(crate) rust: Thread,
    /// Whether Python may have a `threading.Thread` for it.
    has_thread_state: bool,
    /// The records that it waits for.
    pub(crate) awaited: Awaited,
    /// The name that it had in Python when its first record was delivered.
    pub(crate) name: Once<Loose<Stored<PyString>>>,
}

thread_local! {
    /// The current thread, and the process in which that was found.
    static CURRENT: RefCell<Option<(Option<u32>, Arc<OriginThread>)>> = const { RefCell::new(None) };
}

impl Origin {
    /// The current time, thread and context. `py` if the thread is attached. Runs no Python code.
    pub(crate) fn here(py: Option<Python<'_>>) -> Origin {
        let thread = OriginThread::current();
        if let Some(py) = py {
            // A thread of Python's can end before its record is delivered.
            let _ = thread.keep_name(py);
        }
        Origin {
            time: nanoseconds_since_epoch(),
            thread,
            context: context(py),
        }
    }

    /// The name of the asyncio task that made the call.
    pub(crate) fn task_name<'py>(&self, py: Python<'py>) -> Option<Object<'py>> {
        self.context.as_ref()?.task_name(py)
    }

    /// Enters the context until the guard is dropped. `None` if that isn't possible.
    pub(crate) fn enter_context<'py>(&self, py: Python<'py>) -> Option<Inside<'py>> {
        self.context.as_ref()?.enter(py)
    }
}

/// The context in which Python handles a record that this thread makes now. `None` at the end of the thread.
fn context(py: Option<Python<'_>>) -> Option<RecordContext> {
    RecordContext::of_this_thread()
        .or_else(|| RecordContext::copy_current(py?).ok())
        // A thread whose context in Python can't be read without the GIL has another one here.
        .or_else(RecordContext::own)
}

impl OriginThread {
    fn current() -> Arc<OriginThread> {
        let has_thread_state = interpreter::has_thread_state().unwrap_or_default();
        // In a forked child the thread has another native id.
        let generation = process::generation();
        let new = || {
            Arc::new(OriginThread {
                ident: interpreter::thread_ident(),
                native_id: interpreter::native_id(),
                rust: thread::current(),
                has_thread_state,
                awaited: Awaited::new(),
                name: Once::new(),
            })
        };
        let current = CURRENT.try_with(|current| {
            let mut current = current.borrow_mut();
            match &*current {
                Some((found_in, thread))
                    if *found_in == generation && thread.has_thread_state == has_thread_state =>
                {
                    Arc::clone(thread)
                }
                _ => Arc::clone(&current.insert((generation, new())).1),
            }
        });
        // At the end of a thread the variable may be gone.
        current.unwrap_or_else(|_| new())
    }

    /// The record that this thread waits for has been delivered.
    pub(crate) fn acknowledge(&self) {
        self.awaited.acknowledge(&self.rust);
    }

    /// Keeps the name of the current thread, if it is a stock `threading.Thread`, or a `_DummyThread` with a name that
    /// the program has set. Runs no Python code.
    fn keep_name(&self, py: Python<'_>) -> Result<()> {
        if self.name.get().is_some() {
            return Ok(());
        }
        let threads = THREADING_GLOBALS.get(Name::_active, py)?;
        let threads = threads.cast_exact::<PyDict>()?;
        let ident = self.ident.into_pyobject(py)?;
        let Some(thread) = threads.entry(&ident)? else {
            return Ok(());
        };
        let class = thread.get_type();
        let has_name = match class.is(&THREADING_GLOBALS.get(Name::_DummyThread, py)?) {
            true => has_own_name(&thread)?,
            false => class.is(&THREADING_GLOBALS.get(Name::Thread, py)?),
        };
        if has_name {
            let name = thread.get(Name::_name)?;
            if let Ok(name) = name.cast_into_exact::<PyString>() {
                self.name.get_or_make(|| Loose::new(name.into()));
            }
        }
        Ok(())
    }

    /// Whether a `threading.Thread` with the same ident is this thread.
    pub(crate) fn is(&self, thread: &Bound<'_, PyAny>) -> Result<bool> {
        if !self.has_thread_state {
            return Ok(false);
        }
        let native_id = thread.find(Name::native_id.get(thread.py()))?;
        let is_same = |id: Object<'_>| {
            let id = id.number().ok().map(|id| id as c_ulong);
            id.is_none() || id == self.native_id
        };
        if self.native_id.is_none() || native_id.is_none_or(is_same) {
            return Ok(true);
        }
        // In a forked child, the `native_id` of the thread that forked is still that in the parent.
        let is_child = process::generation().is_some_and(|generation| generation > 0);
        Ok(is_child
            && THREADING_GLOBALS
                .get(Name::_main_thread, thread.py())?
                .is(thread))
    }
}

/// Whether the program has set the name of a `_DummyThread`, which is `Dummy-1` at first.
pub(crate) fn has_own_name(dummy: &Bound<'_, PyAny>) -> Result<bool> {
    let name = dummy.get(Name::_name)?;
    let Ok(name) = name.cast_exact::<PyString>() else {
        return Ok(false);
    };
    let name = name.to_cow()?;
    let number = name.strip_prefix("Dummy-");
    let is_number = |it: &str| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit());
    Ok(!number.is_some_and(is_number))
}

/// `time.time_ns()`, as far as the year 2262.
pub(crate) fn nanoseconds_since_epoch() -> i64 {
    match SystemTime::now().duration_since(UNIX_EPOCH) {
        Ok(since) => since.as_nanos() as i64,
        Err(before) => -(before.duration().as_nanos() as i64),
    }
}
