//! Handling a record by one handler: `Handler.handle`.
//!
//! For the handlers of `logging` that write to streams, files and queues, the work of `handle`, `emit` and
//! `format` is done here: the same calls of C functions in the same order, without Python code in between. That
//! holds while the [class](class) of the handler has the stock methods, and the handler none of its own.
//! Otherwise, and on Pythons that don't tell of changes, Python's `handle` is called.

mod asctime;
mod class;
mod emit;
mod failure;
mod filter;
mod formatter;
mod object;
mod percent;
mod queue;
mod stock;
mod text;

use pyo3::prelude::*;

use self::class::{HandlerClass, Kind};
use self::object::Object;
use crate::python::exception::Result;
use crate::python::once::intern;
use crate::python::raised::attempt;

/// `handler.handle(record)`.
///
/// # Errors
/// The exception that a filter or the handler raises.
pub(crate) fn handle<'py>(handler: &Bound<'py, PyAny>, record: &Bound<'py, PyAny>) -> Result<()> {
    let py = handler.py();
    if let Some(class) = attempt(py, class::known(handler, record)).flatten() {
        match attempt(py, begin(&class, handler, record)) {
            Some(Begun::Done) => return Ok(py.check_signals()?),
            Some(Begun::Let(lock)) => {
                lock.call_method0(intern!(py, "acquire"))?;
                let emitted = emit_or_call(&class, handler, record);
                lock.call_method0(intern!(py, "release"))?;
                // Python's code would have run the program's signal handlers.
                return emitted.and_then(|()| Ok(py.check_signals()?));
            }
            Some(Begun::Not) | None => {}
        }
    }
    let handle = intern!(py, "handle");
    handler.call_method1(handle, (record,))?;
    Ok(())
}

/// How far the stock `handle` has come.
enum Begun<'py> {
    /// Nothing has happened: only Python knows what it does.
    Not,
    /// There is nothing to do for this record.
    Done,
    /// The filters let the record through. The lock comes next.
    Let(Bound<'py, PyAny>),
}

fn begin<'py>(
    class: &HandlerClass,
    handler: &Bound<'py, PyAny>,
    record: &Bound<'py, PyAny>,
) -> Result<Begun<'py>> {
    let py = handler.py();
    let handler = Object::of(handler)?;
    let methods = [
        intern!(py, "handle"),
        intern!(py, "filter"),
        intern!(py, "acquire"),
        intern!(py, "release"),
    ];
    let is_null = class.kind == Kind::Null;
    if handler.has_any(if is_null { &methods[..1] } else { &methods })? {
        return Ok(Begun::Not);
    }
    if is_null {
        return Ok(Begun::Done);
    }
    let record = Object::of(record)?;
    match filter::passes(&handler, &record, &class.stock)? {
        None => return Ok(Begun::Not),
        Some(false) => return Ok(Begun::Done),
        Some(true) => {}
    }
    let lock = handler.required(intern!(py, "lock"))?;
    if !lock.get_type().is(&class.stock.lock) {
        return Ok(Begun::Not);
    }
    Ok(Begun::Let(lock))
}

/// `handler.emit(record)`. Anything can have changed while this thread has waited for the lock.
fn emit_or_call<'py>(
    class: &HandlerClass,
    handler: &Bound<'py, PyAny>,
    record: &Bound<'py, PyAny>,
) -> Result<()> {
    let py = handler.py();
    let methods = [
        intern!(py, "emit"),
        intern!(py, "format"),
        intern!(py, "flush"),
        intern!(py, "shouldRollover"),
        intern!(py, "prepare"),
        intern!(py, "enqueue"),
    ];
    let methods = match class.kind {
        Kind::Null | Kind::Stream | Kind::File => &methods[..3],
        Kind::Rotating | Kind::TimedRotating | Kind::Queue => &methods,
    };
    let stock = || -> Result<_> {
        let (itself, record) = (Object::of(handler)?, Object::of(record)?);
        let is_stock = class.is_current(handler) && !itself.has_any(methods)?;
        Ok(is_stock.then_some((itself, record)))
    };
    if let Some((handler, record)) = attempt(py, stock()).flatten() {
        if emit::emit(class, &handler, &record)? {
            return Ok(());
        }
    }
    let emit = intern!(py, "emit");
    handler.call_method1(emit, (record,))?;
    Ok(())
}
