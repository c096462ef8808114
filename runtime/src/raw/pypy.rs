//! What PyPy's C API lacks, done by its Python modules.

use pyo3::exceptions::PyRuntimeError;
use pyo3::prelude::*;
use pyo3::types::PyBool;

use super::thin::{Exception, Result};
use super::thin::{Name, Thin};

/// Makes a `contextvars.Context` the current one of this thread, as `Context.run` does.
pub(crate) fn enter_context(context: &Bound<'_, PyAny>) -> Result<()> {
    let py = context.py();
    if context.get(Name::_is_entered)?.is_true()? {
        let message = "the context is entered already";
        return Err(Exception::new::<PyRuntimeError>(py, message));
    }
    let pypy = py.import("__pypy__")?;
    let previous = pypy.call_named(Name::get_contextvar_context)?;
    context.set(Name::_pylog_previous, &previous)?;
    context.set(Name::_is_entered, &PyBool::new(py, true))?;
    pypy.call_named_with(Name::set_contextvar_context, context)
        .map(drop)
}

/// Leaves a context that [`enter_context`] entered.
pub(crate) fn exit_context(context: &Bound<'_, PyAny>) -> Result<()> {
    let py = context.py();
    let previous = context.get(Name::_pylog_previous)?;
    context.set(Name::_pylog_previous, &py.None().into_bound(py))?;
    py.import("__pypy__")?
        .call_named_with(Name::set_contextvar_context, &previous)?;
    context.set(Name::_is_entered, &PyBool::new(py, false))
}

/// Whether a function is a certain one of a module that isn't written in Python. Its `__module__` can be the module.
pub(crate) fn is_builtin(function: &Bound<'_, PyAny>, module: &str, name: &str) -> Result<bool> {
    let class = (*function.class()).get(Name::__name__)?;
    if !class.equals_text("builtin_function")?
        || !function.get(Name::__name__)?.equals_text(name)?
    {
        return Ok(false);
    }
    let of = function.get(Name::__module__)?;
    let of = of.find(Name::__name__.get(function.py()))?.unwrap_or(of);
    of.equals_text(module)
}
