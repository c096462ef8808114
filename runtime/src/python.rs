//! What pylog takes from Python's library, imported once.

use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;

/// A module, or something in one, imported on first use.
pub(crate) struct Import {
    module: &'static str,
    name: Option<&'static str>,
    object: PyOnceLock<Py<PyAny>>,
}

impl Import {
    const fn module(module: &'static str) -> Import {
        Import {
            module,
            name: None,
            object: PyOnceLock::new(),
        }
    }

    const fn name(module: &'static str, name: &'static str) -> Import {
        Import {
            module,
            name: Some(name),
            object: PyOnceLock::new(),
        }
    }

    /// # Errors
    /// What the import raises. It is tried again on the next use.
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        self.object
            .get_or_try_init(py, || {
                let module = py.import(self.module)?.into_any();
                let object = match self.name {
                    Some(name) => module.getattr(name)?,
                    None => module,
                };
                Ok(object.unbind())
            })
            .map(|object| object.bind(py))
    }
}

pub(crate) static LOGGING: Import = Import::module("logging");
pub(crate) static METHOD_TYPE: Import = Import::name("types", "MethodType");
pub(crate) static GET_IDENT: Import = Import::name("threading", "get_ident");
/// The threads that Python knows, by identifier.
pub(crate) static ACTIVE_THREADS: Import = Import::name("threading", "_active");
pub(crate) static REGISTER_ATEXIT: Import = Import::name("atexit", "register");
/// `PyErr_SetInterrupt`, for callers without `unsafe`.
pub(crate) static INTERRUPT_MAIN: Import = Import::name("_thread", "interrupt_main");
