//! The modules, functions and classes of Python's library that pylog uses, imported once.

use std::ffi::CString;

use pyo3::exceptions::{PyAttributeError, PyException, PyRuntimeWarning};
use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString, PyTuple};

use super::once::{Once, intern};

/// A module, or a name in a module, imported on first use.
pub(crate) struct Import {
    module: &'static str,
    name: Option<&'static str>,
    object: Once<Py<PyAny>>,
}

impl Import {
    const fn module(module: &'static str) -> Import {
        Import {
            module,
            name: None,
            object: Once::new(),
        }
    }

    const fn name(module: &'static str, name: &'static str) -> Import {
        Import {
            module,
            name: Some(name),
            object: Once::new(),
        }
    }

    /// # Errors
    /// The exception that the import raises. The next use imports again.
    pub(crate) fn get<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyAny>> {
        let object = self.object.get_or_try(|| {
            let module = py.import(self.module)?.into_any();
            let object = match self.name {
                Some(name) => module.getattr(name)?,
                None => module,
            };
            PyResult::Ok(object.unbind())
        })?;
        Ok(object.bind(py))
    }
}

/// The global names of a module. Looking them up in its dict costs a fraction of `getattr` on the
/// module.
pub(crate) struct Globals {
    module: &'static str,
    dict: Once<Py<PyDict>>,
}

impl Globals {
    const fn of(module: &'static str) -> Globals {
        Globals {
            module,
            dict: Once::new(),
        }
    }

    /// # Errors
    /// The exception that the import raises, or an `AttributeError` if the name isn't there.
    pub(crate) fn get<'py>(&self, name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
        self.dict(name.py())?.get_item(name)?.ok_or_else(|| {
            PyAttributeError::new_err(format!("module {:?} has no attribute {name}", self.module))
        })
    }

    /// Whether a function, or a method of an object, is one that the module defines: not overridden,
    /// not wrapped.
    ///
    /// # Errors
    /// The exception that Python raises.
    pub(crate) fn define(&self, function: &Bound<'_, PyAny>) -> PyResult<bool> {
        let py = function.py();
        // A wrapper can imitate the function in everything but its type.
        let mut function = function.clone();
        if function.get_type().is(METHOD_TYPE.get(py)?) {
            function = function.getattr(intern!(py, "__func__"))?;
        }
        if !function.get_type().is(FUNCTION_TYPE.get(py)?) {
            return Ok(false);
        }
        let globals = function.getattr(intern!(py, "__globals__"))?;
        Ok(globals.is(self.dict(py)?))
    }

    /// The dict of all names.
    ///
    /// # Errors
    /// The exception that the import raises.
    pub(crate) fn dict<'py>(&self, py: Python<'py>) -> PyResult<&Bound<'py, PyDict>> {
        let import = || PyResult::Ok(py.import(self.module)?.dict().unbind());
        Ok(self.dict.get_or_try(import)?.bind(py))
    }
}

pub(crate) static LOGGING_GLOBALS: Globals = Globals::of("logging");
pub(crate) static OS_GLOBALS: Globals = Globals::of("os");
pub(crate) static THREADING_GLOBALS: Globals = Globals::of("threading");
pub(crate) static TIME_GLOBALS: Globals = Globals::of("time");
pub(crate) static SYS_GLOBALS: Globals = Globals::of("sys");

pub(crate) static LOGGING: Import = Import::module("logging");
pub(crate) static LOGGER_ADAPTER: Import = Import::name("logging", "LoggerAdapter");
pub(crate) static SYS: Import = Import::module("sys");
pub(crate) static STACK_SUMMARY: Import = Import::name("traceback", "StackSummary");
pub(crate) static SIMPLE_NAMESPACE: Import = Import::name("types", "SimpleNamespace");
pub(crate) static OBJECT: Import = Import::name("builtins", "object");
pub(crate) static PROPERTY: Import = Import::name("builtins", "property");
pub(crate) static CONTEXT: Import = Import::name("contextvars", "Context");
pub(crate) static COPY_CONTEXT: Import = Import::name("contextvars", "copy_context");
pub(crate) static REGISTER_AT_EXIT: Import = Import::name("atexit", "register");
pub(crate) static REGISTER_AT_FORK: Import = Import::name("os", "register_at_fork");
pub(crate) static IS_COLLECTION_ENABLED: Import = Import::name("gc", "isenabled");
pub(crate) static DISABLE_COLLECTION: Import = Import::name("gc", "disable");
pub(crate) static ENABLE_COLLECTION: Import = Import::name("gc", "enable");
pub(crate) static GET_IDENT: Import = Import::name("_thread", "get_ident");
static METHOD_TYPE: Import = Import::name("types", "MethodType");
static FUNCTION_TYPE: Import = Import::name("types", "FunctionType");

/// Imports everything now, at the import of the extension, rather than in the middle of a call: an
/// import hook that logs would otherwise call itself.
pub(crate) fn import_all(py: Python<'_>) -> PyResult<()> {
    for import in [
        &LOGGING,
        &LOGGER_ADAPTER,
        &SYS,
        &STACK_SUMMARY,
        &SIMPLE_NAMESPACE,
        &OBJECT,
        &PROPERTY,
        &CONTEXT,
        &COPY_CONTEXT,
        &REGISTER_AT_EXIT,
        &REGISTER_AT_FORK,
        &IS_COLLECTION_ENABLED,
        &DISABLE_COLLECTION,
        &ENABLE_COLLECTION,
        &GET_IDENT,
        &METHOD_TYPE,
        &FUNCTION_TYPE,
    ] {
        match import.get(py) {
            Err(error) if !error.is_instance_of::<PyException>(py) => return Err(error),
            // A name that a platform doesn't have is an error where it is used.
            _ => {}
        }
    }
    for globals in [
        &LOGGING_GLOBALS,
        &OS_GLOBALS,
        &THREADING_GLOBALS,
        &TIME_GLOBALS,
        &SYS_GLOBALS,
    ] {
        globals.dict(py)?;
    }
    Ok(())
}

/// Whether a function is a certain one of a module written in C.
///
/// # Errors
/// The exception that Python raises.
pub(crate) fn is_builtin(function: &Bound<'_, PyAny>, module: &str, name: &str) -> PyResult<bool> {
    let py = function.py();
    Ok(function.is_exact_instance_of::<PyCFunction>()
        && function.getattr(intern!(py, "__module__"))?.eq(module)?
        && function.getattr(intern!(py, "__name__"))?.eq(name)?)
}

/// A module, if the program has imported it: `sys.modules.get(name)`.
pub(crate) fn loaded<'py>(name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let modules = SYS_GLOBALS.get(intern!(name.py(), "modules"))?;
    let module = modules.cast::<PyDict>()?.get_item(name)?;
    Ok(module.filter(|module| !module.is_none()))
}

/// A Python callable that ignores its arguments and runs `act`.
pub(crate) fn callback(
    py: Python<'_>,
    act: impl Fn(Python<'_>) -> PyResult<()> + Send + Sync + 'static,
) -> PyResult<Bound<'_, PyCFunction>> {
    let act = move |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| act(args.py());
    PyCFunction::new_closure(py, None, None, act)
}

/// Issues a `RuntimeWarning`.
///
/// # Errors
/// The warning, if the program turns warnings into exceptions.
pub(crate) fn warn(py: Python<'_>, message: &str) -> PyResult<()> {
    let category = py.get_type::<PyRuntimeWarning>();
    PyErr::warn(py, &category, &CString::new(message)?, 1)
}
