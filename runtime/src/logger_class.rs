//! What the class of a logger has to say in what becomes of a record: nothing, if it is plain.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::once::{Once, intern};
use crate::python::{LOGGING_GLOBALS, OBJECT};
use crate::watch::{Moment, Stamp};

/// The methods through which a record goes, where `logging` has them, and the names that they use in one
/// version or the other. What else one did would need another name.
const METHODS: [(&str, &str, &[&str]); 3] = [
    (
        "handle",
        "Logger.handle",
        &[
            "disabled",
            "filter",
            "isinstance",
            "LogRecord",
            "callHandlers",
        ],
    ),
    (
        "filter",
        "Filterer.filter",
        &["filters", "hasattr", "filter", "isinstance", "LogRecord"],
    ),
    (
        "callHandlers",
        "Logger.callHandlers",
        &[
            "handlers",
            "levelno",
            "level",
            "handle",
            "propagate",
            "parent",
            "lastResort",
            "raiseExceptions",
            "manager",
            "emittedNoHandlerWarning",
            "sys",
            "stderr",
            "write",
            "name",
        ],
    ),
];

/// What a plain class leaves to its instances: what each has, and what an object without is true.
const NOT_IN_CLASS: [&str; 10] = [
    "name",
    "level",
    "parent",
    "propagate",
    "handlers",
    "filters",
    "disabled",
    "_cache",
    "__bool__",
    "__len__",
];

/// The last class that was proven to be plain, which is watched and so kept alive, and when.
static PLAIN: (AtomicUsize, Stamp) = (AtomicUsize::new(0), Stamp::never());

/// Whether it is known that reading an attribute of a logger of that class is reading its dict, and that its
/// records are handled as `logging.Logger` does, unless it has a method of its own.
pub(crate) fn is_plain(class: &Bound<'_, PyType>) -> bool {
    PLAIN.1.is_current() && PLAIN.0.load(Ordering::Relaxed) == class.as_ptr() as usize
}

/// The same for a class that has been watched since `moment`.
///
/// # Errors
/// What Python raises.
pub(crate) fn prove_plain(class: &Bound<'_, PyType>, moment: Moment) -> PyResult<bool> {
    let py = class.py();
    let Some(stock) = stock_methods(py)? else {
        return Ok(false);
    };
    for ((name, ..), stock) in METHODS.iter().zip(stock) {
        if !class.getattr(*name)?.is(stock) {
            return Ok(false);
        }
    }
    for name in NOT_IN_CLASS {
        if class.hasattr(name)? {
            return Ok(false);
        }
    }
    let get_attribute = intern!(py, "__getattribute__");
    let of_object = OBJECT.get(py)?.getattr(get_attribute)?;
    let is_plain = class.getattr(get_attribute)?.is(&of_object);
    if is_plain {
        PLAIN.0.store(class.as_ptr() as usize, Ordering::Relaxed);
        PLAIN.1.set(moment);
    }
    Ok(is_plain)
}

/// The [`METHODS`] that `logging` came with, if they are known.
fn stock_methods(py: Python<'_>) -> PyResult<Option<&Vec<Py<PyAny>>>> {
    static STOCK: Once<Option<Vec<Py<PyAny>>>> = Once::new();
    let stock = STOCK.get_or_try(|| {
        let class = LOGGING_GLOBALS.get(intern!(py, "Logger"))?;
        let mut methods = Vec::new();
        for (name, qualified_name, uses) in METHODS {
            let method = class.getattr(name)?;
            if !LOGGING_GLOBALS.define(&method)?
                || method.getattr("__qualname__")?.ne(qualified_name)?
            {
                return Ok(None);
            }
            let names = method.getattr("__code__")?.getattr("co_names")?;
            for name in names.cast::<PyTuple>()?.iter() {
                if !uses.contains(&&*name.cast::<PyString>()?.to_cow()?) {
                    return Ok(None);
                }
            }
            methods.push(method.unbind());
        }
        PyResult::Ok(Some(methods))
    });
    Ok(stock?.as_ref())
}
