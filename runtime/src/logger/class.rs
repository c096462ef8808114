//! Whether the class of a logger handles records as `logging.Logger` does.

use std::sync::atomic::{AtomicUsize, Ordering};

use pyo3::prelude::*;
use pyo3::types::PyType;

use crate::python::exception::Result;
use crate::python::kept::{Kept, Shared};
use crate::python::known_function::KnownMethod;
use crate::python::library::LOGGING_GLOBALS;
use crate::python::once::intern;
use crate::python::watch::{CheckedIn, Epoch};

/// The methods that a record passes through.
const METHODS: [KnownMethod; 3] = [
    KnownMethod::new(
        "Logger.handle",
        "disabled filter isinstance LogRecord callHandlers",
    ),
    KnownMethod::new(
        "Filterer.filter",
        "filters hasattr filter isinstance LogRecord",
    ),
    KnownMethod::new(
        "Logger.callHandlers",
        "handlers levelno level handle propagate parent lastResort raiseExceptions manager \
         emittedNoHandlerWarning sys stderr write name",
    ),
];

/// Attributes that a plain class doesn't have: a logger has its own, or is true without them.
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

/// The address of the class that was last found to be plain, and the epoch. In this epoch the class is
/// watched, and so kept alive.
static PLAIN: (AtomicUsize, CheckedIn) = (AtomicUsize::new(0), CheckedIn::never());

/// Whether a class is known to be plain: reading an attribute of a logger means reading its dict, and
/// records are handled as by `logging.Logger`, unless the logger has a method of its own.
pub(crate) fn is_plain(class: &Bound<'_, PyType>) -> bool {
    PLAIN.1.is_current() && PLAIN.0.load(Ordering::Relaxed) == class.as_ptr() as usize
}

/// Checks whether a class that is watched is plain, and remembers it for the epoch.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn check_plain(class: &Bound<'_, PyType>, epoch: Epoch) -> Result<bool> {
    let py = class.py();
    let stock = stock_methods(py)?;
    let Some(stock) = &*stock else {
        return Ok(false);
    };
    for (name, stock) in ["handle", "filter", "callHandlers"].iter().zip(stock) {
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
    let of_object = py.get_type::<PyAny>().getattr(get_attribute)?;
    let is_plain = class.getattr(get_attribute)?.is(&of_object);
    if is_plain {
        PLAIN.0.store(class.as_ptr() as usize, Ordering::Relaxed);
        PLAIN.1.set(epoch);
    }
    Ok(is_plain)
}

/// The stock [`METHODS`], if they are those of a known version.
fn stock_methods(py: Python<'_>) -> Result<Shared<Option<Vec<Py<PyAny>>>>> {
    static STOCK: Kept<Option<Vec<Py<PyAny>>>> = Kept::new();
    STOCK.get_or_try(|| {
        let mut methods = Vec::new();
        for method in &METHODS {
            match method.find(&LOGGING_GLOBALS, py)? {
                Some(method) => methods.push(method.unbind()),
                None => return Ok(None),
            }
        }
        Ok(Some(methods))
    })
}
