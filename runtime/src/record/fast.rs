//! The fast road: a record without a line of Python.
//!
//! What varies is found where `LogRecord.__init__` finds it, at the moment of the call, so that
//! whoever patches the clock or names a level is obeyed.

use pyo3::exceptions::PyException;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString};

use super::{Content, Text};
use super::stock::{Clock, Stock};
use super::thread::CurrentThread;
use crate::message::Message;
use crate::python::{LOGGING, SYS};

/// The record that `LogRecord(...)` would have been. `template` has what is constant.
pub(super) fn make<'py>(
    stock: &Stock,
    logger: &Bound<'py, PyAny>,
    content: &Content<'_, 'py>,
    template: &Bound<'py, PyDict>,
) -> PyResult<Bound<'py, PyAny>> {
    let py = logger.py();
    let logging = LOGGING.get(py)?;
    let is_on = |switch: &Bound<'py, PyString>| logging.getattr(switch)?.is_truthy();
    let attributes = template.copy()?;
    let set = |name: &Bound<'py, PyString>, value: Bound<'py, PyAny>| attributes.set_item(name, value);

    let times = Times::now(stock.clock, logging)?;
    set(intern!(py, "name"), logger.getattr(intern!(py, "name"))?)?;
    // A literal is the same at each call, and so in the template.
    if !matches!(content.text, Text::Formatted(Message::Literal(_))) {
        set(intern!(py, "msg"), content.text.to_python(py))?;
    }
    let levelno = content.level.levelno().into_pyobject(py)?.into_any();
    let level_name = logging.call_method1(intern!(py, "getLevelName"), (&levelno,))?;
    set(intern!(py, "levelname"), level_name)?;
    set(intern!(py, "levelno"), levelno)?;
    attributes.set_item(intern!(py, "created"), times.created)?;
    attributes.set_item(intern!(py, "msecs"), times.msecs)?;
    attributes.set_item(intern!(py, "relativeCreated"), times.relative_created)?;

    let none = py.None().into_bound(py);
    let (mut thread, mut thread_name) = (none.clone(), none.clone());
    if is_on(intern!(py, "logThreads"))? {
        let current = CurrentThread::get(py)?;
        thread_name = current.name()?;
        thread = current.ident;
    }
    set(intern!(py, "thread"), thread)?;
    set(intern!(py, "threadName"), thread_name)?;
    let modules = SYS.get(py)?.getattr(intern!(py, "modules"))?.cast_into::<PyDict>()?;
    let process_name = match is_on(intern!(py, "logMultiprocessing"))? {
        true => process_name(&modules)?,
        false => none.clone(),
    };
    set(intern!(py, "processName"), process_name)?;
    let process = match is_on(intern!(py, "logProcesses"))? {
        true => std::process::id().into_pyobject(py)?.into_any(),
        false => none.clone(),
    };
    set(intern!(py, "process"), process)?;
    if attributes.contains(intern!(py, "taskName"))? {
        let task_name = match is_on(intern!(py, "logAsyncioTasks"))? {
            true => task_name(&modules)?,
            false => None,
        };
        set(intern!(py, "taskName"), task_name.unwrap_or(none))?;
    }

    let record = stock.new.bind(py).call1((&stock.record,))?;
    record.setattr(intern!(py, "__dict__"), attributes)?;
    Ok(record)
}

struct Times {
    created: f64,
    msecs: f64,
    relative_created: f64,
}

impl Times {
    /// The numbers that `LogRecord` computes, to the last bit. Its clock is asked, not ours:
    /// freezegun and the like replace it.
    fn now(clock: Clock, logging: &Bound<'_, PyAny>) -> PyResult<Times> {
        let py = logging.py();
        let time = logging.getattr(intern!(py, "time"))?;
        let start = logging.getattr(intern!(py, "_startTime"))?;
        if clock == Clock::Nanoseconds {
            let now: i64 = time.call_method0(intern!(py, "time_ns"))?.extract()?;
            let start: i64 = start.extract()?;
            let created = now as f64 / 1e9;
            let mut msecs = (now.rem_euclid(1_000_000_000) / 1_000_000) as f64;
            // The seconds may have been rounded up, to the next whole one.
            if msecs == 999.0 && created.trunc() as i64 != now.div_euclid(1_000_000_000) {
                msecs = 0.0;
            }
            let relative_created = (now - start) as f64 / 1e6;
            return Ok(Times { created, msecs, relative_created });
        }
        let created: f64 = time.call_method0(intern!(py, "time"))?.extract()?;
        let start: f64 = start.extract()?;
        let fraction = (created - created.trunc()) * 1000.0;
        let msecs = if clock == Clock::Fraction { fraction } else { fraction.trunc() };
        let relative_created = (created - start) * 1000.0;
        Ok(Times { created, msecs, relative_created })
    }
}

/// `multiprocessing.current_process().name`, if the program uses that module.
fn process_name<'py>(modules: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyAny>> {
    let py = modules.py();
    let main_process = intern!(py, "MainProcess").as_any();
    let Some(multiprocessing) = modules.get_item(intern!(py, "multiprocessing"))? else {
        return Ok(main_process.clone());
    };
    if multiprocessing.is_none() {
        return Ok(main_process.clone());
    }
    let process = multiprocessing.call_method0(intern!(py, "current_process"));
    let name = process.and_then(|process| process.getattr(intern!(py, "name")));
    Ok(unless_exception(py, name)?.unwrap_or_else(|| main_process.clone()))
}

/// `asyncio.current_task().get_name()`, if the program uses that module and a loop runs here.
fn task_name<'py>(modules: &Bound<'py, PyDict>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let py = modules.py();
    let Some(asyncio) = modules.get_item(intern!(py, "asyncio"))? else {
        return Ok(None);
    };
    let name = || {
        // Asked first: without a loop `current_task` raises, which costs more than all the rest.
        if asyncio.call_method0(intern!(py, "_get_running_loop"))?.is_none() {
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
