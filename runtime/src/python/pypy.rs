//! What PyPy's C API lacks, done by its Python modules.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;

use super::exception::Result;
use super::once::intern;

/// `contextvars.Context()`.
///
/// # Errors
/// The exception that Python raises.
pub(super) fn new_context(py: Python<'_>) -> Result<Bound<'_, PyAny>> {
    Ok(py.import("contextvars")?.call_method0("Context")?)
}

/// `contextvars.copy_context()`.
///
/// # Errors
/// The exception that Python raises.
pub(super) fn copy_current_context(py: Python<'_>) -> Result<Bound<'_, PyAny>> {
    Ok(py.import("contextvars")?.call_method0("copy_context")?)
}

/// Makes a `contextvars.Context` the current one of this thread, as `Context.run` does.
///
/// # Errors
/// A `RuntimeError` if a thread has entered the context already.
pub(super) fn enter_context(context: &Bound<'_, PyAny>) -> Result<()> {
    let py = context.py();
    if context.getattr(intern!(py, "_is_entered"))?.is_truthy()? {
        return Err(PyRuntimeError::new_err("the context is entered already").into());
    }
    let pypy = py.import("__pypy__")?;
    let previous = pypy.call_method0("get_contextvar_context")?;
    context.setattr(intern!(py, "_pylog_previous"), previous)?;
    context.setattr(intern!(py, "_is_entered"), true)?;
    pypy.call_method1("set_contextvar_context", (context,))?;
    Ok(())
}

/// Leaves a context that [`enter_context`] entered.
///
/// # Errors
/// The exception that Python raises.
pub(super) fn exit_context(context: &Bound<'_, PyAny>) -> Result<()> {
    let py = context.py();
    let previous = context.getattr(intern!(py, "_pylog_previous"))?;
    context.delattr(intern!(py, "_pylog_previous"))?;
    let pypy = py.import("__pypy__")?;
    pypy.call_method1("set_contextvar_context", (previous,))?;
    context.setattr(intern!(py, "_is_entered"), false)?;
    Ok(())
}

/// Whether a function is a certain one of a module that isn't written in Python. Its `__module__` can be the module.
///
/// # Errors
/// The exception that Python raises.
pub(super) fn is_builtin(function: &Bound<'_, PyAny>, module: &str, name: &str) -> Result<bool> {
    let py = function.py();
    let class = function.get_type().getattr(intern!(py, "__name__"))?;
    if !class.eq("builtin_function")? || !function.getattr(intern!(py, "__name__"))?.eq(name)? {
        return Ok(false);
    }
    let of = function.getattr(intern!(py, "__module__"))?;
    let of = of.getattr_opt(intern!(py, "__name__"))?.unwrap_or(of);
    Ok(of.eq(module)?)
}
