//! The settings of `logging` that have a say in a record.

use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyInt};

use super::thread::StockThreads;
use super::times::Clock;
use crate::python::kept::Shared;
use crate::raw::thin::{self, Object, Result, Stored, Thin};
use crate::stock::snapshot::Snapshot;
use crate::stock::table::Row;
use crate::stock::watch;

/// The settings of `logging`, as the rows of the snapshot are.
pub(super) struct Settings {
    pub(super) clock: Clock,
    pub(super) level_names: Stored<PyDict>,
    pub(super) threads: Shared<StockThreads>,
    pub(super) active_threads: Stored<PyDict>,
    pub(super) has_stock_ident: bool,
    pub(super) log_threads: bool,
    pub(super) log_processes: bool,
    pub(super) log_multiprocessing: bool,
    pub(super) log_asyncio_tasks: bool,
    /// Whether the program has imported these modules.
    pub(super) uses_multiprocessing: bool,
    pub(super) uses_asyncio: bool,
}

impl Settings {
    /// `None` if one of them isn't of the kind that `logging` has.
    pub(super) fn of(snapshot: &Snapshot, py: Python<'_>) -> Result<Option<Settings>> {
        // `None` for an object whose truth can change, such as a list.
        let is_on = |row| match snapshot.get(row, py) {
            Some(switch) if switch.is_none() => Some(false),
            Some(switch) if is_number(switch) => switch.is_truthy().ok(),
            Some(_) => None,
            None => Some(false),
        };
        let has_loaded = |row| {
            snapshot
                .get(row, py)
                .is_some_and(|module| !module.is_none())
        };
        let dict = |row| {
            let dict = snapshot.get(row, py)?.cast_exact::<PyDict>().ok()?;
            Some(Stored::from(dict.clone()))
        };
        let clock = snapshot
            .get(Row::StartTime, py)
            .and_then(Clock::starting_at);
        let (Some(clock), Some(level_names), Some(active_threads)) =
            (clock, dict(Row::LevelNames), dict(Row::Active))
        else {
            return Ok(None);
        };
        let switches = [
            Row::LogThreads,
            Row::LogProcesses,
            Row::LogMultiprocessing,
            Row::LogAsyncioTasks,
        ];
        let [
            Some(log_threads),
            Some(log_processes),
            Some(log_multiprocessing),
            Some(log_asyncio_tasks),
        ] = switches.map(is_on)
        else {
            return Ok(None);
        };
        let threads = StockThreads::get(py)?;
        let get_ident = snapshot.get(Row::GetIdent, py);
        Ok(Some(Settings {
            clock,
            level_names,
            has_stock_ident: get_ident.is_some_and(|it| threads.has_get_ident(it)),
            threads,
            active_threads,
            log_threads,
            log_processes,
            log_multiprocessing,
            log_asyncio_tasks,
            uses_multiprocessing: has_loaded(Row::Multiprocessing),
            uses_asyncio: has_loaded(Row::Asyncio),
        }))
    }

    /// Makes another name of the level count as a change. Returns whether that is possible.
    pub(super) fn watch_name(
        &self,
        levelno: i32,
        snapshot: &Snapshot,
        py: Python<'_>,
    ) -> Result<bool> {
        match watch::watchers(py).filter(|_| snapshot.is_watched()) {
            Some(watchers) => {
                let levelno = thin::number(py, levelno.into())?;
                watchers.watch_key(self.level_names.bind(py), &levelno)
            }
            None => Ok(false),
        }
    }

    /// `logging.getLevelName(levelno)`, if the level has a name.
    pub(super) fn level_name<'py>(
        &self,
        levelno: i32,
        py: Python<'py>,
    ) -> Result<Option<Object<'py>>> {
        let name = self
            .level_names
            .bind(py)
            .entry(&*thin::number(py, levelno.into())?)?;
        Ok(name.filter(|name| !name.is_none()))
    }
}

fn is_number(object: &Bound<'_, PyAny>) -> bool {
    object.is_exact_instance_of::<PyBool>() || object.is_exact_instance_of::<PyInt>()
}
