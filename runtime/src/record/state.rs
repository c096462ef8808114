//! The state of `logging` at this moment: a fact of the process, established once in each epoch.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use pyo3::prelude::*;

use super::settings::{self, LoggingSettings};
use super::stock::Stock;
use super::times::Clock;
use crate::index::AtomicIndex;
use crate::python::exception::Result;
use crate::python::library::{SYS_GLOBALS, TIME_GLOBALS, loaded};
use crate::python::once::intern;
use crate::python::watch::{self, CheckedIn, Epoch};

/// Facts that spare the fast path a look-up.
#[derive(Clone, Copy)]
pub(super) struct Facts(u8);

/// Everything else that the fast path looks up is watched. The clock, `threading.get_ident` and
/// `threading._active` are the stock ones, and the level has the name that it has in the prototype.
const WATCHED: u8 = 1;
/// The logger handles records as the stock one does, unless it has a method of its own.
const STOCK_LOGGER: u8 = 2;
/// The program may have imported these modules.
const MULTIPROCESSING: u8 = 4;
const ASYNCIO: u8 = 8;

impl Facts {
    /// Nothing is watched: everything has to be looked up.
    pub(super) const NONE: Facts = Facts(MULTIPROCESSING | ASYNCIO);

    pub(super) const fn from_bits(bits: u8) -> Facts {
        Facts(bits)
    }

    pub(super) fn bits(self) -> u8 {
        self.0
    }

    pub(super) fn with_stock_logger(self) -> Facts {
        Facts(self.0 | STOCK_LOGGER)
    }

    pub(super) fn all_is_watched(self) -> bool {
        self.0 & WATCHED != 0
    }

    pub(super) fn has_stock_logger(self) -> bool {
        self.0 & STOCK_LOGGER != 0
    }

    pub(super) fn uses_multiprocessing(self) -> bool {
        self.0 & MULTIPROCESSING != 0
    }

    pub(super) fn uses_asyncio(self) -> bool {
        self.0 & ASYNCIO != 0
    }
}

/// The stock functions are in place, and these settings hold.
pub(super) struct LoggingState {
    pub(super) settings: Arc<LoggingSettings>,
    /// The facts that hold for the whole epoch. `None` if not everything is watched and stock.
    pub(super) watched: Option<(Epoch, Facts)>,
}

/// The last check, if everything was watched and stock then.
struct LastCheck {
    epoch: CheckedIn,
    facts: AtomicU8,
    settings: AtomicIndex,
}

static LAST: LastCheck = LastCheck {
    epoch: CheckedIn::never(),
    facts: AtomicU8::new(0),
    settings: AtomicIndex::none(),
};

/// Checks the state of `logging`, unless it was checked in this epoch. `None` if Python has to make
/// the records.
pub(super) fn check(stock: &Stock, py: Python<'_>) -> Result<Option<LoggingState>> {
    if LAST.epoch.is_current() {
        if let Some(settings) = LAST.settings.get().and_then(LoggingSettings::met) {
            let facts = Facts(LAST.facts.load(Ordering::Relaxed));
            let watched = Some((Epoch::current(), facts));
            return Ok(Some(LoggingState { settings, watched }));
        }
    }
    // Watched before it is read.
    let epoch = watch_all(stock, py)?;
    if !stock.is_in_place(py)? {
        return Ok(None);
    }
    let Some((index, settings)) = LoggingSettings::current(stock.logging.bind(py))? else {
        return Ok(None);
    };
    let watched = match epoch {
        Some(epoch) if has_stock_sources(stock, py)? => Some((epoch, imports(py)?)),
        _ => None,
    };
    if let Some((epoch, facts)) = watched {
        LAST.facts.store(facts.0, Ordering::Relaxed);
        LAST.settings.set(index);
        LAST.epoch.set(epoch);
    }
    Ok(Some(LoggingState { settings, watched }))
}

/// Watches everything that the fast path would look up, but for the logger's class.
fn watch_all(stock: &Stock, py: Python<'_>) -> Result<Option<Epoch>> {
    if !watch::is_available(py) {
        return Ok(None);
    }
    let modules = SYS_GLOBALS.get(intern!(py, "modules"))?;
    let Some(level_names) = settings::level_names(stock.logging.bind(py))? else {
        return Ok(None);
    };
    let dicts = [
        SYS_GLOBALS.dict(py)?,
        modules.cast_into()?,
        TIME_GLOBALS.dict(py)?,
        level_names,
    ];
    let dicts = dicts.iter().chain(stock.dicts(py));
    Ok(watch::watch(py, dicts, [stock.record_class(py)]))
}

/// Whether the clock and the thread of a record come from stock functions. If not, they are asked
/// for each record.
fn has_stock_sources(stock: &Stock, py: Python<'_>) -> Result<bool> {
    let get_ident = stock.threads.get_ident(py)?;
    Ok(Clock::function(py)?.is(&stock.clock)
        && stock.threads.has_get_ident(&get_ident)
        && stock.threads.active(py)?.is(&stock.active_threads))
}

fn imports(py: Python<'_>) -> Result<Facts> {
    let mut facts = WATCHED;
    if loaded(intern!(py, "multiprocessing"))?.is_some() {
        facts |= MULTIPROCESSING;
    }
    if loaded(intern!(py, "asyncio"))?.is_some() {
        facts |= ASYNCIO;
    }
    Ok(Facts(facts))
}
