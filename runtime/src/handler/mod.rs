//! Handling a record by one handler: `Handler.handle`.
//!
//! For the handlers of `logging` that write to streams, files and queues, the work of `handle`, `emit` and
//! `format` is done here: the same calls of C functions in the same order, without Python code in between. That
//! holds while the [class](crate::stock::class) of the handler has the stock methods, and by a [plan] that holds until the
//! handler, its formatter or the formatter's style changes. Otherwise, and on Pythons that don't tell of changes,
//! Python's `handle` is called.

mod asctime;
mod emit;
mod failure;
mod filter;
mod formatter;
mod object;
mod percent;
mod plan;
mod queue;
mod text;

use std::sync::Arc;

use pyo3::prelude::*;

use self::object::Instance;
use self::plan::{Emission, Plan};
use crate::python::frame::{self, Caller};
use crate::python::raised::attempt;
use crate::raw::thin::exception::Result;
use crate::raw::thin::{self, Name, Thin};
use crate::record::prototype::Fresh;

/// A handler, and what it does with a record at this moment.
pub(crate) struct Planned<'a, 'py> {
    handler: Instance<'a, 'py>,
    plan: Arc<Plan>,
}

impl Planned<'_, '_> {
    /// The least level that the handler accepts. `None` if it isn't a small number.
    pub(crate) fn level(&self) -> Option<i32> {
        self.plan.level
    }
}

/// What a handler does with a record at this moment. `None` if only Python knows.
pub(crate) fn plan<'a, 'py>(
    handler: &'a Bound<'py, PyAny>,
    record: &Bound<'py, PyAny>,
) -> Option<Planned<'a, 'py>> {
    let handler = Instance::of(handler)?;
    let plan = attempt(handler.py(), Plan::of(&handler, record)).flatten()?;
    Some(Planned { handler, plan })
}

/// `handler.handle(record)`, by the [plan] of this moment.
///
/// # Errors
/// The exception that a filter or the handler raises.
pub(crate) fn handle<'py>(
    handler: &Bound<'py, PyAny>,
    planned: Option<Planned<'_, 'py>>,
    record: &Bound<'py, PyAny>,
    fresh: Option<&Fresh<'py>>,
    caller: &dyn Caller,
) -> Result<()> {
    let py = handler.py();
    let begun = planned.map(|planned| begin(planned, record));
    match begun.and_then(|begun| attempt(py, begun)) {
        Some(Begun::Done) => {}
        Some(Begun::Passed(plan)) => lock_and_emit(&plan, handler, record, fresh, caller)?,
        Some(Begun::Not) | None => {
            let handle = handler.get(Name::handle)?;
            return frame::call(caller, &handle, record).map(drop);
        }
    }
    // Python's code would have run the program's signal handlers.
    thin::check_signals(py)
}

/// How far the stock `handle` has come.
enum Begun {
    /// Nothing has happened: only Python knows what it does.
    Not,
    /// There is nothing to do for this record.
    Done,
    /// The record has passed the filters.
    Passed(Arc<Plan>),
}

fn begin(planned: Planned<'_, '_>, record: &Bound<'_, PyAny>) -> Result<Begun> {
    let Planned { handler, plan } = planned;
    if plan.emission.is_none() {
        return Ok(Begun::Done);
    }
    Ok(match filter::passes(&handler, record, &plan.snapshot)? {
        None => Begun::Not,
        Some(false) => Begun::Done,
        Some(true) => Begun::Passed(plan),
    })
}

fn lock_and_emit<'py>(
    plan: &Plan,
    handler: &Bound<'py, PyAny>,
    record: &Bound<'py, PyAny>,
    fresh: Option<&Fresh<'py>>,
    caller: &dyn Caller,
) -> Result<()> {
    let py = handler.py();
    let Some(emission) = &plan.emission else {
        return Ok(());
    };
    emission.acquire.bind(py).run()?;
    let emitted = emit_or_call(plan, emission, handler, record, fresh, caller);
    emission.release.bind(py).run()?;
    emitted
}

/// `handler.emit(record)`. Anything can have changed while this thread has waited for the lock.
fn emit_or_call<'py>(
    plan: &Plan,
    emission: &Emission,
    handler: &Bound<'py, PyAny>,
    record: &Bound<'py, PyAny>,
    fresh: Option<&Fresh<'py>>,
    caller: &dyn Caller,
) -> Result<()> {
    if let (Some(handler), Some(record)) = (Instance::of(handler), Instance::of(record)) {
        if plan.is_current(&handler)
            && emit::emit(plan, emission, &handler, &record, fresh, caller)?
        {
            return Ok(());
        }
    }
    let emit = handler.get(Name::emit)?;
    frame::call(caller, &emit, record).map(drop)
}
