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
use crate::python::once::intern;
use crate::python::raised::attempt;

/// `handler.handle(record)`.
///
/// # Errors
/// The exception that a filter or the handler raises.
pub(crate) fn handle<'py>(handler: &Bound<'py, PyAny>, record: &Bound<'py, PyAny>) -> PyResult<()> {
    let py = handler.py();
    if let Some(class) = attempt(py, class::known(handler, record)).flatten() {
        match attempt(py, begin(&class, handler, record)) {
            Some(Begun::Done) => return py.check_signals(),
            Some(Begun::Let(handler, record, lock)) => {
                lock.call_method0(intern!(py, "acquire"))?;
                let emitted = emit_or_call(&class, &handler, &record);
                lock.call_method0(intern!(py, "release"))?;
                // Python's code would have run the program's signal handlers.
                return emitted.and_then(|()| py.check_signals());
            }
            Some(Begun::Not) | None => {}
        }
    }
    let handle = intern!(py, "handle");
    handler.call_method1(handle, (record,)).map(drop)
}

/// How far the stock `handle` has come.
enum Begun<'a, 'py> {
    /// Nothing has happened: only Python knows what it does.
    Not,
    /// There is nothing to do for this record.
    Done,
    /// The filters let the record through. The lock comes next.
    Let(Object<'a, 'py>, Object<'a, 'py>, Bound<'py, PyAny>),
}

fn begin<'a, 'py>(
    class: &HandlerClass,
    handler: &'a Bound<'py, PyAny>,
    record: &'a Bound<'py, PyAny>,
) -> PyResult<Begun<'a, 'py>> {
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
    Ok(Begun::Let(handler, record, lock))
}

/// `handler.emit(record)`. Anything can have changed while this thread has waited for the lock.
fn emit_or_call<'py>(
    class: &HandlerClass,
    handler: &Object<'_, 'py>,
    record: &Object<'_, 'py>,
) -> PyResult<()> {
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
    let is_stock = class.is_current() && attempt(py, handler.has_any(methods)) == Some(false);
    if is_stock && emit::emit(class.kind, handler, record, &class.stock)? {
        return Ok(());
    }
    let emit = intern!(py, "emit");
    handler
        .itself
        .call_method1(emit, (record.itself,))
        .map(drop)
}
