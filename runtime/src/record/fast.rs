//! The fast road: a record without a line of Python.
//!
//! What varies is found where `LogRecord.__init__` finds it, at the moment of the call or since it last
//! changed, so that whoever patches the clock or names a level is obeyed.

use std::ffi::c_ulong;

use pyo3::exceptions::PyException;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::proof::Proof;
use super::stock::Stock;
use super::thread::RecordThread;
use super::times::{Clock, Times};
use super::{ATTRIBUTES, Attached, Content, Made, process};
use crate::logger::Own;
use crate::once::intern;
use crate::python::loaded;

/// The first record of a callsite, as Python made it.
///
/// The values that seldom vary are kept beside the attributes: what is still the same isn't set.
pub(super) struct Template {
    attributes: Py<PyDict>,
    proof: Proof,
    /// The message, if it is a constant. The calls of the `log` crate on one line share a callsite, so
    /// that it needn't be the same the next time.
    msg: Option<&'static str>,
    name: Py<PyAny>,
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
        proof: Proof,
        content: &Content<'_, '_>,
        attached: &Attached<'_>,
    ) -> PyResult<Option<Template>> {
        let py = record.py();
        let of_record = record.getattr("__dict__")?.cast_into::<PyDict>()?;
        // A dict of its own kind: a copy of an instance's shares its keys with the class, which makes
        // each access from Python code slower that adds one, as formatters do.
        let attributes = PyDict::new(py);
        for (name, value) in &of_record {
            attributes.set_item(name, value)?;
        }
        // With room for what formatters add, so that not each copy has to grow.
        for name in [intern!(py, "message"), intern!(py, "asctime")] {
            attributes.set_item(name, py.None())?;
            attributes.del_item(name)?;
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
            proof,
            msg: content.text.message.constant(),
            name: get("name")?.unbind(),
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
    logger: &Bound<'py, PyAny>,
    own: Own<'py>,
    content: &Content<'_, 'py>,
    attached: &Attached<'py>,
    template: &Template,
) -> PyResult<Option<Made<'py>>> {
    let py = logger.py();
    let Proof { environment, .. } = &template.proof;
    let Some(proven) = template.proof.now(stock, logger)? else {
        return Ok(None);
    };
    if own.has_method(proven.handles())? {
        return Ok(None);
    }
    let levelno = content.level.levelno();
    let is_same_level = levelno == template.proof.levelno;
    let level_name = match &template.proof.level_name {
        Some(known) if is_same_level && proven.is_settled() => Some(known.bind(py).clone()),
        _ => environment.level_name(levelno, py)?,
    };
    let clock = match proven.is_settled() {
        true => stock.clock.bind(py).clone(),
        false => Clock::function(py)?,
    };
    let times = match content.origin {
        Some(origin) if clock.is(&stock.clock) => {
            Some(Times::at(origin.nanoseconds, environment.clock))
        }
        _ => Times::by(&clock, environment.clock)?,
    };
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
    let of_logger = match proven.handles() {
        true => own.get(name)?,
        false => None,
    };
    let of_logger = of_logger.map_or_else(|| logger.getattr(name), Ok)?;
    set_if_changed(name, of_logger, &template.name)?;
    if content.text.message.constant() != template.msg || template.msg.is_none() {
        attributes.set_item(intern!(py, "msg"), content.text.msg(py))?;
    }
    if let Some(args) = content.text.message.args(py)? {
        attributes.set_item(intern!(py, "args"), args)?;
    }
    let before = &template.proof.level_name;
    if before.as_ref().is_none_or(|before| !level_name.is(before)) {
        attributes.set_item(intern!(py, "levelname"), level_name)?;
    }
    if !is_same_level {
        attributes.set_item(intern!(py, "levelno"), levelno)?;
    }

    // What is switched off is `None` in the template too.
    if environment.log_threads {
        let active = &template.proof.active_threads;
        let thread = match proven.is_settled() {
            true => RecordThread::among(active.bind(py).clone(), None, content.origin),
            false => RecordThread::get(py, content.origin),
        }?;
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
    if environment.log_multiprocessing {
        let name = match proven.uses_multiprocessing() {
            true => process_name(py)?,
            false => None,
        };
        let name = name.unwrap_or_else(|| intern!(py, "MainProcess").as_any().clone());
        set_if_changed(intern!(py, "processName"), name, &template.process_name)?;
    }
    if let (true, Some(before)) = (environment.log_tasks, &template.task_name) {
        let name = match content.origin {
            None if proven.uses_asyncio() => task_name(py)?,
            // If it was made elsewhere: that would be the task of who delivers it.
            _ => None,
        };
        let name = name.unwrap_or_else(|| py.None().into_bound(py));
        set_if_changed(intern!(py, "taskName"), name, before)?;
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

    let record = stock.new_record(py)?;
    record.setattr(intern!(py, "__dict__"), attributes)?;
    Ok(Some(Made {
        record,
        own: proven.handles().then_some(own),
    }))
}

/// `multiprocessing.current_process().name`, if the program uses that module.
fn process_name(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let Some(multiprocessing) = loaded(intern!(py, "multiprocessing"))? else {
        return Ok(None);
    };
    let process = multiprocessing.call_method0(intern!(py, "current_process"));
    let name = process.and_then(|process| process.getattr(intern!(py, "name")));
    unless_exception(py, name)
}

/// `asyncio.current_task().get_name()`, if the program uses that module and a loop runs here.
fn task_name(py: Python<'_>) -> PyResult<Option<Bound<'_, PyAny>>> {
    let Some(asyncio) = loaded(intern!(py, "asyncio"))? else {
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
