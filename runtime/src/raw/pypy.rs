//! What PyPy's C API lacks, done by its Python modules.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::thin::exception::Result;
use super::thin::{Name, Object, Thin};

/// `contextvars.Context()`.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn new_context(py: Python<'_>) -> Result<Object<'_>> {
    py.import("contextvars")?.call_named(Name::Context)
}

/// `contextvars.copy_context()`.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn copy_current_context(py: Python<'_>) -> Result<Object<'_>> {
    py.import("contextvars")?.call_named(Name::copy_context)
}

/// Makes a `contextvars.Context` the current one of this thread, as `Context.run` does.
///
/// # Errors
/// A `RuntimeError` if a thread has entered the context already.
pub(crate) fn enter_context(context: &Bound<'_, PyAny>) -> Result<()> {
    let py = context.py();
    if context.get(Name::_is_entered)?.is_truthy()? {
        return Err(PyRuntimeError::new_err("the context is entered already").into());
    }
    let pypy = py.import("__pypy__")?;
    let previous = pypy.call_named(Name::get_contextvar_context)?;
    context.setattr(Name::_pylog_previous.get(py), previous)?;
    context.setattr(Name::_is_entered.get(py), true)?;
    pypy.call_method1("set_contextvar_context", (context,))?;
    Ok(())
}

/// Leaves a context that [`enter_context`] entered.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn exit_context(context: &Bound<'_, PyAny>) -> Result<()> {
    let py = context.py();
    let previous = context.get(Name::_pylog_previous)?;
    context.delattr(Name::_pylog_previous.get(py))?;
    let pypy = py.import("__pypy__")?;
    pypy.call_method1("set_contextvar_context", (previous,))?;
    context.setattr(Name::_is_entered.get(py), false)?;
    Ok(())
}

/// Whether a function is a certain one of a module that isn't written in Python. Its `__module__` can be the module.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn is_builtin(function: &Bound<'_, PyAny>, module: &str, name: &str) -> Result<bool> {
    let py = function.py();
    let class = function.get_type().get(Name::__name__)?;
    if !class.eq("builtin_function")? || !function.get(Name::__name__)?.eq(name)? {
        return Ok(false);
    }
    let of = function.get(Name::__module__)?;
    let of = of
        .getattr_opt(Name::__name__.get(py))?
        .map_or(of, Object::from);
    Ok(of.eq(module)?)
}
