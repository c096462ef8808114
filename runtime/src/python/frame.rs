//! The frame that stands for a Rust call.
//!
//! Python code that handles a record may look at the frames of its callers: to find where the call was made, or to
//! print a traceback. Between that code and the Python code that called Rust, there is a frame with the file, the line,
//! the function and the logger's name of the Rust call. It is the frame of a function of one line, which is made when
//! Python code is first called for a callsite.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString, PyTuple};

use super::kept::{Kept, Shared};
use super::library::{FUNCTION_TYPE, PARTIAL, SYS_GLOBALS, TRACEBACK_TYPE};
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
    let compile = || -> Result<_> {
        let names = thin::run_program(py, c"call = lambda f, x: f(x)")?;
        let function = names.part(Name::call.get(py))?;
        function.get(Name::__code__).map(Object::unbind)
    };
    Ok(CODE.get_or_try(compile)?.bind(py).into())
}

/// The function of a call.
fn make_function(caller: &dyn Caller, py: Python<'_>) -> Result<Stored> {
    let metadata = caller.metadata();
    let (name, file, line) = (metadata.function(), metadata.file, metadata.line);
    let module = caller.name(py);
    let ready = bytecode::code_of_call(py, name, file, line);
    let function = match attempt(py, ready).flatten() {
        Some(code) => function_of_code(&code, &module),
        None => {
            let place = Place {
                name: thin::text(py, name)?,
                file: thin::text(py, file)?,
                line: thin::number(py, line.into())?,
            };
            function_at(&place, &*code(py)?, &module)
        }
    };
    function.map(Object::unbind)
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
            let units = code.get(Name::co_code)?.cast::<PyBytes>()?.as_bytes().len() / 2;
            let lines = bytecode::all_on_first_line(units);
            changes.set_entry(Name::co_linetable, &PyBytes::new(py, &lines))?;
        }
    }
    let code = code
        .get(Name::replace)?
        .run_by(&*thin::tuple(py, &[])?, &changes)?;
    function_of_code(&code, module)
}

/// A function in a module of that name.
fn function_of_code<'py>(
    code: &Bound<'py, PyAny>,
    module: &Bound<'py, PyString>,
) -> Result<Object<'py>> {
    let py = code.py();
    let globals = thin::dict(py)?;
    globals.set_entry(Name::__name__, module)?;
    FUNCTION_TYPE.get(py)?.run_with_two(code, &globals)
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
