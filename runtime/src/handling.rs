//! What becomes of a record: `Logger.handle`.

use std::cell::Cell;

use pyo3::IntoPyObjectExt;
use pyo3::prelude::*;
use pyo3::types::{PyList, PyString, PyTuple, PyType};

use crate::logger::Own;
use crate::once::intern;
use crate::python::{LOGGING_GLOBALS, OBJECT};
use crate::record::Made;
use crate::{Level, context};

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
    if let Some(own) = &made.own {
        if handle_as_stock(logger, own, &made.record, level)? {
            return Ok(());
        }
    }
    let handle = intern!(logger.py(), "handle");
    context::call_method(logger, handle, (made.record,)).map(drop)
}

/// The names that a stock method of `Logger` uses, in one version or the other. What else one did would
/// need another name.
const METHODS: [(&str, &[&str]); 3] = [
    (
        "handle",
        &[
            "disabled",
            "filter",
            "isinstance",
            "LogRecord",
            "callHandlers",
        ],
    ),
    (
        "filter",
        &["filters", "hasattr", "filter", "isinstance", "LogRecord"],
    ),
    (
        "callHandlers",
        &[
            "handlers",
            "levelno",
            "level",
            "handle",
            "propagate",
            "parent",
            "lastResort",
            "raiseExceptions",
            "manager",
            "emittedNoHandlerWarning",
            "sys",
            "stderr",
            "write",
            "name",
        ],
    ),
];

/// What is read of a logger's [own][Own] attributes, past its class.
const ATTRIBUTES: [&str; 4] = ["disabled", "filters", "handlers", "name"];

/// Whether records given to a logger of that class are handled just as [`handle_as_stock`] does, as long
/// as the class doesn't change and the logger has no method of its own.
///
/// # Errors
/// What Python raises.
pub(crate) fn is_stock(class: &Bound<'_, PyType>) -> PyResult<bool> {
    let py = class.py();
    for (name, uses) in METHODS {
        let method = class.getattr(name)?;
        if !LOGGING_GLOBALS.define(&method)? {
            return Ok(false);
        }
        let names = method.getattr("__code__")?.getattr("co_names")?;
        for name in names.cast::<PyTuple>()?.iter() {
            if !uses.contains(&&*name.cast::<PyString>()?.to_cow()?) {
                return Ok(false);
            }
        }
    }
    for name in ATTRIBUTES {
        if class.hasattr(name)? {
            return Ok(false); // A property.
        }
    }
    let get_attribute = intern!(py, "__getattribute__");
    let of_object = OBJECT.get(py)?.getattr(get_attribute)?;
    Ok(class.getattr(get_attribute)?.is(&of_object))
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
    let Some(_outermost) = Outermost::get() else {
        return Ok(false);
    };
    // From here on as in Python, since a handler may change anything.
    let mut calls = Calls {
        record,
        levelno: level.levelno().into_bound_py_any(py)?,
        found: false,
    };
    calls.call(handlers)?;
    let mut current = logger.clone();
    while current.getattr(intern!(py, "propagate"))?.is_truthy()? {
        current = current.getattr(intern!(py, "parent"))?;
        if !current.is_truthy()? {
            break;
        }
        calls.call(current.getattr(names[1])?)?;
    }
    // If there are none, `lastResort` or a complaint is due.
    Ok(calls.found)
}

/// Lives while this thread handles a record that isn't logged by what handles another. Those take Python's own
/// road: of a handler that logs what it handles, Python counts the frames, and ends it with a `RecursionError`
/// before the stack does.
struct Outermost(());

thread_local! {
    static IS_HANDLING: Cell<bool> = const { Cell::new(false) };
}

impl Outermost {
    fn get() -> Option<Outermost> {
        let was_handling = IS_HANDLING.try_with(|is_handling| is_handling.replace(true));
        (was_handling == Ok(false)).then(|| Outermost(()))
    }
}

impl Drop for Outermost {
    fn drop(&mut self) {
        let _ = IS_HANDLING.try_with(|is_handling| is_handling.set(false));
    }
}

struct Calls<'a, 'py> {
    record: &'a Bound<'py, PyAny>,
    /// As it was before the first handler.
    levelno: Bound<'py, PyAny>,
    found: bool,
}

impl<'py> Calls<'_, 'py> {
    fn call(&mut self, handlers: Bound<'py, PyAny>) -> PyResult<()> {
        let py = handlers.py();
        let handlers = match handlers.cast_into_exact::<PyList>() {
            Ok(handlers) => handlers,
            Err(error) => {
                let handlers: PyResult<Vec<_>> = error.into_inner().try_iter()?.collect();
                PyList::new(py, handlers?)?
            }
        };
        let mut index = 0;
        // One that is added meanwhile has its turn.
        while index < handlers.len() {
            let handler = handlers.get_item(index)?;
            if self.found {
                self.levelno = self.record.getattr(intern!(py, "levelno"))?;
            }
            self.found = true;
            if self.levelno.ge(handler.getattr(intern!(py, "level"))?)? {
                context::call_method(&handler, intern!(py, "handle"), (self.record,))?;
            }
            index += 1;
        }
        Ok(())
    }
}
