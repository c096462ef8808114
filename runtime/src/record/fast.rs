//! The fast road: a record without a line of Python.
//!
//! What varies is found where `LogRecord.__init__` finds it, at the moment of the call, so that
//! whoever patches the clock or names a level is obeyed.

use std::ffi::c_ulong;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::stock::{Environment, Stock};
use super::thread::RecordThread;
use super::times::Times;
use super::{ATTRIBUTES, Attached, Content, process};
use crate::once::intern;
use crate::python::SYS_GLOBALS;

/// The first record of a callsite, as Python made it.
///
/// The values that seldom vary are kept beside the attributes: what is still the same isn't set.
pub(super) struct Template {
    attributes: Py<PyDict>,
    environment: Environment,
    /// The message, if it is a constant. The calls of the `log` crate on one line share a callsite, so
    /// that it needn't be the same the next time.
    msg: Option<&'static str>,
    name: Py<PyAny>,
    level_name: Py<PyAny>,
    levelno: i32,
    thread: Option<c_ulong>,
    thread_name: Py<PyAny>,
    process_name: Py<PyAny>,
    process: Option<u32>,
    /// From Python 3.12.
    task_name: Option<Py<PyAny>>,
}

impl Template {
    /// The attributes of a record, if they are just those that are known here and what `logging` was
    /// when it was made is known as well.
    pub(super) fn of(
        record: &Bound<'_, PyAny>,
        stock: &Stock,
        globals: &Bound<'_, PyTuple>,
        content: &Content<'_, '_>,
        attached: &Attached<'_>,
    ) -> PyResult<Option<Template>> {
        let py = record.py();
        let Some(environment) = Environment::of(stock, globals)? else {
            return Ok(None);
        };
        if !environment.holds(&stock.globals(py)?) {
            return Ok(None); // It was changed meanwhile.
        }
        let of_record = record.getattr("__dict__")?.cast_into::<PyDict>()?;
        // A dict of its own kind: a copy of an instance's shares its keys with the class, which makes
        // each access from Python code slower that adds one, as formatters do.
        let attributes = PyDict::new(py);
        for (name, value) in &of_record {
            attributes.set_item(name, value)?;
        }
        // What is this call's alone.
        if let Some(extra) = &attached.extra {
            for key in extra.cast::<PyDict>()?.keys() {
                attributes.del_item(key)?;
            }
        }
        for name in [intern!(py, "exc_info"), intern!(py, "stack_info")] {
            attributes.set_item(name, py.None())?;
        }
        let has_task_name = attributes.contains("taskName")?;
        let expected = if has_task_name {
            &ATTRIBUTES[..]
        } else {
            &ATTRIBUTES[..20]
        };
        let mut is_known = attributes.len() == expected.len();
        for (name, expected) in attributes.keys().iter().zip(expected) {
            is_known &= name.cast::<PyString>()?.to_cow()? == *expected;
        }
        if !is_known {
            return Ok(None);
        }
        let get = |name| record.getattr(name);
        Ok(Some(Template {
            environment,
            msg: content.text.message.constant(),
            name: get("name")?.unbind(),
            level_name: get("levelname")?.unbind(),
            levelno: get("levelno")?.extract()?,
            thread: get("thread")?.extract()?,
            thread_name: get("threadName")?.unbind(),
            process_name: get("processName")?.unbind(),
            process: get("process")?.extract()?,
            task_name: record.getattr_opt("taskName")?.map(Bound::unbind),
            attributes: attributes.unbind(),
        }))
    }
}

/// The record that `LogRecord(...)` would have been. `None` where something is not as it was when the
/// template was made, or not known here.
pub(super) fn make<'py>(
    stock: &Stock,
    globals: &Bound<'py, PyTuple>,
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    attached: &Attached<'py>,
    template: &Template,
) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = logger.py();
    let environment = &template.environment;
    if !environment.holds(globals) {
        return Ok(None);
    }
    let levelno = content.level.levelno();
    let level_name = environment.level_names.bind(py).get_item(levelno)?;
    let times = Times::of(content.origin, environment.clock, &stock.clock_function, py)?;
    let (Some(times), Some(level_name)) = (times, level_name) else {
        return Ok(None);
    };
    let attributes = template.attributes.bind(py).copy()?;
    let set_if_changed = |name, value: Bound<'py, PyAny>, before: &Py<PyAny>| match value.is(before)
    {
        true => Ok(()),
        false => attributes.set_item(name, value),
    };

    attributes.set_item(intern!(py, "created"), times.created)?;
    attributes.set_item(intern!(py, "msecs"), times.msecs)?;
    attributes.set_item(intern!(py, "relativeCreated"), times.relative_created)?;

    let name = intern!(py, "name");
    set_if_changed(name, logger.getattr(name)?, &template.name)?;
    if content.text.message.constant() != template.msg || template.msg.is_none() {
        attributes.set_item(intern!(py, "msg"), content.text.msg(py))?;
    }
    if let Some(args) = content.text.message.args(py)? {
        attributes.set_item(intern!(py, "args"), args)?;
    }
    set_if_changed(intern!(py, "levelname"), level_name, &template.level_name)?;
    if levelno != template.levelno {
        attributes.set_item(intern!(py, "levelno"), levelno)?;
    }

    // What is switched off is `None` in the template too.
    if environment.log_threads {
        let thread = RecordThread::get(py, content.origin)?;
        set_if_changed(
            intern!(py, "threadName"),
            thread.name()?,
            &template.thread_name,
        )?;
        if Some(thread.ident.number) != template.thread {
            attributes.set_item(intern!(py, "thread"), thread.ident.object)?;
        }
    }
    if environment.log_processes {
        let process = Some(process::id());
        if process != template.process {
            attributes.set_item(intern!(py, "process"), process)?;
        }
    }
    if environment.log_multiprocessing || environment.log_tasks {
        let modules = SYS_GLOBALS
            .get(intern!(py, "modules"))?
            .cast_into::<PyDict>()?;
        if environment.log_multiprocessing {
            set_if_changed(
                intern!(py, "processName"),
                process_name(&modules)?,
                &template.process_name,
            )?;
        }
        if let (true, Some(before)) = (environment.log_tasks, &template.task_name) {
            let task_name = match content.origin {
                None => task_name(&modules)?,
                // That would be the task of who delivers it.
                Some(_) => None,
            };
            let task_name = task_name.unwrap_or_else(|| py.None().into_bound(py));
            set_if_changed(intern!(py, "taskName"), task_name, before)?;
        }
    }

    if let Some(exc_info) = &attached.exc_info {
        attributes.set_item(intern!(py, "exc_info"), exc_info)?;
    }
    if let Some(stack_info) = &attached.stack_info {
        attributes.set_item(intern!(py, "stack_info"), stack_info)?;
    }
    if let Some(extra) = &attached.extra {
        attributes.update(extra.cast::<PyDict>()?.as_mapping())?;
    }

    let record = stock.new.bind(py).call1(stock.record.bind(py))?;
    record.setattr(intern!(py, "__dict__"), attributes)?;
    Ok(Some(record))
}

/// `multiprocessing.current_process().name`, if the program uses that module.
fn process_name<'py>(modules: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    let py = modules.py();
    let main_process = || intern!(py, "MainProcess").as_any().clone();
    let multiprocessing = modules.get_item(intern!(py, "multiprocessing"))?;
    let Some(multiprocessing) = multiprocessing.filter(|module| !module.is_none()) else {
        return Ok(main_process());
    };
    let process = multiprocessing.call_method0(intern!(py, "current_process"));
    let name = process.and_then(|process| process.getattr(intern!(py, "name")));
    Ok(unless_exception(py, name)?.unwrap_or_else(main_process))
}

/// `asyncio.current_task().get_name()`, if the program uses that module and a loop runs here.
fn task_name<'py>(modules: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = modules.py();
    let Some(asyncio) = modules.get_item(intern!(py, "asyncio"))? else {
        return Ok(None);
    };
    let name = || {
        // Asked first: without a loop `current_task` raises, which costs more than all the rest.
        if asyncio
            .call_method0(intern!(py, "_get_running_loop"))?
            .is_none()
        {
            return Ok(None);
        }
        let task = asyncio.call_method0(intern!(py, "current_task"))?;
        task.call_method0(intern!(py, "get_name")).map(Some)
    };
    Ok(unless_exception(py, name())?.flatten())
}

/// What stands in `try: … except Exception: pass`.
fn unless_exception<T>(py: Python<'_>, result: PyResult<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<PyException>(py) => Ok(None),
        Err(error) => Err(error),
    }
}
