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

use self::class::Kind;
use self::object::Object;
use self::stock::Stock;
use crate::python::once::intern;
use crate::python::raised::attempt;

/// `handler.handle(record)`.
///
/// # Errors
/// The exception that a filter or the handler raises.
pub(crate) fn handle<'py>(handler: &Bound<'py, PyAny>, record: &Bound<'py, PyAny>) -> PyResult<()> {
    let py = handler.py();
    if let Some(class) = attempt(py, class::known(handler, record)).flatten() {
        let (kind, stock) = (class.kind, &*class.stock);
        match attempt(py, begin(kind, handler, record, stock)) {
            Some(Begun::Done) => return Ok(()),
            Some(Begun::Locked(handler, record, lock)) => {
                let emitted = emit::emit(kind, &handler, &record, stock);
                lock.call_method0(intern!(py, "release"))?;
                if emitted? {
                    return Ok(());
                }
            }
            Some(Begun::Not) | None => {}
        }
    }
    handler
        .call_method1(intern!(py, "handle"), (record,))
        .map(drop)
}

/// How far the stock `handle` has come.
enum Begun<'a, 'py> {
    /// Nothing has happened: only Python knows what it does.
    Not,
    /// The filters let the record through, and this lock is held.
    Locked(Object<'a, 'py>, Object<'a, 'py>, Bound<'py, PyAny>),
    /// There is nothing to do for this record.
    Done,
}

fn begin<'a, 'py>(
    kind: Kind,
    handler: &'a Bound<'py, PyAny>,
    record: &'a Bound<'py, PyAny>,
    stock: &Stock,
) -> PyResult<Begun<'a, 'py>> {
    let py = handler.py();
    let handler = Object::of(handler)?;
    let methods = [
        intern!(py, "handle"),
        intern!(py, "filter"),
        intern!(py, "acquire"),
        intern!(py, "release"),
        intern!(py, "format"),
        intern!(py, "emit"),
        intern!(py, "flush"),
        intern!(py, "shouldRollover"),
        intern!(py, "prepare"),
        intern!(py, "enqueue"),
    ];
    let used = match kind {
        Kind::Null => &methods[..1],
        Kind::Stream | Kind::File => &methods[..7],
        Kind::Rotating | Kind::TimedRotating | Kind::Queue => &methods,
    };
    if handler.has_any(used)? {
        return Ok(Begun::Not);
    }
    if kind == Kind::Null {
        return Ok(Begun::Done);
    }
    let record = Object::of(record)?;
    match filter::passes(&handler, &record, stock)? {
        None => return Ok(Begun::Not),
        Some(false) => return Ok(Begun::Done),
        Some(true) => {}
    }
    let lock = handler.required(intern!(py, "lock"))?;
    let try_acquire = || {
        lock.call_method1(intern!(py, "acquire"), (false,))?
            .is_truthy()
    };
    // If another thread has the lock, Python waits for it: anything can change meanwhile.
    match lock.get_type().is(&stock.lock) && try_acquire()? {
        true => Ok(Begun::Locked(handler, record, lock)),
        false => Ok(Begun::Not),
    }
}
