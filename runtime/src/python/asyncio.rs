//! The task of asyncio that runs in this thread.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyModule};

use super::exception::Result;
use super::library::loaded;
use super::once::intern;

/// `asyncio.current_task().get_name()`, if the program has imported the module and a loop runs in this
/// thread.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn task_name(py: Python<'_>) -> Result<Option<Bound<'_, PyAny>>> {
    task_name_by(py, |function| Ok(Some(function.call0()?)))
}

/// The same, if asyncio's own functions, which are written in C, tell it. Runs no Python code.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn task_name_without_python(py: Python<'_>) -> Result<Option<Bound<'_, PyAny>>> {
    task_name_by(py, |function| {
        match function.is_exact_instance_of::<PyCFunction>() {
            true => Ok(Some(function.call0()?)),
            false => Ok(None),
        }
    })
}

fn task_name_by<'py>(
    py: Python<'py>,
    call: impl Fn(Bound<'py, PyAny>) -> Result<Option<Bound<'py, PyAny>>>,
) -> Result<Option<Bound<'py, PyAny>>> {
    let asyncio = match loaded(intern!(py, "asyncio"))?.map(Bound::cast_into_exact::<PyModule>) {
        Some(Ok(asyncio)) => asyncio.dict(),
        // A module of another class may import something when it is used.
        _ => return Ok(None),
    };
    let get = |name| asyncio.as_any().get_item(name);
    // Asked first, because without a loop `current_task` raises, which costs more than the record.
    let event_loop = get(intern!(py, "_get_running_loop"))?;
    if call(event_loop)?.is_none_or(|event_loop| event_loop.is_none()) {
        return Ok(None);
    }
    let task = call(get(intern!(py, "current_task"))?)?;
    match task.filter(|task| !task.is_none()) {
        Some(task) => call(task.getattr(intern!(py, "get_name"))?),
        None => Ok(None),
    }
}
