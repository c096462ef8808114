//! The frame that stands for a Rust call.
//!
//! Python code that handles a record may look at the frames of its callers: to find where the call was made, or to
//! print a traceback. Between that code and the Python code that called Rust, there is a frame with the file, the line,
//! the function and the logger's name of the Rust call. It is the frame of a function of one line, which is made when
//! Python code is first called for a callsite.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString, PyTuple};

use super::exception::Result;
use super::kept::{Kept, Shared};
use super::library::{self, PARTIAL, SYS_GLOBALS, TRACEBACK_TYPE};
use super::once::intern;
use super::raised::attempt;
use crate::metadata::Metadata;

/// A call in Rust code, as Python code sees it.
pub(crate) trait Caller {
    fn metadata(&self) -> &Metadata;

    /// The name of the logger that the target names, which is the frame's `__name__`.
    fn name<'py>(&self, py: Python<'py>) -> Bound<'py, PyString>;

    /// Where the function is kept.
    fn function(&self) -> &'static Kept<Py<PyAny>>;
}

/// `callable(argument)`, called by the frame of a call.
///
/// # Errors
/// The exception that `callable` raises.
pub(crate) fn call<'py>(
    caller: &dyn Caller,
    callable: &Bound<'py, PyAny>,
    argument: &Bound<'py, PyAny>,
) -> Result<Bound<'py, PyAny>> {
    let py = callable.py();
    Ok(match function_of(caller, py) {
        Some(function) => function.bind(py).call1((callable, argument))?,
        // The frame only decorates what is called.
        None => callable.call1((argument,))?,
    })
}

/// `callable(*args, **kwargs)`, called by the frame of a call.
///
/// # Errors
/// The exception that `callable` raises.
pub(crate) fn call_with<'py>(
    caller: &dyn Caller,
    callable: Bound<'py, PyAny>,
    args: &Bound<'py, PyTuple>,
    kwargs: Option<&Bound<'py, PyDict>>,
) -> Result<Bound<'py, PyAny>> {
    let py = callable.py();
    let others = args.len().saturating_sub(1);
    // At the end of the interpreter nothing can be imported.
    let partial = attempt(py, PARTIAL.get(py));
    let (Some(partial), Ok(last)) = (partial, args.get_item(others)) else {
        return Ok(callable.call(args, kwargs)?);
    };
    let others: Vec<_> = std::iter::once(callable)
        .chain(args.iter().take(others))
        .collect();
    let callable = partial.call(PyTuple::new(py, others)?, kwargs)?;
    call(caller, &callable, &last)
}

/// A traceback of the frame of a call alone.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn traceback<'py>(
    caller: &dyn Caller,
    py: Python<'py>,
) -> Result<Option<Bound<'py, PyAny>>> {
    let Some(function) = function_of(caller, py) else {
        return Ok(None);
    };
    let get_frame = SYS_GLOBALS.get(intern!(py, "_getframe"))?;
    // A C function has no frame, so it returns that of its caller.
    let frame = function.bind(py).call1((get_frame, 0))?;
    let line = frame.getattr(intern!(py, "f_lineno"))?;
    // Without an instruction, so that Python marks no part of the line.
    let no_instruction = -1;
    let traceback = TRACEBACK_TYPE.get(py)?;
    Ok(Some(traceback.call1((
        py.None(),
        frame,
        no_instruction,
        line,
    ))?))
}

/// The code, the globals and the line of the frame of a call.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn parts<'py>(
    caller: &dyn Caller,
    py: Python<'py>,
) -> Result<Option<[Bound<'py, PyAny>; 3]>> {
    let Some(function) = function_of(caller, py) else {
        return Ok(None);
    };
    let function = function.bind(py);
    let code = function.getattr(intern!(py, "__code__"))?;
    let globals = function.getattr(intern!(py, "__globals__"))?;
    let line = code.getattr(intern!(py, "co_firstlineno"))?;
    Ok(Some([code, globals, line]))
}

/// The function whose frame stands for a call.
fn function_of(caller: &dyn Caller, py: Python<'_>) -> Option<Shared<Py<PyAny>>> {
    let kept = caller.function();
    match kept.get() {
        Some(function) => Some(function),
        None => attempt(py, kept.get_or_try(|| make(caller, py))),
    }
}

fn make(caller: &dyn Caller, py: Python<'_>) -> Result<Py<PyAny>> {
    let metadata = caller.metadata();
    let code = py.eval(
        c"(lambda f, x: f(x)).__code__",
        Some(&PyDict::new(py)),
        None,
    )?;
    let changes = PyDict::new(py);
    changes.set_item("co_filename", metadata.file)?;
    changes.set_item("co_firstlineno", metadata.line)?;
    changes.set_item("co_name", metadata.function())?;
    if py.version_info() >= (3, 11) {
        changes.set_item("co_qualname", metadata.function())?;
        let bytes = code.getattr("co_code")?.len()?;
        changes.set_item("co_linetable", PyBytes::new(py, &one_line(bytes / 2)))?;
    }
    let code = code.call_method("replace", (), Some(&changes))?;
    let globals = PyDict::new(py);
    globals.set_item("__name__", caller.name(py))?;
    let function = library::function_type(py)?.call1((code, globals))?;
    Ok(function.unbind())
}

/// The `co_linetable` of code that is all on its first line, without columns: those of the template mean nothing in the
/// line of the Rust call. CPython describes the format in `Objects/locations.md`.
fn one_line(code_units: usize) -> Vec<u8> {
    /// An entry for one code unit, without columns. It has room for seven more.
    const NO_COLUMNS: u8 = 0x80 | 13 << 3;
    const MAX: usize = 8;
    let full = std::iter::repeat_n(MAX, code_units / MAX);
    let rest = Some(code_units % MAX).filter(|units| *units > 0);
    // No difference between the lines.
    full.chain(rest)
        .flat_map(|units| [NO_COLUMNS | (units - 1) as u8, 0])
        .collect()
}
