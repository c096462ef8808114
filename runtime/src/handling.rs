//! What becomes of a record: `Logger.handle`.

use std::cell::Cell;

use pyo3::prelude::*;
use pyo3::types::{PyInt, PyList};

use crate::Level;
use crate::context::{self, Context};
use crate::logger::Own;
use crate::once::intern;
use crate::record::Made;

/// Has the logger handle a record. Its `handle` is looked up at each call, as agents replace what it does
/// at any time; what the stock one does is done here if it is the one.
///
/// # Errors
/// What a filter or a handler raises.
pub(crate) fn handle<'py>(
    logger: &Bound<'py, PyAny>,
    made: Made<'py>,
    level: Level,
) -> PyResult<()> {
    let nesting = Nesting::enter();
    if let Some(own) = &made.own {
        // Of what a handler logs Python counts the frames, and ends it before the stack does. And what the
        // handlers of one record do to a context is for each other to see.
        let is_ours = nesting.is_outermost && !Context::is_entered();
        if is_ours && handle_as_stock(logger, own, &made.record, level)? {
            return Ok(());
        }
    }
    let handle = intern!(logger.py(), "handle");
    context::call_method(logger, handle, (made.record,)).map(drop)
}

/// What `Logger.handle`, `Logger.filter` and `Logger.callHandlers` do with a record, if the logger isn't
/// disabled; `false` and nothing where they would do more than call handlers.
fn handle_as_stock<'py>(
    logger: &Bound<'py, PyAny>,
    own: &Own<'py>,
    record: &Bound<'py, PyAny>,
    level: Level,
) -> PyResult<bool> {
    let py = logger.py();
    let names = [intern!(py, "filters"), intern!(py, "handlers")];
    let [Some(filters), Some(handlers)] = [own.get(names[0])?, own.get(names[1])?] else {
        return Ok(false);
    };
    if !filters.cast_exact::<PyList>().is_ok_and(|it| it.is_empty()) {
        return Ok(false);
    }
    // From here on as in Python, since a handler may change anything.
    let mut calls = Calls {
        record,
        level,
        found: false,
    };
    calls.call_all(handlers)?;
    let mut current = logger.clone();
    while current.getattr(intern!(py, "propagate"))?.is_truthy()? {
        current = current.getattr(intern!(py, "parent"))?;
        if !current.is_truthy()? {
            break;
        }
        calls.call_all(current.getattr(names[1])?)?;
    }
    // If there are none, `lastResort` or a complaint is due.
    Ok(calls.found)
}

struct Calls<'a, 'py> {
    record: &'a Bound<'py, PyAny>,
    /// The record's, before the first handler.
    level: Level,
    found: bool,
}

impl<'py> Calls<'_, 'py> {
    fn call_all(&mut self, handlers: Bound<'py, PyAny>) -> PyResult<()> {
        let handlers = match handlers.cast_into_exact::<PyList>() {
            Ok(handlers) => handlers,
            Err(error) => {
                for handler in error.into_inner().try_iter()? {
                    self.call(&handler?)?;
                }
                return Ok(());
            }
        };
        let mut index = 0;
        // One that is added meanwhile has its turn.
        while index < handlers.len() {
            self.call(&handlers.get_item(index)?)?;
            index += 1;
        }
        Ok(())
    }

    fn call(&mut self, handler: &Bound<'py, PyAny>) -> PyResult<()> {
        let py = handler.py();
        let level = handler.getattr(intern!(py, "level"))?;
        let number = level.cast_exact::<PyInt>().ok();
        let is_first = !std::mem::replace(&mut self.found, true);
        let accepts = match number.and_then(|number| number.extract().ok()) {
            Some(number) if is_first => self.level.levelno() >= number,
            _ => self.record.getattr(intern!(py, "levelno"))?.ge(level)?,
        };
        if accepts {
            handler.call_method1(intern!(py, "handle"), (self.record,))?;
        }
        Ok(())
    }
}

/// What this thread does.
#[derive(Clone, Copy, PartialEq)]
enum State {
    Elsewhere,
    Handles,
    /// It handles as before, but drops what it logs meanwhile.
    HasGivenUp,
}

thread_local! {
    static STATE: Cell<State> = const { Cell::new(State::Elsewhere) };
}

fn is(state: State) -> bool {
    STATE.try_with(Cell::get) == Ok(state)
}

/// Lives while this thread handles a record.
struct Nesting {
    /// Not if a handler of another record logs this one.
    is_outermost: bool,
}

impl Nesting {
    fn enter() -> Nesting {
        let is_outermost = STATE.try_with(|state| match state.get() {
            State::Elsewhere => {
                state.set(State::Handles);
                true
            }
            _ => false,
        });
        Nesting {
            is_outermost: is_outermost == Ok(true),
        }
    }
}

impl Drop for Nesting {
    fn drop(&mut self) {
        if self.is_outermost {
            let _ = STATE.try_with(|state| state.set(State::Elsewhere));
        }
    }
}

/// A `RecursionError` was raised. In Python it would end all handlers that log what they handle; here it
/// doesn't leave the call. So what they go on to log is dropped: they could take turns for years.
pub(crate) fn give_up_if_nested() {
    if is(State::Handles) {
        let _ = STATE.try_with(|state| state.set(State::HasGivenUp));
    }
}

/// Whether this thread's calls are dropped.
pub(crate) fn has_given_up() -> bool {
    is(State::HasGivenUp)
}
