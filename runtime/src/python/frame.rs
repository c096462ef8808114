//! The frame that stands for a Rust call.
//!
//! Python code that handles a record may look at the frames of its callers: to find where the call was made, or to
//! print a traceback. Between that code and the Python code that called Rust, there is a frame with the file, the line,
//! the function and the logger's name of the Rust call. It is the frame of a function of one line, which is made when
//! Python code is first called for a callsite.

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::kept::{Kept, Shared};
use super::library::{PARTIAL, SYS_GLOBALS};
use super::raised::attempt;
use crate::metadata::Metadata;
use crate::raw::thin::exception::Result;
use crate::raw::thin::{Name, Object, Stored, Thin};

/// A call in Rust code, as Python code sees it.
pub(crate) trait Caller {
    fn metadata(&self) -> &Metadata;

    /// The name of the logger that the target names, which is the frame's `__name__`.
    fn name<'py>(&self, py: Python<'py>) -> Bound<'py, PyString>;

    /// Where the function is kept.
    fn function(&self) -> &'static Kept<Stored>;
}

/// Makes the function of a call, and what it is called with. As Python code this takes a fifth of the room.
///
/// `co_linetable` says that all code is on the first line, without columns, which would mean nothing in the line of the Rust
/// call. CPython describes the format in `Objects/locations.md`: an entry is for up to eight units of code.
const SOURCE: &std::ffi::CStr = c"
FunctionType = type(lambda: None)
try:
    raise TypeError
except TypeError as error:
    TracebackType = type(error.__traceback__)

def make(file, line, function, name):
    code = (lambda f, x: f(x)).__code__
    changes = {'co_filename': file, 'co_firstlineno': line, 'co_name': function}
    if hasattr(code, 'co_qualname'):
        full, rest = divmod(len(code.co_code) // 2, 8)
        entries = [8] * full + [rest] * (rest > 0)
        changes['co_linetable'] = b''.join(bytes([0x80 | 13 << 3 | units - 1, 0]) for units in entries)
        changes['co_qualname'] = function
    return FunctionType(code.replace(**changes), {'__name__': name})

def bind(callable, args, kwargs):
    return partial(callable, *args[:-1], **kwargs), args[-1]

def traceback(frame):
    # Without an instruction, so that Python marks no part of the line.
    return TracebackType(None, frame, -1, frame.f_lineno)
";

/// A function of [`SOURCE`], which imports nothing, since an import hook may log. `None` at the end of the interpreter,
/// where nothing can be imported.
fn helper(name: Name, py: Python<'_>) -> Option<Object<'_>> {
    static NAMES: Kept<Stored<PyDict>> = Kept::new();
    let run = || -> Result<_> {
        let names = PyDict::new(py);
        names.set_item("partial", PARTIAL.get(py)?)?;
        py.run(SOURCE, Some(&names), None)?;
        Ok(names.into())
    };
    let names = attempt(py, NAMES.get_or_try(run))?;
    attempt(py, names.bind(py).entry_named(name)).flatten()
}

/// `callable(argument)`, called by the frame of a call.
///
/// # Errors
/// The exception that `callable` raises.
pub(crate) fn call<'py>(
    caller: &dyn Caller,
    callable: &Bound<'py, PyAny>,
    argument: &Bound<'py, PyAny>,
) -> Result<Object<'py>> {
    let py = callable.py();
    match function_of(caller, py) {
        Some(function) => function.bind(py).run_with_two(callable, argument),
        // The frame only decorates what is called.
        None => callable.run_with(argument),
    }
}

/// `callable(*args, **kwargs)`, called by the frame of a call. There is at least one argument.
///
/// # Errors
/// The exception that `callable` raises.
pub(crate) fn call_with<'py>(
    caller: &dyn Caller,
    callable: &Bound<'py, PyAny>,
    args: &Bound<'py, PyAny>,
    kwargs: &Bound<'py, PyAny>,
) -> Result<Object<'py>> {
    let py = callable.py();
    let bind = || {
        let bound = helper(Name::bind, py)?.call1((callable, args, kwargs));
        attempt(py, bound)?.cast_into::<PyTuple>().ok()
    };
    Ok(match (function_of(caller, py), bind()) {
        (Some(function), Some(bound)) => function.bind(py).call1(bound)?.into(),
        _ => return callable.run_by(args, kwargs),
    })
}

/// A traceback of the frame of a call alone.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn traceback<'py>(caller: &dyn Caller, py: Python<'py>) -> Result<Option<Object<'py>>> {
    let (Some(function), Some(traceback)) = (function_of(caller, py), helper(Name::traceback, py))
    else {
        return Ok(None);
    };
    let get_frame = SYS_GLOBALS.get(Name::_getframe, py)?;
    // A C function has no frame, so it returns that of its caller.
    let frame = function.bind(py).call1((get_frame, 0))?;
    traceback.run_with(&frame).map(Some)
}

/// The code and the globals of the frame of a call.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn code_and_globals<'py>(
    caller: &dyn Caller,
    py: Python<'py>,
) -> Result<Option<[Object<'py>; 2]>> {
    let Some(function) = function_of(caller, py) else {
        return Ok(None);
    };
    let function = function.bind(py);
    Ok(Some([
        function.get(Name::__code__)?,
        function.get(Name::__globals__)?,
    ]))
}

/// The function whose frame stands for a call.
fn function_of(caller: &dyn Caller, py: Python<'_>) -> Option<Shared<Stored>> {
    let kept = caller.function();
    if let Some(function) = kept.get() {
        return Some(function);
    }
    let make = helper(Name::make, py)?;
    let Metadata { file, line, .. } = *caller.metadata();
    let make = || {
        let made = make.call1((file, line, caller.metadata().function(), caller.name(py)));
        made.map(Stored::from)
    };
    attempt(py, kept.get_or_try(make))
}
