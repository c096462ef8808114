//! The fast path: records that are made from a prototype, without running Python code.
//!
//! Varying values are read from where `LogRecord.__init__` reads them, at each call or since they last
//! changed. So a patched clock or a renamed level has the same effect as on a record that Python makes.

use std::ffi::c_ulong;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyString, PyTuple};

use super::attributes::ATTRIBUTES;
use super::content::Content;
use super::guards::Guards;
use super::new_record::NewRecord;
use super::process;
use super::thread::RecordThread;
use super::times::{Clock, Times};
use crate::logger::dict::LoggerDict;
use crate::python::asyncio::task_name;
use crate::python::exception::Result;
use crate::python::library::loaded;
use crate::python::once::intern;
use crate::python::raised::attempt;

/// The first record of a callsite, as Python made it.
///
/// The values that seldom vary are kept besides the attributes, and are set only if they have changed.
pub(crate) struct RecordPrototype {
    attributes: Py<PyDict>,
    guards: Guards,
    /// The message, if it is a constant. Calls of the `log` crate on one line share a callsite, so the
    /// next message may be another one.
    msg: Option<&'static str>,
    name: Py<PyAny>,
    thread: Option<c_ulong>,
    thread_name: Py<PyAny>,
    process_name: Py<PyAny>,
    process: Option<u32>,
    /// From Python 3.12 on.
    task_name: Option<Py<PyAny>>,
}

impl RecordPrototype {
    /// `None` if the record has other attributes than the stock ones.
    pub(super) fn of(
        record: &Bound<'_, PyAny>,
        guards: Guards,
        content: &Content<'_, '_>,
    ) -> Result<Option<RecordPrototype>> {
        let py = record.py();
        let of_record = record.getattr("__dict__")?.cast_into::<PyDict>()?;
        // A copy shares its keys with the class, as the dicts of Python's own records do: without them
        // it would take more than twice the memory.
        let attributes = of_record.copy()?;
        // The values of this call alone.
        if let Some(extra) = &content.attributes.extra {
            for key in extra.cast::<PyDict>()?.keys() {
                attributes.del_item(key)?;
            }
        }
        for name in [intern!(py, "exc_info"), intern!(py, "stack_info")] {
            attributes.set_item(name, py.None())?;
        }
        // A message can be large, or secret.
        let msg = content.message.constant();
        attributes.set_item(intern!(py, "msg"), msg)?;
        attributes.set_item(intern!(py, "args"), PyTuple::empty(py))?;
        let has_task_name = attributes.contains("taskName")?;
        let expected = if has_task_name {
            &ATTRIBUTES[..]
        } else {
            &ATTRIBUTES[..20]
        };
        let mut is_stock = attributes.len() == expected.len();
        for (name, expected) in attributes.keys().iter().zip(expected) {
            is_stock &= name.cast::<PyString>()?.to_cow()? == *expected;
        }
        if !is_stock {
            return Ok(None);
        }
        let get = |name| record.getattr(name);
        Ok(Some(RecordPrototype {
            guards,
            msg,
            name: get("name")?.unbind(),
            thread: get("thread")?.extract()?,
            thread_name: get("threadName")?.unbind(),
            process_name: get("processName")?.unbind(),
            process: get("process")?.extract()?,
            task_name: record.getattr_opt("taskName")?.map(Bound::unbind),
            attributes: attributes.unbind(),
        }))
    }

    /// The record that `LogRecord(…)` would have been. `None` if Python has to make it.
    pub(super) fn make<'py>(
        &self,
        logger: &Bound<'py, PyAny>,
        dict: LoggerDict<'py>,
        content: &Content<'_, 'py>,
    ) -> Result<Option<NewRecord<'py>>> {
        let py = logger.py();
        let Guards {
            stock,
            settings,
            levelno: prototype_levelno,
            level_name: prototype_level_name,
            ..
        } = &self.guards;
        let Some(facts) = self.guards.check(logger)? else {
            return Ok(None);
        };
        if dict.has_method(facts.has_stock_logger())? {
            return Ok(None);
        }
        let levelno = content.level.levelno();
        let is_same_level = levelno == *prototype_levelno;
        let level_name = match prototype_level_name {
            Some(known) if is_same_level && facts.all_is_watched() => Some(known.bind(py).clone()),
            _ => settings.level_name(levelno, py)?,
        };
        let clock = match facts.all_is_watched() {
            true => stock.clock.bind(py).clone(),
            false => Clock::function(py)?,
        };
        if !clock.is(&stock.clock) {
            // A replacement may look at its caller's frames, so Python has to call it.
            return Ok(None);
        }
        let times = match content.origin {
            Some(origin) => Times::of_origin(origin, &clock, settings.clock)?,
            None => Times::by(&clock, settings.clock)?,
        };
        let (Some(times), Some(level_name)) = (times, level_name) else {
            return Ok(None);
        };
        let attributes = self.attributes.bind(py).copy()?;
        let set_if_changed =
            |name, value: Bound<'py, PyAny>, before: &Py<PyAny>| match value.is(before) {
                true => Ok(()),
                false => attributes.set_item(name, value),
            };

        attributes.set_item(intern!(py, "created"), times.created)?;
        attributes.set_item(intern!(py, "msecs"), times.msecs)?;
        attributes.set_item(intern!(py, "relativeCreated"), times.relative_created)?;

        let name = intern!(py, "name");
        let logger_name = match facts.has_stock_logger() {
            true => dict.get(name)?,
            false => None,
        };
        let logger_name = logger_name.map_or_else(|| logger.getattr(name), Ok)?;
        set_if_changed(name, logger_name, &self.name)?;
        if content.message.constant() != self.msg || self.msg.is_none() {
            attributes.set_item(intern!(py, "msg"), content.msg(py))?;
        }
        if let Some(args) = content.message.args(py)? {
            attributes.set_item(intern!(py, "args"), args)?;
        }
        let is_same_name = |before: &Py<PyAny>| level_name.is(before);
        if !prototype_level_name.as_ref().is_some_and(is_same_name) {
            attributes.set_item(intern!(py, "levelname"), level_name)?;
        }
        if !is_same_level {
            attributes.set_item(intern!(py, "levelno"), levelno)?;
        }

        // Attributes that are switched off are `None` in the prototype too.
        if settings.log_threads {
            let thread = match facts.all_is_watched() {
                true => {
                    let active = stock.active_threads.bind(py).clone();
                    RecordThread::among(active, None, content.origin, &stock.threads)
                }
                false => RecordThread::get(py, content.origin, &stock.threads),
            }?;
            set_if_changed(intern!(py, "threadName"), thread.name()?, &self.thread_name)?;
            if Some(thread.ident.number) != self.thread {
                attributes.set_item(intern!(py, "thread"), thread.ident.object)?;
            }
        }
        if settings.log_processes {
            let process = Some(process::id());
            if process != self.process {
                attributes.set_item(intern!(py, "process"), process)?;
            }
        }
        if settings.log_multiprocessing {
            let name = match facts.uses_multiprocessing() {
                true => process_name(py)?,
                false => None,
            };
            let name = name.unwrap_or_else(|| intern!(py, "MainProcess").as_any().clone());
            set_if_changed(intern!(py, "processName"), name, &self.process_name)?;
        }
        if let (true, Some(before)) = (settings.log_asyncio_tasks, &self.task_name) {
            let name = match content.origin {
                None if facts.uses_asyncio() => attempt(py, task_name(py)).flatten(),
                None => None,
                Some(origin) => origin.task_name(py),
            };
            let name = name.unwrap_or_else(|| py.None().into_bound(py));
            set_if_changed(intern!(py, "taskName"), name, before)?;
        }

        if let Some(exc_info) = &content.attributes.exc_info {
            attributes.set_item(intern!(py, "exc_info"), exc_info)?;
        }
        if let Some(stack_info) = &content.attributes.stack_info {
            attributes.set_item(intern!(py, "stack_info"), stack_info)?;
        }
        if let Some(extra) = &content.attributes.extra {
            attributes.update(extra.cast::<PyDict>()?.as_mapping())?;
        }

        let record = stock.new_record(py)?;
        record.setattr(intern!(py, "__dict__"), attributes)?;
        Ok(Some(NewRecord {
            record,
            stock_logger: facts.has_stock_logger().then_some(dict),
        }))
    }
}

/// `multiprocessing.current_process().name`, if the program has imported the module.
fn process_name(py: Python<'_>) -> Result<Option<Bound<'_, PyAny>>> {
    let Some(multiprocessing) = loaded(intern!(py, "multiprocessing"))? else {
        return Ok(None);
    };
    let process = multiprocessing.call_method0(intern!(py, "current_process"));
    let name = process.and_then(|process| process.getattr(intern!(py, "name")));
    Ok(attempt(py, name))
}
