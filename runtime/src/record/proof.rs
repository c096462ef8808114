//! Whether the fast road may be taken now, and what needn't be looked up on it.

use std::sync::atomic::{AtomicU8, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use super::stock::{Environment, Stock};
use super::thread;
use super::times::Clock;
use crate::Level;
use crate::logger_class;
use crate::once::intern;
use crate::python::{SYS_GLOBALS, TIME_GLOBALS, loaded};
use crate::watch::{self, Moment, Stamp};

/// What has to be so for the records of a callsite to be made on the fast road.
pub(super) struct Proof {
    pub(super) environment: Environment,
    pub(super) levelno: i32,
    /// If it has one.
    pub(super) level_name: Option<Py<PyAny>>,
    pub(super) active_threads: Py<PyDict>,
    logger_class: Py<PyType>,
    stamp: Stamp,
    /// What the stamp says.
    proven: AtomicU8,
}

/// That it may be taken, and what is known besides.
#[derive(Clone, Copy)]
pub(super) struct Proven(u8);

/// All is watched, the level's name and the dict of threads are those of the [`Proof`], the clock and
/// `get_ident` are as they came.
const SETTLED: u8 = 1;
/// The logger's class is plain, so that records are handled as the stock one does.
const HANDLES: u8 = 2;
/// The program may have imported it.
const MULTIPROCESSING: u8 = 4;
const ASYNCIO: u8 = 8;

impl Proven {
    /// What isn't watched has to be looked up.
    const HERE_AND_NOW: Proven = Proven(MULTIPROCESSING | ASYNCIO);

    pub(super) fn is_settled(self) -> bool {
        self.0 & SETTLED != 0
    }

    pub(super) fn handles(self) -> bool {
        self.0 & HANDLES != 0
    }

    pub(super) fn uses_multiprocessing(self) -> bool {
        self.0 & MULTIPROCESSING != 0
    }

    pub(super) fn uses_asyncio(self) -> bool {
        self.0 & ASYNCIO != 0
    }
}

impl Proof {
    /// `None` if `logging` isn't what it came with.
    pub(super) fn of(
        stock: &Stock,
        logger: &Bound<'_, PyAny>,
        level: Level,
    ) -> PyResult<Option<Proof>> {
        let py = logger.py();
        let Some(environment) = Environment::of(stock, py)? else {
            return Ok(None);
        };
        let levelno = level.levelno();
        Ok(Some(Proof {
            level_name: environment.level_name(levelno, py)?.map(Bound::unbind),
            levelno,
            environment,
            logger_class: logger.get_type().unbind(),
            active_threads: thread::active_threads(py)?.unbind(),
            stamp: Stamp::never(),
            proven: AtomicU8::new(0),
        }))
    }

    /// `None` if the record has to be made by Python.
    pub(super) fn now(&self, stock: &Stock, logger: &Bound<'_, PyAny>) -> PyResult<Option<Proven>> {
        let class = logger.get_type();
        let is_same_class = class.is(&self.logger_class);
        if is_same_class && self.stamp.is_current() {
            return Ok(Some(Proven(self.proven.load(Ordering::Relaxed))));
        }
        let py = logger.py();
        let moment = match is_same_class && watch::is_possible(py) {
            true => self.begin_watching(stock, py)?,
            false => None,
        };
        if !(stock.holds(&class)? && self.environment.holds(stock, py)?) {
            return Ok(None);
        }
        if let Some(moment) = moment {
            self.stamp(moment, stock, py)?;
        }
        Ok(Some(Proven::HERE_AND_NOW))
    }

    /// Begins to watch all that is looked up otherwise.
    fn begin_watching(&self, stock: &Stock, py: Python<'_>) -> PyResult<Option<Moment>> {
        let modules = SYS_GLOBALS.get(intern!(py, "modules"))?;
        let dicts = [
            SYS_GLOBALS.dict(py)?,
            modules.cast::<PyDict>()?,
            TIME_GLOBALS.dict(py)?,
            self.environment.level_names.bind(py),
        ];
        let classes = [stock.record.bind(py), self.logger_class.bind(py)];
        Ok(watch::begin(
            py,
            dicts.into_iter().chain(stock.dicts(py)),
            classes,
        ))
    }

    /// From the next record on nothing is looked up until something changes, unless somebody's own clock
    /// or threads have to be asked.
    fn stamp(&self, moment: Moment, stock: &Stock, py: Python<'_>) -> PyResult<()> {
        let level_name = self.environment.level_name(self.levelno, py)?;
        let is_same_name = match (&level_name, &self.level_name) {
            (Some(now), Some(before)) => now.is(before),
            _ => false,
        };
        let get_ident = thread::get_ident(py)?;
        let is_stock = is_same_name
            && Clock::function(py)?.is(&stock.clock)
            && thread::stock_get_ident(py)?.is_some_and(|stock| get_ident.is(stock))
            && thread::active_threads(py)?.is(&self.active_threads);
        if !is_stock {
            return Ok(());
        }
        let mut proven = SETTLED;
        if logger_class::prove_plain(self.logger_class.bind(py), moment)? {
            proven |= HANDLES;
        }
        if loaded(intern!(py, "multiprocessing"))?.is_some() {
            proven |= MULTIPROCESSING;
        }
        if loaded(intern!(py, "asyncio"))?.is_some() {
            proven |= ASYNCIO;
        }
        self.proven.store(proven, Ordering::Relaxed);
        self.stamp.set(moment);
        Ok(())
    }
}
