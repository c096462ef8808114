//! Invalidation: how a change of Python's configuration reaches every callsite.
//!
//! Python caches the answers of `Logger.isEnabledFor` too, in a dict on each logger, and has one
//! way to invalidate them: `Manager._clear_cache`, which calls `clear()` on the `_cache` of every
//! logger, the root's last. `setLevel`, `logging.disable`, `basicConfig`, `dictConfig`,
//! `fileConfig` and pytest's `caplog` all end there. So pylog gives the root logger a `_cache` of
//! its own, a dict whose `clear` also clears the level cache of every callsite. That is one object
//! on one logger: no function is patched, and every Python version, the limited API and several
//! extensions in one process are served alike.
//!
//! Several extensions each install their own dict, and each dict forwards to the one that was there
//! before, which it keeps as the attribute `_pylog_previous`. That name is the whole protocol between
//! different versions of pylog, so it stays. When a dict is freed, because something replaced it,
//! every level cache is cleared as well.

use std::ffi::CStr;

use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::cache::{LevelCache, Ticket};
use super::registry::Registry;
use crate::index::AtomicIndex;
use crate::python::library::callback;
use crate::raw::interpreter::is_pypy;
use crate::raw::list::List;
use crate::raw::once::Once;
use crate::raw::reporting_dict::{ReportingDict, class};
use crate::raw::thin::{self, Name, Object, Result, Stored, Thin};
use crate::raw::version::version;

/// A listener depends on Python's answers, as the callsites' own level caches do.
pub(crate) struct Listener {
    /// Python's configuration has changed.
    pub(crate) on_invalidation: fn(),
    /// Python has just refused a level.
    pub(crate) on_refusal: fn(Python<'_>) -> Result<()>,
}

/// The level caches of this extension.
static REGISTRY: Registry = Registry::new();

static LISTENERS: List<Listener> = List::new();

/// Adds a listener.
pub(crate) fn add_listener(listener: Listener) {
    LISTENERS.push(listener);
}

/// Clears every level cache, so that the next call of each callsite asks Python.
pub(crate) fn invalidate() {
    REGISTRY.clear_all();
    for (_, listener) in LISTENERS.iter() {
        (listener.on_invalidation)();
    }
}

/// Tells the listeners that Python has just refused a level.
pub(crate) fn report_refusal(py: Python<'_>) -> Result<()> {
    let mut listeners = LISTENERS.iter();
    listeners.try_for_each(|(_, listener)| (listener.on_refusal)(py))
}

/// A ticket of a level cache, which the next invalidation reaches. `place` belongs to this cache.
pub(crate) fn ticket(cache: &'static LevelCache, place: &AtomicIndex) -> Ticket<'static> {
    cache.ticket(|| REGISTRY.register(cache, place))
}

/// Makes changes of the loggers below `root` invalidate the level caches.
pub(crate) fn install_hook(root: &Bound<'_, PyAny>) -> Result<()> {
    let py = root.py();
    let cache = root.get(Name::_cache)?;
    if is_ours(&cache)? {
        return Ok(());
    }
    let ours = cache_class(py)?.run()?;
    ours.set(Name::_pylog_previous, &cache)?;
    root.set(Name::_cache, &ours)?;
    // Changes since our dict was last in place were not reported.
    invalidate();
    Ok(())
}

/// How many dicts forward to another at most. A program's object may have an attribute of any name.
const MOST_PREVIOUS: usize = 64;

/// Whether `cache` is our dict, or forwards to it.
fn is_ours(cache: &Bound<'_, PyAny>) -> Result<bool> {
    let py = cache.py();
    let class = cache_class(py)?;
    let mut cache = Object::from(cache);
    for _ in 0..MOST_PREVIOUS {
        if cache.is_exactly(class) {
            return Ok(true);
        }
        let Some(previous) = cache.find(Name::_pylog_previous.get(py))? else {
            return Ok(false);
        };
        cache = previous;
    }
    Ok(false)
}

/// The class of our dict, by which this extension recognizes its own.
struct RootLoggerCache;

impl ReportingDict for RootLoggerCache {
    const NAME: &'static CStr = c"pylog.RootLoggerCache";
    const ATTRIBUTE: &'static CStr = c"_pylog_previous";

    /// Not a Python function: no signal handler can interrupt it half-way.
    fn clear(cache: &Bound<'_, PyAny>) -> Result<()> {
        let cleared = clear_all(cache);
        // Last, so that no thread gets an answer from a dict that is yet to be cleared.
        invalidate();
        cleared
    }

    fn freed() {
        invalidate();
    }
}

fn cache_class(py: Python<'_>) -> Result<&Bound<'_, PyAny>> {
    static CLASS: Once<Stored> = Once::new();
    // PyPy doesn't say how large a dict is, and below Python 3.10 a dict's functions aren't to be had.
    let make = || match is_pypy() || version(py).0 < 10 {
        true => class_of_python_code(py).map(Object::unbind),
        false => class::<RootLoggerCache>(py).map(Object::unbind),
    };
    Ok(CLASS.get_or_try(make)?.bind(py))
}

fn class_of_python_code(py: Python<'_>) -> Result<Object<'_>> {
    let names = thin::run_program(py, PYTHON_CODE)?;
    let invalidate = callback(py, |_| {
        invalidate();
        Ok(())
    })?;
    names.set_entry(Name::invalidate, &invalidate)?;
    names.part(Name::RootLoggerCache.get(py))
}

const PYTHON_CODE: &CStr = c"
class RootLoggerCache(dict):
    def clear(self):
        try:
            dict.clear(self)
            if hasattr(self, '_pylog_previous'):
                self._pylog_previous.clear()
        finally:
            invalidate()

    def __del__(self):
        invalidate()
";

/// Clears our dict and the one that it replaced, whose `clear` may do more.
fn clear_all(cache: &Bound<'_, PyAny>) -> Result<()> {
    cache.cast::<PyDict>()?.clear();
    // A copy has none.
    match cache.find(Name::_pylog_previous.get(cache.py()))? {
        Some(previous) => previous.call_named(Name::clear).map(drop),
        None => Ok(()),
    }
}
