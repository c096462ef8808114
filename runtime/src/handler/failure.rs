//! Errors of a handler.
//!
//! `emit` catches what its steps raise, and calls `handleError`, which writes a traceback and the stack to stderr. Only
//! Python code can catch an exception for that, so a function that is compiled once raises the exception again.

use std::ffi::CStr;

use pyo3::exceptions::{PyException, PyRecursionError};
use pyo3::prelude::*;
use pyo3::types::PyList;

use super::object::Instance;
use crate::python::frame::{self, Caller, Place};
use crate::python::kept::Kept;
use crate::python::library::{HANDLERS_GLOBALS, LOGGING_GLOBALS};
use crate::raw::thin::{self, Exception, Name, Object, Result, Stored, Thin};
use crate::stock::class::HandlerKind;

/// A variable that holds the exception would lead from its traceback to itself, so it is taken out of a list.
const SOURCE: &CStr = c"
def emit(self, record, errors):
    try:
        raise errors.pop()
    except Exception:
        self.handleError(record)
";

/// What the stock `emit` does when it raises. The traceback has the line of that step.
#[derive(Clone, Copy)]
pub(super) enum Step {
    Format,
    Write,
    Flush,
    Enqueue,
}

impl Step {
    /// The number of the line of the step among those of the function.
    fn line(self) -> usize {
        match self {
            Step::Format | Step::Enqueue => 1,
            Step::Write => 3,
            Step::Flush => 4,
        }
    }
}

/// Handles an exception as the stock `emit` of a kind of handler does.
pub(super) fn handle<'py>(
    kind: HandlerKind,
    step: Step,
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
    static EMIT: [Kept<Stored>; 4] = [const { Kept::new() }; 4];
    let emit = EMIT[step as usize].get_or_try(|| emit_at(step, py).map(Object::unbind))?;
    let errors = PyList::empty(py);
    errors.append(error.value(py))?;
    let args = [handler.itself.into(), record.itself.into(), errors.into()];
    let args = thin::tuple(py, &args)?;
    frame::call_with(caller, emit.bind(py), &args, &*thin::dict(py)?).map(drop)
}

/// The function whose frame stands for the stock `emit` at a step. `handleError` leaves out what is in the directory of
/// `logging` when it writes the stack.
fn emit_at(step: Step, py: Python<'_>) -> Result<Object<'_>> {
    let class = match step {
        Step::Enqueue => HANDLERS_GLOBALS.get(Name::QueueHandler, py)?,
        Step::Format | Step::Write | Step::Flush => LOGGING_GLOBALS.get(Name::StreamHandler, py)?,
    };
    let stock = class.get(Name::emit)?;
    let code = stock.get(Name::__code__)?;
    let place = Place {
        name: stock.get(Name::__name__)?,
        file: code.get(Name::co_filename)?,
        line: line_of(&code, step.line())?,
    };
    let ours = thin::run_program(py, SOURCE)?.part(Name::emit.get(py))?;
    frame::function_at(&place, &*ours.get(Name::__code__)?, Name::logging.get(py))
}

/// The line of a function with that number: its lines are counted in the order of its code, without that of its `def`. Of a
/// function with fewer lines, the last one.
fn line_of<'py>(code: &Bound<'py, PyAny>, number: usize) -> Result<Object<'py>> {
    let py = code.py();
    let first = code.get(Name::co_firstlineno)?;
    let mut lines = vec![first];
    for entry in code.call_named(Name::co_lines)?.try_iter()? {
        let line = entry?.part(&*thin::number(py, 2)?)?;
        let mut is_new = !line.is_none();
        for known in &lines {
            is_new = is_new && !line.equals(known)?;
        }
        if is_new {
            lines.push(line);
        }
    }
    let number = (number + 1).min(lines.len() - 1);
    Ok(lines.swap_remove(number))
}
