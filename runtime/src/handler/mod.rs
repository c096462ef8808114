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
use crate::raw::thin::{self, Name, Result, Thin};
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
pub(crate) fn handle<'py>(
    handler: &Bound<'py, PyAny>,
    planned: Option<Planned<'_, 'py>>,
    record: &Bound<'py, PyAny>,
    fresh: Option<&Fresh<'py>>,
    caller: &dyn Caller,
) -> Result<()> {
    let py = handler.py();
    let by_python = |name| {
        let method = handler.get(name)?;
        frame::call(caller, &method, record).map(drop)
    };
    let Some(planned) = planned else {
        return by_python(Name::handle);
    };
    let plan = planned.plan;
    if let Some(emission) = &plan.emission {
        let passes = match filter::passes(&planned.handler, record, &plan.snapshot) {
            Ok(passes) => Some(passes),
            Err(error) => error.and_then(|error| attempt(py, Err(error))),
        };
        drop(planned.handler);
        match passes {
            Some(true) => {
                emission.acquire.bind(py).run()?;
                let emitted = emit(&plan, emission, handler, record, fresh, caller);
                let emitted =
                    emitted.and_then(|done| if done { Ok(()) } else { by_python(Name::emit) });
                emission.release.bind(py).run()?;
                emitted?;
            }
            Some(false) => {}
            None => return by_python(Name::handle),
        }
    }
    // Python's code would have run the program's signal handlers.
    thin::check_signals(py)
}

/// `handler.emit(record)`, by the plan. Anything can have changed while this thread has waited for the lock. Returns
/// whether that was done.
fn emit<'py>(
    plan: &Plan,
    emission: &Emission,
    handler: &Bound<'py, PyAny>,
    record: &Bound<'py, PyAny>,
    fresh: Option<&Fresh<'py>>,
    caller: &dyn Caller,
) -> Result<bool> {
    match (Instance::of(handler), Instance::of(record)) {
        (Some(handler), Some(record)) if plan.is_current(&handler) => {
            emit::emit(plan, emission, &handler, &record, fresh, caller)
        }
        _ => Ok(false),
    }
}
