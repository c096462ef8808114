//! The task of asyncio that runs in this thread.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyModule};

use super::library::loaded;
use crate::raw::thin::{Name, Object, Result, Thin};

/// `asyncio.current_task().get_name()`, if the program has imported the module and a loop runs in this
/// thread.
pub(crate) fn task_name(py: Python<'_>) -> Result<Option<Object<'_>>> {
    task_name_by(py, |function| function.run().map(Some))
}

/// The same, if asyncio's own functions, which are written in C, tell it. Runs no Python code.
pub(crate) fn task_name_without_python(py: Python<'_>) -> Result<Option<Object<'_>>> {
    task_name_by(py, |function| {
        match function.is_exact_instance_of::<PyCFunction>() {
            true => function.run().map(Some),
            false => Ok(None),
        }
    })
}

fn task_name_by<'py>(
    py: Python<'py>,
    call: impl Fn(Object<'py>) -> Result<Option<Object<'py>>>,
) -> Result<Option<Object<'py>>> {
    let asyncio = match loaded(Name::asyncio.get(py))?.map(Object::cast_into_exact::<PyModule>) {
        Some(Ok(asyncio)) => asyncio.dict(),
        // A module of another class may import something when it is used.
        _ => return Ok(None),
    };
    let get = |name: Name| -> Result<Object<'py>> { asyncio.part(name.get(py)) };
    let current_task = get(Name::current_task)?;
    // Without a loop asyncio's own function raises, which costs more than the record.
    if current_task.is_exact_instance_of::<PyCFunction>() {
        let event_loop = get(Name::_get_running_loop)?;
        if call(event_loop)?.is_none_or(|event_loop| event_loop.is_none()) {
            return Ok(None);
        }
    }
    let task = call(current_task)?;
    match task.filter(|task| !task.is_none()) {
        Some(task) => call(task.get(Name::get_name)?),
        None => Ok(None),
    }
}
