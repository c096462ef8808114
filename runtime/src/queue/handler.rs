//! The handler by which Python code waits for the queue.
//!
//! `logging.shutdown` flushes and closes all handlers, from the newest to the oldest. So a handler that is attached to no
//! logger has the queue delivered while the others are still open, as long as it is the newest. Other handlers are made
//! later, so it is put behind them in `logging._handlerList` whenever something is queued or delivered, and when levels
//! change.
//!
//! Extensions share one handler. Its attribute [`FLUSHES`] is a list of functions, to which each extension adds one.
//! That name is the whole protocol between different versions of pylog, so it stays.

use std::time::{Duration, Instant};

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyList};

use super::current::current;
use crate::python::kept::Kept;
use crate::python::library::{LOGGING_GLOBALS, callback};
use crate::python::loose::Loose;
use crate::python::nesting;
use crate::python::raised::attempt;
use crate::raw::thin::{Name, Result, Stored, Thin};

/// The name of the handler.
const NAME: Name = Name::pylog;

const FLUSHES: Name = Name::_pylog_flushes;

/// How long the handler waits without a delivery.
const WAIT_FOR_DELIVERY: Duration = Duration::from_secs(5);

/// How long it waits where the drain thread may need a lock that this thread holds.
const WAIT_UNDER_A_LOCK: Duration = Duration::from_millis(100);

/// After that time a thread that waits looks whether the program is interrupted.
pub(super) const WAIT_FOR_SIGNALS: Duration = Duration::from_millis(50);

struct FlushHandler {
    handler: Stored,
    /// The weak reference in `logging._handlerList`.
    reference: Stored,
    /// This extension's function in the list of the handler.
    flush: Stored<PyCFunction>,
}

static HANDLER: Kept<FlushHandler> = Kept::new();

/// Registers the handler, and this extension's function with it.
pub(super) fn register(py: Python<'_>) -> Result<()> {
    let registered = HANDLER.get_or_try(|| find_or_make(py))?;
    let flushes = registered.handler.bind(py).get(FLUSHES)?;
    let flush = registered.flush.bind(py);
    if !flushes.contains_item(flush)? {
        flushes.call_named_with(Name::append, flush)?;
    }
    stay_registered(py, &registered)
}

fn find_or_make(py: Python<'_>) -> Result<FlushHandler> {
    let flush = callback(py, flush_queue)?.into();
    let references = references(py)?;
    let class = LOGGING_GLOBALS.get(Name::Handler, py)?;
    for reference in references.iter() {
        let handler = reference.run()?;
        if handler.is_exactly(&class) && handler.has(FLUSHES)? {
            return Ok(FlushHandler {
                handler: handler.unbind(),
                reference: reference.into(),
                flush,
            });
        }
    }
    let handler = class.run()?;
    let reference = references.get_item(references.len() - 1)?;
    let flushes = PyList::empty(py);
    handler.set(FLUSHES, &flushes)?;
    handler.set(Name::_name, NAME.get(py))?;
    let flushes = Loose::new(flushes.unbind());
    let flush_all = callback(py, move |py| {
        for flush in flushes.bind(py).iter() {
            flush.run()?;
        }
        Ok(())
    })?;
    handler.set(Name::flush, &flush_all)?;
    // It handles nothing, and stays usable after `logging.shutdown`.
    let nothing = callback(py, |_| Ok(()))?;
    handler.set(Name::emit, &nothing)?;
    // `dictConfig` forgets the names of all handlers, and then closes them.
    let close = callback(py, restore_name)?;
    handler.set(Name::close, &close)?;
    Ok(FlushHandler {
        handler: handler.unbind(),
        reference: reference.into(),
        flush,
    })
}

/// Delivers what is in the queue. Gives up if there is no progress: a handler may wait for this thread.
fn flush_queue(py: Python<'_>) -> Result<()> {
    let Some(queue) = current() else {
        return Ok(());
    };
    if attempt(py, holds_lock(py)) == Some(true) {
        // The drain thread may need the lock for the next record.
        queue.deliver_here(py, WAIT_UNDER_A_LOCK);
        return Ok(());
    }
    let limit = match nesting::is_in_call() {
        true => WAIT_UNDER_A_LOCK,
        false => WAIT_FOR_DELIVERY,
    };
    let position = queue.reserved();
    let mut last = (queue.delivered(), Instant::now());
    while !queue.flush_to(position, WAIT_FOR_SIGNALS) && queue.can_wait() {
        py.check_signals()?;
        let delivered = queue.delivered();
        if delivered != last.0 {
            last = (delivered, Instant::now());
        } else if last.1.elapsed() >= limit {
            break;
        }
    }
    Ok(())
}

/// Whether this thread holds the lock of the module `logging`, as in `dictConfig`.
fn holds_lock(py: Python<'_>) -> Result<bool> {
    let lock = LOGGING_GLOBALS.get(Name::_lock, py)?;
    lock.call_named(Name::_is_owned)?.is_true()
}

/// `logging._handlerList`.
fn references(py: Python<'_>) -> Result<Bound<'_, PyList>> {
    let references = LOGGING_GLOBALS.get(Name::_handlerList, py)?;
    references.cast_into_exact::<PyList>()
}

/// Makes the handler the newest one, and gives it back its name: a program may forget all handlers.
fn stay_registered(py: Python<'_>, registered: &FlushHandler) -> Result<()> {
    put_last(py, registered)?;
    set_name(py, registered)
}

/// Gives the handler back its name.
fn restore_name(py: Python<'_>) -> Result<()> {
    match HANDLER.get() {
        Some(registered) => set_name(py, &registered),
        None => Ok(()),
    }
}

fn set_name(py: Python<'_>, registered: &FlushHandler) -> Result<()> {
    let names = LOGGING_GLOBALS.get(Name::_handlers, py)?;
    // A program may have a handler of that name. Setting the attribute `name` takes the lock of the module, which the
    // thread that runs `dictConfig` holds.
    let handler = registered.handler.bind(py);
    names
        .call_named_with_two(Name::setdefault, NAME.get(py), handler)
        .map(drop)
}

/// Makes the handler the newest one. Runs no Python code.
fn put_last(py: Python<'_>, FlushHandler { reference, .. }: &FlushHandler) -> Result<()> {
    let references = references(py)?;
    let is_ours = |index: &usize| references.get_item(*index).is_ok_and(|it| it.is(reference));
    match (0..references.len()).rev().find(is_ours) {
        Some(index) if index + 1 == references.len() => return Ok(()),
        Some(index) => references.del_item(index)?,
        None => {}
    }
    Ok(references.append(reference.bind(py))?)
}

/// Registers the handler again, if it was registered, where something has forgotten it.
pub(super) fn register_again(py: Python<'_>) {
    if let Some(registered) = HANDLER.get() {
        attempt(py, stay_registered(py, &registered));
    }
}

/// Makes the handler the newest one, if it is registered. Runs no Python code.
pub(super) fn stay_newest(py: Python<'_>) {
    if let Some(registered) = HANDLER.get() {
        attempt(py, put_last(py, &registered));
    }
}
