//! From a name to the logger.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString, PyWeakrefMethods, PyWeakrefReference};

use crate::level_cache::invalidation;
use crate::python::library::{LOGGING_GLOBALS, callback};
use crate::python::raised::attempt;
use crate::raw::once::Once;
use crate::raw::thin::{Name, Object, Result, Stored, Thin};

/// The loggers that `logging.getLogger` has returned, by name, as weak references.
fn seen(py: Python<'_>) -> &Bound<'_, PyDict> {
    static SEEN: Once<Stored<PyDict>> = Once::new();
    SEEN.get_or_make(|| PyDict::new(py).into()).bind(py)
}

/// The logger that [`get_logger`] returned last for a name, if it is alive. It is still the logger of
/// that name if a level cache still holds an answer of it.
pub(crate) fn last_seen<'py>(name: &Bound<'py, PyString>) -> Result<Option<Object<'py>>> {
    match seen(name.py()).entry(name)? {
        Some(weakref) => Ok(weakref
            .cast::<PyWeakrefReference>()?
            .upgrade()
            .map(Object::from)),
        None => Ok(None),
    }
}

/// How often a name has got another logger than before.
static CHANGES: AtomicUsize = AtomicUsize::new(0);

/// The logger of a callsite, by which it is found without its name, as long as no name gets another logger.
pub(crate) struct LastSeen(Once<(Stored<PyWeakrefReference>, usize)>);

impl LastSeen {
    pub(crate) const fn new() -> LastSeen {
        LastSeen(Once::new())
    }

    /// The same as [`last_seen`] for the name of the callsite.
    #[inline]
    pub(crate) fn get<'py>(
        &self,
        py: Python<'py>,
        name: impl FnOnce() -> Bound<'py, PyString>,
    ) -> Result<Option<Object<'py>>> {
        if let Some((logger, changes)) = self.0.get() {
            if *changes == CHANGES.load(Ordering::Acquire) {
                if let Some(logger) = logger.bind(py).upgrade() {
                    return Ok(Some(logger.into()));
                }
            }
        }
        self.find(&name())
    }

    #[cold]
    fn find<'py>(&self, name: &Bound<'py, PyString>) -> Result<Option<Object<'py>>> {
        let changes = CHANGES.load(Ordering::Acquire);
        let Some(weakref) = seen(name.py()).entry(name)? else {
            return Ok(None);
        };
        let weakref = weakref.cast_into::<PyWeakrefReference>()?;
        let logger = weakref.upgrade();
        self.0.get_or_make(|| (weakref.into(), changes));
        Ok(logger.map(Object::from))
    }
}

/// A name belongs to another logger than before.
pub(super) fn count_change() {
    CHANGES.fetch_add(1, Ordering::AcqRel);
}

/// Whether [`get_logger`] returned this logger last, and remembers it. Nothing that it answers may be cached otherwise.
pub(crate) fn is_last_seen(name: &Bound<'_, PyString>, logger: &Bound<'_, PyAny>) -> Result<bool> {
    Ok(last_seen(name)?.is_some_and(|last| last.is(logger)))
}

/// `logging.getLogger(name)`. If it returns another logger than last time, every level cache is
/// cleared.
pub(crate) fn get_logger<'py>(name: &Bound<'py, PyString>) -> Result<Object<'py>> {
    let py = name.py();
    let get_logger = LOGGING_GLOBALS.get(Name::getLogger, py)?;
    if let Some(last) = last_seen(name)? {
        // The stock function would return the same. Its Python code holds the lock of `logging`, and if a signal
        // handler raises there, the lock stays locked.
        if LOGGING_GLOBALS.define(&get_logger)? && is_registered(&last, name)? {
            return Ok(last);
        }
    }
    let logger = get_logger.run_with(name)?;
    if attempt(py, is_last_seen(name, &logger)) != Some(true) {
        attempt(py, remember(name, &logger));
    }
    Ok(logger)
}

/// Remembers another logger than last time, if there are weak references to it.
fn remember(name: &Bound<'_, PyString>, logger: &Bound<'_, PyAny>) -> Result<()> {
    let py = name.py();
    let seen = seen(py);
    if seen.entry(name)?.is_some() {
        seen.remove_entry(name)?;
        count_change();
        invalidation::invalidate();
    }
    seen.set_item(name, PyWeakrefReference::new_with(logger, on_death(py)?)?)?;
    Ok(())
}

/// Whether `loggerDict` has a logger under its name.
fn is_registered(logger: &Bound<'_, PyAny>, name: &Bound<'_, PyString>) -> Result<bool> {
    let py = name.py();
    let manager = LOGGING_GLOBALS.get(Name::Logger, py)?.get(Name::manager)?;
    let loggers = manager.get(Name::loggerDict)?;
    let registered = loggers.cast::<PyDict>()?.entry(name)?;
    Ok(registered.is_some_and(|registered| registered.is(logger)))
}

/// Loggers die when something empties `Manager.loggerDict`, as test suites do. The name then belongs
/// to another logger, with another level.
fn on_death(py: Python<'_>) -> Result<&Bound<'_, PyCFunction>> {
    static CALLBACK: Once<Stored<PyCFunction>> = Once::new();
    CALLBACK
        .get_or_try(|| {
            let invalidate = |_: Python<'_>| {
                invalidation::invalidate();
                Ok(())
            };
            callback(py, invalidate).map(Stored::from)
        })
        .map(|callback| callback.bind(py))
}
