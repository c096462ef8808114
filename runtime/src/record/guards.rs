//! Guards: the conditions under which a callsite's records are made on the fast path.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyType;

use super::settings::LoggingSettings;
use super::state::{self, Facts};
use super::stock::Stock;
use crate::level::Level;
use crate::logger::class;
use crate::python::exception::Result;
use crate::python::watch::{self, CheckedIn, Epoch};

/// The guards of one callsite, and what their last check established.
pub(super) struct Guards {
    pub(super) stock: Arc<Stock>,
    pub(super) settings: Arc<LoggingSettings>,
    pub(super) levelno: i32,
    /// The name of the level, if it has one.
    pub(super) level_name: Option<Py<PyAny>>,
    logger_class: Py<PyType>,
    epoch: CheckedIn,
    facts: AtomicU8,
}

impl Guards {
    /// The guards for a record that is about to be made. `None` if `logging` isn't stock.
    pub(super) fn new(logger: &Bound<'_, PyAny>, level: Level) -> Result<Option<Guards>> {
        let py = logger.py();
        let Some(stock) = Stock::get(py)? else {
            return Ok(None);
        };
        let Some(state) = state::check(&stock, py)? else {
            return Ok(None);
        };
        let levelno = level.levelno();
        let level_name = state.settings.level_name(levelno, py)?;
        Ok(Some(Guards {
            stock,
            settings: state.settings,
            levelno,
            level_name: level_name.map(Bound::unbind),
            logger_class: logger.get_type().unbind(),
            epoch: CheckedIn::never(),
            facts: AtomicU8::new(0),
        }))
    }

    /// Whether the guards hold now, and what is known besides. `None` if Python has to make the record.
    pub(super) fn check(&self, logger: &Bound<'_, PyAny>) -> Result<Option<Facts>> {
        let class = logger.get_type();
        let is_same_class = class.is(&self.logger_class);
        if is_same_class && self.epoch.is_current() {
            return Ok(Some(Facts::from_bits(self.facts.load(Ordering::Relaxed))));
        }
        let py = logger.py();
        let Some(state) = state::check(&self.stock, py)? else {
            return Ok(None);
        };
        // The class is watched before it is read.
        let watched = match state.watched {
            Some((epoch, facts)) if is_same_class => watch::watch(py, [], [&class])
                .filter(|now| *now == epoch)
                .map(|epoch| (epoch, facts)),
            _ => None,
        };
        if !Arc::ptr_eq(&state.settings, &self.settings) || !self.stock.makes_records_of(&class)? {
            return Ok(None);
        }
        if let Some((epoch, facts)) = watched {
            self.remember(epoch, facts, &class)?;
        }
        // The facts hold from the next record on.
        Ok(Some(Facts::NONE))
    }

    /// From the next record on, one comparison is enough while the epoch lasts.
    fn remember(&self, epoch: Epoch, facts: Facts, class: &Bound<'_, PyType>) -> Result<()> {
        let level_name = self.settings.level_name(self.levelno, class.py())?;
        let is_same_name = match (&level_name, &self.level_name) {
            (Some(now), Some(then)) => now.is(then),
            _ => false,
        };
        if !is_same_name {
            return Ok(());
        }
        let facts = match class::check_plain(class, epoch)? {
            true => facts.with_stock_logger(),
            false => facts,
        };
        self.facts.store(facts.bits(), Ordering::Relaxed);
        self.epoch.set(epoch);
        Ok(())
    }
}
