//! Handling a record: `Logger.handle`.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyList};

use crate::handler::{self, Planned};
use crate::level::Level;
use crate::logger::dict::LoggerDict;
use crate::python::frame::{self, Caller};
use crate::python::library::LOGGING_GLOBALS;
use crate::raw::once::Once;
use crate::raw::thin::{Name, Object, Result, Thin};
use crate::record::prototype::Fresh;

/// `logger.handle(record)`.
///
/// The method is looked up at each call, because agents replace it at run time. Where it is known to
/// be the stock one, its work is done here: `stock` are the attributes of such a logger.
#[inline]
pub(crate) fn handle<'py>(
    logger: &Bound<'py, PyAny>,
    stock: Option<&LoggerDict<'py>>,
    mut calls: Calls<'_, 'py>,
) -> Result<()> {
    if let Some(dict) = stock {
        if handle_as_stock(logger, dict, &mut calls)? {
            return Ok(());
        }
    }
    let handle = logger.get(Name::handle)?;
    frame::call(calls.caller, &handle, calls.record).map(drop)
}

/// Does the work of the stock `Logger.handle`, `Logger.filter` and `Logger.callHandlers` for a logger
/// that isn't disabled. Returns `false`, and has no effect, where they do more than call handlers.
#[inline]
fn handle_as_stock<'py>(
    logger: &Bound<'py, PyAny>,
    dict: &LoggerDict<'py>,
    calls: &mut Calls<'_, 'py>,
) -> Result<bool> {
    let [Some(filters), Some(handlers)] = [dict.get(Name::filters)?, dict.get(Name::handlers)?]
    else {
        return Ok(false);
    };
    if !filters.is_exact_instance_of::<PyList>() || filters.item(0).is_some() {
        return Ok(false);
    }
    let Some(in_progress) = InProgress::of(logger)? else {
        return calls.call_all_of(logger, handlers);
    };
    if in_progress.is_set()? {
        return Ok(true);
    }
    in_progress.set(true)?;
    let found = calls.call_all_of(logger, handlers);
    in_progress.set(false)?;
    found
}

/// The thread-local of `logging.Logger` by which CPython 3.13.4 and some later releases ignore a record that is logged
/// while handlers run in the same thread.
struct InProgress<'py>(Object<'py>);

impl<'py> InProgress<'py> {
    fn of(logger: &Bound<'py, PyAny>) -> Result<Option<InProgress<'py>>> {
        static HAS_ONE: Once<bool> = Once::new();
        let py = logger.py();
        let find = || -> Result<bool> { LOGGING_GLOBALS.get(Name::Logger, py)?.has(Name::_tls) };
        match HAS_ONE.get_or_try(find)? {
            true => Ok(Some(InProgress(logger.get(Name::_tls)?))),
            false => Ok(None),
        }
    }

    fn is_set(&self) -> Result<bool> {
        let is_set = self.0.find(Name::in_progress.get(self.0.py()))?;
        is_set.map_or(Ok(false), |it| it.is_true())
    }

    fn set(&self, value: bool) -> Result<()> {
        self.0
            .set(Name::in_progress, &PyBool::new(self.0.py(), value))
    }
}

impl<'py> Calls<'_, 'py> {
    /// Calls the handlers of a logger and of its parents. Returns whether there were any. Everything is read when Python
    /// reads it: a handler can change anything.
    fn call_all_of(&mut self, logger: &Bound<'py, PyAny>, handlers: Object<'py>) -> Result<bool> {
        self.call_all(handlers)?;
        let mut current = Object::from(logger);
        loop {
            let attributes = LoggerDict::of_stock(&current);
            if !attributes.get_from(&current, Name::propagate)?.is_true()? {
                break;
            }
            let parent = attributes.get_from(&current, Name::parent)?;
            if parent.is_none() {
                break;
            }
            let attributes = LoggerDict::of_stock(&parent);
            if !attributes.exists() && !parent.is_true()? {
                break;
            }
            let handlers = attributes.get_from(&parent, Name::handlers)?;
            self.call_all(handlers)?;
            current = parent;
        }
        // Without handlers, Python uses `lastResort` or prints a complaint.
        Ok(self.found)
    }
}

/// The calls of handlers with one record.
pub(crate) struct Calls<'a, 'py> {
    record: &'a Bound<'py, PyAny>,
    caller: &'a dyn Caller,
    /// The record's level, which the first handler may change.
    level: Level,
    /// What else is known until the first handler.
    fresh: Option<Fresh<'py>>,
    found: bool,
}

impl<'a, 'py> Calls<'a, 'py> {
    pub(crate) fn of(
        record: &'a Bound<'py, PyAny>,
        level: Level,
        caller: &'a dyn Caller,
        fresh: Option<Fresh<'py>>,
    ) -> Calls<'a, 'py> {
        Calls {
            record,
            caller,
            level,
            fresh,
            found: false,
        }
    }
}

impl<'py> Calls<'_, 'py> {
    fn call_all(&mut self, handlers: Object<'py>) -> Result<()> {
        if !handlers.is_exact_instance_of::<PyList>() {
            for handler in handlers.try_iter()? {
                self.call(&handler?)?;
            }
            return Ok(());
        }
        let mut index = 0;
        // A handler that is added meanwhile is called, too.
        while let Some(handler) = handlers.item(index) {
            self.call(&handler)?;
            index += 1;
        }
        Ok(())
    }

    fn call(&mut self, handler: &Bound<'py, PyAny>) -> Result<()> {
        let is_first = !std::mem::replace(&mut self.found, true);
        let fresh = self.fresh.take();
        let mut planned = match is_first {
            true => handler::plan(handler, self.record),
            false => None,
        };
        // A level that isn't a number is compared by Python code.
        let fresh = fresh.filter(|_| planned.as_ref().and_then(Planned::level).is_some());
        let accepts = match planned.as_ref().and_then(Planned::level) {
            Some(level) => self.level.levelno() >= level,
            None => {
                let level = handler.get(Name::level)?;
                let accepts = self.record.get(Name::levelno)?.is_at_least(&level)?;
                // Comparing can run Python code.
                planned = handler::plan(handler, self.record);
                accepts
            }
        };
        match accepts {
            true => handler::handle(handler, planned, self.record, fresh.as_ref(), self.caller),
            false => Ok(()),
        }
    }
}
