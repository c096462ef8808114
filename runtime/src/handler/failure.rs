//! Errors of a handler.
//!
//! `emit` catches what its steps raise, and calls `handleError`, which writes a traceback and the stack to stderr. Only
//! Python code can catch an exception for that, so a function that is compiled once raises the exception again.

use pyo3::exceptions::{PyException, PyRecursionError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::object::Instance;
use crate::python::frame::{self, Caller};
use crate::python::kept::Kept;
use crate::python::library::LOGGING_GLOBALS;
use crate::raw::thin::exception::{Exception, Result};
use crate::raw::thin::{self, Name, Stored, Thin};
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
    let errors = PyList::empty(py);
    errors.append(error.value(py))?;
    let args = [handler.itself.into(), record.itself.into(), errors.into()];
    let args = thin::tuple(py, &args)?;
    frame::call_with(caller, emit.bind(py), &args, &*thin::dict(py)?).map(drop)
}

fn compile(py: Python<'_>) -> Result<Stored> {
    // `handleError` leaves out what is in the directory of `logging` when it writes the stack.
    let path = LOGGING_GLOBALS.get(Name::__path__, py)?;
    let directory = path.part(&*thin::number(py, 0)?)?;
    let file = thin::text(py, &format!("{}/<pylog>", *directory))?;
    let builtins = py.import("builtins")?;
    let arguments = [thin::text(py, SOURCE)?, file, Name::exec.get(py).into()];
    let code = builtins
        .get(Name::compile)?
        .run_by(&*thin::tuple(py, &arguments)?, &*thin::dict(py)?)?;
    let names = thin::dict(py)?;
    names.set_entry(Name::__name__, &*thin::text(py, "pylog")?)?;
    builtins.call_named_with_two(Name::exec, &code, &names)?;
    Ok(names.part(Name::emit.get(py))?.unbind())
}
