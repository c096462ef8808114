//! Handling a record by one handler: `Handler.handle`.
//!
//! For the handlers of `logging` that write to streams, files and queues, the work of `handle`, `emit` and
//! `format` is done here: the same calls of C functions in the same order, without Python code in between. That
//! holds while the [class](class) of the handler has the stock methods, and by a [plan] that holds until the
//! handler, its formatter or the formatter's style changes. Otherwise, and on Pythons that don't tell of changes,
//! Python's `handle` is called.

mod asctime;
mod class;
mod emit;
mod failure;
mod filter;
mod formatter;
mod object;
mod percent;
mod plan;
mod queue;
mod stock;
mod text;

use std::sync::Arc;

use pyo3::prelude::*;

use self::class::{HandlerClass, Kind};
use self::object::Object;
use self::plan::Plan;
use crate::python::exception::Result;
use crate::python::once::intern;
use crate::python::raised::attempt;

/// `handler.handle(record)`.
///
/// # Errors
/// The exception that a filter or the handler raises.
pub(crate) fn handle<'py>(handler: &Bound<'py, PyAny>, record: &Bound<'py, PyAny>) -> Result<()> {
    let py = handler.py();
    match attempt(py, begin(handler, record)) {
        Some(Begun::Done) => return Ok(py.check_signals()?),
        Some(Begun::Let { class, plan }) => {
            let lock = plan.lock.bind(py);
            lock.call_method0(intern!(py, "acquire"))?;
            let emitted = emit_or_call(&class, &plan, handler, record);
            lock.call_method0(intern!(py, "release"))?;
            // Python's code would have run the program's signal handlers.
            return emitted.and_then(|()| Ok(py.check_signals()?));
        }
        Some(Begun::Not) | None => {}
    }
    handler.call_method1(intern!(py, "handle"), (record,))?;
    Ok(())
}

/// How far the stock `handle` has come.
enum Begun {
    /// Nothing has happened: only Python knows what it does.
    Not,
    /// There is nothing to do for this record.
    Done,
    /// The filters let the record through. The lock comes next.
    Let {
        class: Arc<HandlerClass>,
        plan: Arc<Plan>,
    },
}

fn begin(handler: &Bound<'_, PyAny>, record: &Bound<'_, PyAny>) -> Result<Begun> {
    let Some(class) = class::known(handler, record)? else {
        return Ok(Begun::Not);
    };
    let Some(handler) = Object::of(handler) else {
        return Ok(Begun::Not);
    };
    if class.kind == Kind::Null {
        return Ok(match handler.get(intern!(handler.py(), "handle"))? {
            Some(_) => Begun::Not,
            None => Begun::Done,
        });
    }
    let Some(plan) = class.plan(&handler)? else {
        return Ok(Begun::Not);
    };
    Ok(match filter::passes(&handler, record, &class.stock)? {
        None => Begun::Not,
        Some(false) => Begun::Done,
        Some(true) => Begun::Let { class, plan },
    })
}

/// `handler.emit(record)`. Anything can have changed while this thread has waited for the lock.
fn emit_or_call<'py>(
    class: &HandlerClass,
    plan: &Plan,
    handler: &Bound<'py, PyAny>,
    record: &Bound<'py, PyAny>,
) -> Result<()> {
    let py = handler.py();
    if let (Some(handler), Some(record)) = (Object::of(handler), Object::of(record)) {
        if plan.is_current(class, &handler) && emit::emit(class, plan, &handler, &record)? {
            return Ok(());
        }
    }
    handler.call_method1(intern!(py, "emit"), (record,))?;
    Ok(())
}
