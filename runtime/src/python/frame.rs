//! The frame that stands for a Rust call.
//!
//! Python code that handles a record may look at the frames of its callers: to find where the call was made, or to
//! print a traceback. Between that code and the Python code that called Rust, there is a frame with the file, the line,
//! the function and the logger's name of the Rust call. It is the frame of a function of one line, which is made when
//! Python code is first called for a callsite.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use super::kept::{Kept, Shared};
use super::library::{
    FUNCTION_TYPE, IMPORTLIB_GLOBALS, LOGGING_GLOBALS, PARTIAL, SYS_GLOBALS, TRACEBACK_TYPE,
};
use super::raised::attempt;
use crate::metadata::Metadata;
use crate::raw::bytecode;
use crate::raw::interpreter::is_pypy;
use crate::raw::thin::{self, Name, Object, Result, Stored, Thin};

/// A call in Rust code, as Python code sees it.
pub(crate) trait Caller {
    fn metadata(&self) -> &Metadata;

    /// The name of the logger that the target names, which is the frame's `__name__`.
    fn name<'py>(&self, py: Python<'py>) -> Bound<'py, PyString>;

    /// Where the function is kept.
    fn function(&self) -> &'static Kept<Stored>;
}

/// The code of the function, without the file, the line and the names of a call.
fn code(py: Python<'_>) -> Result<Object<'_>> {
    static CODE: Kept<Stored> = Kept::new();
    let make = || match attempt(py, ready_code(py)).flatten() {
        Some(code) => Ok(code.unbind()),
        None => compiled_code(py).map(Object::unbind),
    };
    Ok(CODE.get_or_try(make)?.bind(py).into())
}

fn compiled_code(py: Python<'_>) -> Result<Object<'_>> {
    let names = thin::run_program(py, c"call = lambda f, x: f(x)")?;
    names.part(Name::call.get(py))?.get(Name::__code__)
}

/// The same without a compilation, if the bytecode of this Python is known.
fn ready_code(py: Python<'_>) -> Result<Option<Object<'_>>> {
    let number = IMPORTLIB_GLOBALS.get(Name::MAGIC_NUMBER, py)?;
    let Some(bytecode) = bytecode::of_call(py, number.cast::<PyBytes>()?.as_bytes()) else {
        return Ok(None);
    };
    let none = thin::tuple(py, &[])?;
    let variables = thin::tuple(py, &[thin::text(py, "f")?, thin::text(py, "x")?])?;
    let changes = thin::dict(py)?;
    changes.set_entry(Name::co_varnames, &variables)?;
    for name in [
        Name::co_cellvars,
        Name::co_consts,
        Name::co_freevars,
        Name::co_names,
    ] {
        changes.set_entry(name, &none)?;
    }
    for (name, number) in [
        (Name::co_argcount, 2),
        (Name::co_posonlyargcount, 0),
        (Name::co_kwonlyargcount, 0),
        (Name::co_nlocals, 2),
        (Name::co_stacksize, 3),
        // `CO_OPTIMIZED` and `CO_NEWLOCALS`: a function.
        (Name::co_flags, 3),
    ] {
        changes.set_entry(name, &*thin::number(py, number)?)?;
    }
    for (name, bytes) in [
        (Name::co_code, bytecode),
        (Name::co_exceptiontable, b""),
        (Name::co_linetable, b""),
    ] {
        changes.set_entry(name, &PyBytes::new(py, bytes))?;
    }
    // That of any function: nothing of it is left.
    let code = LOGGING_GLOBALS
        .get(Name::getLogger, py)?
        .get(Name::__code__)?;
    let code = code.get(Name::replace)?.run_by(&none, &changes)?;
    Ok(Some(code))
}

/// The function of a call.
fn make_function(caller: &dyn Caller, py: Python<'_>) -> Result<Stored> {
    let Metadata { file, line, .. } = *caller.metadata();
    let place = Place {
        name: thin::text(py, caller.metadata().function())?,
        file: thin::text(py, file)?,
        line: thin::number(py, line.into())?,
    };
    function_at(&place, &*code(py)?, &caller.name(py)).map(Object::unbind)
}

/// Where the frame of a function is.
pub(crate) struct Place<'py> {
    pub(crate) name: Object<'py>,
    pub(crate) file: Object<'py>,
    pub(crate) line: Object<'py>,
}

/// A function whose frame is at that place, in a module of that name.
pub(crate) fn function_at<'py>(
    place: &Place<'py>,
    code: &Bound<'py, PyAny>,
    module: &Bound<'py, PyString>,
) -> Result<Object<'py>> {
    let py = code.py();
    let changes = thin::dict(py)?;
    changes.set_entry(Name::co_filename, &place.file)?;
    changes.set_entry(Name::co_firstlineno, &place.line)?;
    changes.set_entry(Name::co_name, &place.name)?;
    if code.has(Name::co_qualname)? {
        changes.set_entry(Name::co_qualname, &place.name)?;
        // PyPy has another format, and no columns.
        if !is_pypy() {
            let bytecode = code.get(Name::co_code)?;
            let lines = all_on_first_line(bytecode.cast::<PyBytes>()?.as_bytes().len() / 2);
            changes.set_entry(Name::co_linetable, &PyBytes::new(py, &lines))?;
        }
    }
    let code = code
        .get(Name::replace)?
        .run_by(&*thin::tuple(py, &[])?, &changes)?;
    let globals = thin::dict(py)?;
    globals.set_entry(Name::__name__, module)?;
    FUNCTION_TYPE.get(py)?.run_with_two(&code, &globals)
}

/// A `co_linetable` which says that all code is on the first line, without columns, which would mean nothing in the line of
/// the Rust call. CPython describes the format in `Objects/locations.md`: an entry is for up to eight units of code.
fn all_on_first_line(mut units: usize) -> Vec<u8> {
    const NO_COLUMNS: u8 = 13;
    let mut lines = Vec::new();
    while units > 0 {
        let of_entry = units.min(8);
        lines.extend([0x80 | NO_COLUMNS << 3 | (of_entry as u8 - 1), 0]);
        units -= of_entry;
    }
    lines
}

/// `callable(argument)`, called by the frame of a call.
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
pub(crate) fn call_with<'py>(
    caller: &dyn Caller,
    callable: &Bound<'py, PyAny>,
    args: &Bound<'py, PyAny>,
    kwargs: &Bound<'py, PyAny>,
) -> Result<Object<'py>> {
    let py = callable.py();
    let bind = || -> Result<_> {
        let mut arguments = vec![Object::from(callable)];
        arguments.extend(args.cast::<PyTuple>()?.iter().map(Object::from));
        let last = arguments.pop();
        let arguments = thin::tuple(py, &arguments)?;
        Ok((PARTIAL.get(py)?.run_by(&arguments, kwargs)?, last))
    };
    match (function_of(caller, py), attempt(py, bind())) {
        (Some(function), Some((bound, Some(last)))) => {
            function.bind(py).run_with_two(&bound, &last)
        }
        _ => callable.run_by(args, kwargs),
    }
}

/// A traceback of the frame of a call alone.
pub(crate) fn traceback<'py>(caller: &dyn Caller, py: Python<'py>) -> Result<Option<Object<'py>>> {
    let Some(function) = function_of(caller, py) else {
        return Ok(None);
    };
    let get_frame = SYS_GLOBALS.get(Name::_getframe, py)?;
    // A C function has no frame, so it returns that of its caller.
    let depth = thin::number(py, 0)?;
    let frame = function.bind(py).run_with_two(&get_frame, &depth)?;
    let line = frame.get(Name::f_lineno)?;
    let none = Object::from(py.None().into_bound(py));
    // Without an instruction, so that Python marks no part of the line.
    let arguments = [none, frame, thin::number(py, -1)?, line];
    let arguments = thin::tuple(py, &arguments)?;
    let traceback = TRACEBACK_TYPE.get(py)?;
    traceback.run_by(&arguments, &*thin::dict(py)?).map(Some)
}

/// The code and the globals of the frame of a call.
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
    attempt(py, kept.get_or_try(|| make_function(caller, py)))
}
