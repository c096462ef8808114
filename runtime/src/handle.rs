//! Handling a record: `Logger.handle`.

use pyo3::prelude::*;
use pyo3::types::PyList;

use crate::handler;
use crate::level::Level;
use crate::logger::dict::LoggerDict;
use crate::python::exception::Result;
use crate::python::frame::{self, Caller};
use crate::python::once::intern;

/// `logger.handle(record)`.
///
/// The method is looked up at each call, because agents replace it at run time. Where it is known to
/// be the stock one, its work is done here: `stock` are the attributes of such a logger.
///
/// # Errors
/// The exception that a filter or a handler raises.
pub(crate) fn handle<'py>(
    logger: &Bound<'py, PyAny>,
    stock: Option<&LoggerDict<'py>>,
    record: &Bound<'py, PyAny>,
    level: Level,
    caller: &dyn Caller,
) -> Result<()> {
    if let Some(dict) = stock {
        if handle_as_stock(logger, dict, record, level, caller)? {
            return Ok(());
        }
    }
    let handle = logger.getattr(intern!(logger.py(), "handle"))?;
    frame::call(caller, &handle, record).map(drop)
}

/// Does the work of the stock `Logger.handle`, `Logger.filter` and `Logger.callHandlers` for a logger
/// that isn't disabled. Returns `false`, and has no effect, where they do more than call handlers.
fn handle_as_stock<'py>(
    logger: &Bound<'py, PyAny>,
    dict: &LoggerDict<'py>,
    record: &Bound<'py, PyAny>,
    level: Level,
    caller: &dyn Caller,
) -> Result<bool> {
    let py = logger.py();
    let names = [intern!(py, "filters"), intern!(py, "handlers")];
    let [Some(filters), Some(handlers)] = [dict.get(names[0])?, dict.get(names[1])?] else {
        return Ok(false);
    };
    if !filters.cast_exact::<PyList>().is_ok_and(|it| it.is_empty()) {
        return Ok(false);
    }
    // From here on everything is read when Python reads it: a handler can change anything.
    let mut calls = Calls {
        record,
        caller,
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
    // Without handlers, Python uses `lastResort` or prints a complaint.
    Ok(calls.found)
}

struct Calls<'a, 'py> {
    record: &'a Bound<'py, PyAny>,
    caller: &'a dyn Caller,
    /// The record's level, which the first handler may change.
    level: Level,
    found: bool,
}

impl<'py> Calls<'_, 'py> {
    fn call_all(&mut self, handlers: Bound<'py, PyAny>) -> Result<()> {
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
        // A handler that is added meanwhile is called, too.
        while index < handlers.len() {
            self.call(&handlers.get_item(index)?)?;
            index += 1;
        }
        Ok(())
    }

    fn call(&mut self, handler: &Bound<'py, PyAny>) -> Result<()> {
        let py = handler.py();
        let is_first = !std::mem::replace(&mut self.found, true);
        let mut plan = match is_first {
            true => handler::plan(handler, self.record),
            false => None,
        };
        let accepts = match plan.as_ref().and_then(|plan| plan.level) {
            Some(level) => self.level.levelno() >= level,
            None => {
                let level = handler.getattr(intern!(py, "level"))?;
                let accepts = self.record.getattr(intern!(py, "levelno"))?.ge(level)?;
                // Comparing can run Python code.
                plan = handler::plan(handler, self.record);
                accepts
            }
        };
        match accepts {
            true => handler::handle(handler, plan, self.record, self.caller),
            false => Ok(()),
        }
    }
}
