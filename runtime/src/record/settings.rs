//! The settings of `logging` that have a say in a record.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::times::Clock;
use crate::python::exception::Result;
use crate::python::kept::Kept;
use crate::python::once::intern;

/// Names in `logging` that may have any value. A record prototype is used while they have the values
/// that they had when it was made. Python 3.12 added the last one.
const NAMES: [&str; 6] = [
    "_startTime",
    "_levelToName",
    "logThreads",
    "logMultiprocessing",
    "logProcesses",
    "logAsyncioTasks",
];

/// Every combination of values that has been met. Programs seldom change them.
static MET: Kept<boxcar::Vec<Arc<LoggingSettings>>> = Kept::new();

/// How many combinations are kept. With others, Python makes the records.
const MAX_MET: usize = 64;

/// One combination of values, and what follows from it.
pub(super) struct LoggingSettings {
    /// The values of [`NAMES`].
    values: [Option<Py<PyAny>>; NAMES.len()],
    pub(super) clock: Clock,
    level_names: Py<PyDict>,
    pub(super) log_threads: bool,
    pub(super) log_multiprocessing: bool,
    pub(super) log_processes: bool,
    pub(super) log_asyncio_tasks: bool,
}

impl LoggingSettings {
    /// The settings at this moment, and their place among those that have been met. `None` if they
    /// aren't of the kind that `logging` has. `logging` is the dict of the module.
    pub(super) fn current(
        logging: &Bound<'_, PyDict>,
    ) -> Result<Option<(usize, Arc<LoggingSettings>)>> {
        let py = logging.py();
        let names = [
            intern!(py, NAMES[0]),
            intern!(py, NAMES[1]),
            intern!(py, NAMES[2]),
            intern!(py, NAMES[3]),
            intern!(py, NAMES[4]),
            intern!(py, NAMES[5]),
        ];
        let mut values = [const { None }; NAMES.len()];
        for (value, name) in values.iter_mut().zip(names) {
            *value = logging.get_item(name)?;
        }
        let all_met = MET.get_or_make(boxcar::Vec::new);
        if let Some((index, met)) = all_met.iter().find(|(_, met)| met.are(&values)) {
            return Ok(Some((index, Arc::clone(met))));
        }
        if all_met.count() >= MAX_MET {
            return Ok(None);
        }
        Ok(LoggingSettings::new(values)?.map(|new| {
            let new = Arc::new(new);
            (all_met.push(Arc::clone(&new)), new)
        }))
    }

    /// Settings that have been met.
    pub(super) fn met(index: usize) -> Option<Arc<LoggingSettings>> {
        MET.get()?.get(index).cloned()
    }

    fn new(values: [Option<Bound<'_, PyAny>>; NAMES.len()]) -> Result<Option<LoggingSettings>> {
        let [start_time, level_names, switches @ ..] = &values;
        let (Some(start_time), Some(level_names)) = (start_time, level_names) else {
            return Ok(None);
        };
        let (Some(clock), Ok(level_names)) =
            (Clock::starting_at(start_time), level_names.cast::<PyDict>())
        else {
            return Ok(None);
        };
        let is_on = |switch: &Option<Bound<'_, PyAny>>| match switch {
            Some(switch) => switch.is_truthy(),
            None => Ok(false),
        };
        let [threads, multiprocessing, processes, asyncio_tasks] = switches;
        Ok(Some(LoggingSettings {
            clock,
            level_names: level_names.clone().unbind(),
            log_threads: is_on(threads)?,
            log_multiprocessing: is_on(multiprocessing)?,
            log_processes: is_on(processes)?,
            log_asyncio_tasks: is_on(asyncio_tasks)?,
            values: values.map(|value| value.map(Bound::unbind)),
        }))
    }

    fn are(&self, values: &[Option<Bound<'_, PyAny>>; NAMES.len()]) -> bool {
        let mut pairs = self.values.iter().zip(values);
        pairs.all(|(one, other)| one.as_ref().map(Py::as_ptr) == other.as_ref().map(Bound::as_ptr))
    }

    /// `logging.getLevelName(levelno)`, if the level has a name.
    pub(super) fn level_name<'py>(
        &self,
        levelno: i32,
        py: Python<'py>,
    ) -> Result<Option<Bound<'py, PyAny>>> {
        let name = self.level_names.bind(py).get_item(levelno)?;
        Ok(name.filter(|name| !name.is_none()))
    }
}

/// `logging._levelToName` at this moment, if it is a dict.
pub(super) fn level_names<'py>(logging: &Bound<'py, PyDict>) -> Result<Option<Bound<'py, PyDict>>> {
    let names = logging.get_item(intern!(logging.py(), "_levelToName"))?;
    Ok(names.and_then(|names| names.cast_into().ok()))
}
