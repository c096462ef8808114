//! Errors of a handler.
//!
//! `emit` catches what its steps raise, and calls `handleError`, which writes a traceback and the stack to stderr. Only
//! Python code can catch an exception for that, so a function that is compiled once raises the exception again.

use pyo3::exceptions::{PyException, PyRecursionError};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyTuple};

use super::object::Instance;
use crate::python::frame::{self, Caller};
use crate::python::kept::Kept;
use crate::python::library::LOGGING_GLOBALS;
use crate::raw::thin::exception::{Exception, Result};
use crate::raw::thin::{Name, Stored, Thin};
use crate::stock::class::HandlerKind;

/// A variable that holds the exception would lead from its traceback to itself, so it is taken out of a list.
const SOURCE: &str = "\
def emit(self, record, errors):
    try:
        raise errors.pop()
    except Exception:
        self.handleError(record)
";

/// Handles an exception as the stock `emit` of a kind of handler does.
///
/// # Errors
/// The exception, if `emit` doesn't catch it, and what `handleError` raises.
pub(super) fn handle<'py>(
    kind: HandlerKind,
    handler: &Instance<'_, 'py>,
    record: &Instance<'_, 'py>,
    error: Exception,
    caller: &dyn Caller,
) -> Result<()> {
    let py = handler.py();
    let is_caught = error.is_instance_of::<PyException>(py)
        && !(kind.raises_recursion_errors() && error.is_instance_of::<PyRecursionError>(py));
    if !is_caught {
        return Err(error);
    }
    static EMIT: Kept<Stored> = Kept::new();
    let emit = EMIT.get_or_try(|| compile(py))?;
    let errors = PyList::new(py, [error.into_inner()])?;
    let args = PyTuple::new(py, [handler.itself, record.itself, errors.as_any()])?;
    frame::call_with(caller, emit.bind(py), &args, &PyDict::new(py)).map(drop)
}

fn compile(py: Python<'_>) -> Result<Stored> {
    // `handleError` leaves out what is in the directory of `logging` when it writes the stack.
    let directory = LOGGING_GLOBALS.get(Name::__path__, py)?.get_item(0)?;
    let name = format!("{directory}/<pylog>");
    let builtins = py.import("builtins")?;
    let code = builtins.get(Name::compile)?.call1((SOURCE, name, "exec"))?;
    let namespace = PyDict::new(py);
    namespace.set_item("__name__", "pylog")?;
    builtins.get(Name::exec)?.call1((code, &namespace))?;
    Ok(namespace.as_any().get_item("emit")?.into())
}
