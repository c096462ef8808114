//! How a change of Python's configuration reaches every callsite.
//!
//! Python caches the answers of `Logger.isEnabledFor` too, in a dict on each logger, and has one
//! way to make them void: `Manager._clear_cache`, which calls `clear()` on the `_cache` of every
//! logger, the root's last. `setLevel`, `logging.disable`, `basicConfig`, `dictConfig`,
//! `fileConfig` and pytest's `caplog` all end there. So pylog gives the root logger a `_cache` of
//! its own, a dict whose `clear` also makes every callsite forget. That is one object on one
//! logger: no function is patched, and every Python version, the limited API and several
//! extensions in one process are served alike.
//!
//! Several extensions each put their own dict there, and each forwards to the one it found, which
//! it keeps as the attribute [`PREVIOUS`]. That name is the whole protocol between pylogs of
//! different versions, so it stays. When the dict dies, because somebody replaced it, every
//! callsite forgets as well.

use pyo3::exceptions::PyAttributeError;
use pyo3::prelude::*;
use pyo3::types::PyWeakrefMethods;
use pyo3::types::{PyDict, PyType, PyWeakrefReference};

use crate::gates;
use crate::once::{Once, intern};
use crate::python::callback;

const PREVIOUS: &str = "_pylog_previous";

/// Makes every callsite ask Python again.
pub(crate) fn invalidate() {
    gates::forget_all();
    #[cfg(feature = "log")]
    crate::bridge::reopen();
}

/// Sees to it that changes of the loggers below `root` arrive here.
///
/// # Errors
/// What Python raises if `root` isn't a logger of the standard library's kind. Nothing may be
/// cached then.
pub(crate) fn watch(root: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = root.py();
    let cache = root.getattr(intern!(py, "_cache"))?;
    if is_ours(&cache)? {
        return Ok(());
    }
    root.setattr(intern!(py, "_cache"), new_cache(&cache)?)?;
    // Whatever happened since our dict was last in place, nobody was told.
    invalidate();
    Ok(())
}

/// Whether `cache` is our dict or forwards to it.
fn is_ours(cache: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = cache.py();
    let class = cache_class(py)?;
    let mut cache = cache.clone();
    loop {
        if cache.get_type().is(class) {
            return Ok(true);
        }
        cache = match cache.getattr(intern!(py, PREVIOUS)) {
            Ok(previous) => previous,
            Err(error) if error.is_instance_of::<PyAttributeError>(py) => return Ok(false),
            Err(error) => return Err(error),
        };
    }
}

/// A subclass of `dict` by which this extension knows its own from another's.
fn cache_class(py: Python<'_>) -> PyResult<&Bound<'_, PyType>> {
    static CLASS: Once<Py<PyType>> = Once::new();
    CLASS
        .get_or_try(|| {
            let namespace = PyDict::new(py);
            namespace.set_item("__module__", "pylog")?;
            let class = py.get_type::<PyType>();
            let class = class.call1(("RootLoggerCache", (py.get_type::<PyDict>(),), namespace))?;
            Ok(class.cast_into::<PyType>()?.unbind())
        })
        .map(|class| class.bind(py))
}

fn new_cache<'py>(previous: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyAny>> {
    /// Lives as long as the dict does.
    struct Watch;
    impl Drop for Watch {
        fn drop(&mut self) {
            invalidate();
        }
    }

    let py = previous.py();
    let cache = cache_class(py)?.call0()?;
    cache.setattr(PREVIOUS, previous)?;
    // The closure owns nothing else: a strong reference to the dict would be a cycle that no
    // collector sees, and one to the previous dict would outlive this one, since PyO3 puts off
    // what is dropped while Python code runs.
    let this = PyWeakrefReference::new(&cache)?.unbind();
    let watch = Watch;
    // A builtin rather than a Python function: no signal handler can interrupt it half-way.
    let clear = callback(py, move |py| {
        let _ = &watch;
        let cache = this.bind(py).upgrade();
        let cleared = cache.map_or(Ok(()), |cache| clear_all(&cache));
        // Last: who asks now must not be answered from a dict that was yet to be cleared.
        invalidate();
        cleared
    })?;
    cache.setattr("clear", clear)?;
    Ok(cache)
}

/// Clears our dict, and the one that it replaced with whatever else its `clear` does.
fn clear_all(cache: &Bound<'_, PyAny>) -> PyResult<()> {
    let py = cache.py();
    cache.cast::<PyDict>()?.clear();
    let previous = cache.getattr(intern!(py, PREVIOUS))?;
    previous.call_method0(intern!(py, "clear")).map(drop)
}
