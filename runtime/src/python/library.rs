//! The modules, functions and classes of Python's library that pylog uses, each looked up once.
//!
//! When the interpreter ends, they are [released][super::kept], and are then looked up at each use.

use std::ffi::CStr;

use pyo3::exceptions::{PyAttributeError, PyException, PyRuntimeWarning};
use pyo3::prelude::*;
use pyo3::types::{
    PyCFunction, PyDict, PyModule, PyString, PyTuple, PyWeakrefMethods, PyWeakrefReference,
};

use super::kept::{self, Kept};
use super::loose::Loose;
use super::raised::attempt;
use crate::raw::interpreter::is_pypy;
use crate::raw::once::Once;
use crate::raw::pypy;
use crate::raw::thin::{Exception, Name, Object, Result, Stored, Thin};

/// A name in a module, looked up on first use.
pub(crate) struct Import {
    module: Name,
    name: Name,
    object: Kept<Stored>,
}

impl Import {
    const fn name(module: Name, name: Name) -> Import {
        Import {
            module,
            name,
            object: Kept::new(),
        }
    }

    pub(crate) fn get<'py>(&'static self, py: Python<'py>) -> Result<Object<'py>> {
        let object = self.object.get_or_try(|| {
            let dict = dict_of(self.module, py)?;
            look_up(&dict, self.module, self.name).map(Object::unbind)
        })?;
        Ok(object.bind(py).into())
    }
}

/// The global names of a module. Looking them up in its dict costs a fraction of `getattr` on the
/// module.
pub(crate) struct Globals {
    module: Name,
    dict: Kept<Stored<PyDict>>,
}

impl Globals {
    const fn of(module: Name) -> Globals {
        Globals {
            module,
            dict: Kept::new(),
        }
    }

    pub(crate) fn get<'py>(&'static self, name: Name, py: Python<'py>) -> Result<Object<'py>> {
        if let Some(dict) = self.dict.get() {
            return look_up(dict.bind(py), self.module, name);
        }
        look_up(&self.dict(py)?, self.module, name)
    }

    /// Whether a function, or a method of an object, is one that the module defines: not overridden,
    /// not wrapped.
    pub(crate) fn define(&'static self, function: &Bound<'_, PyAny>) -> Result<bool> {
        let py = function.py();
        // A wrapper can imitate the function in everything but its type.
        let mut function = Object::from(function.clone());
        if function.is_exactly(METHOD_TYPE.get(py)?) {
            function = function.get(Name::__func__)?;
        }
        if !function.is_exactly(FUNCTION_TYPE.get(py)?) {
            return Ok(false);
        }
        let globals = function.get(Name::__globals__)?;
        Ok(globals.is(&self.dict(py)?))
    }

    /// Whether a method is bound to the object `of`, and the module defines it.
    pub(crate) fn define_method(
        &'static self,
        method: &Bound<'_, PyAny>,
        of: &Bound<'_, PyAny>,
    ) -> Result<bool> {
        let owner = method.find(Name::__self__.get(method.py()))?;
        Ok(owner.is_some_and(|owner| owner.is(of)) && self.define(method)?)
    }

    /// The name of the module.
    pub(crate) const fn name(&self) -> Name {
        self.module
    }

    /// The dict of all names.
    pub(crate) fn dict<'py>(&'static self, py: Python<'py>) -> Result<Bound<'py, PyDict>> {
        let find = || dict_of(self.module, py).map(Stored::from);
        Ok(self.dict.get_or_try(find)?.bind(py).clone())
    }
}

fn look_up<'py>(dict: &Bound<'py, PyDict>, module: Name, name: Name) -> Result<Object<'py>> {
    dict.entry_named(name)?.ok_or_else(|| {
        let module = module.text();
        let message = format!("module '{module}' has no attribute '{}'", name.text());
        Exception::new::<PyAttributeError>(dict.py(), &message)
    })
}

/// The dict of a module.
fn dict_of(module: Name, py: Python<'_>) -> Result<Bound<'_, PyDict>> {
    let kept = || Some(LOGGING_GLOBALS.dict.get()?.bind(py).clone());
    let logging = match logging_after_release(py).or_else(kept) {
        // It is imported anyway, and has imported most of the others.
        None if module != Name::logging && !kept::are_released() => Some(LOGGING_GLOBALS.dict(py)?),
        logging => logging,
    };
    if let Some(logging) = logging {
        if module == Name::logging {
            return Ok(logging);
        }
        // What `logging` has imported is there whatever becomes of `sys.modules`, also while Python clears its modules.
        let imported = logging.entry_named(module)?;
        if let Some(module) = imported.filter(|it| it.is_instance_of::<PyModule>()) {
            return module.get(Name::__dict__)?.cast_into();
        }
        // Without Python's import system, which takes three times as long.
        if !APART.contains(&module) {
            if let Ok(Some(module)) = loaded(module.get(py)) {
                return module.get(Name::__dict__)?.cast_into();
            }
        }
    }
    // What is there needn't be a module.
    py.import(module.get(py))?
        .as_any()
        .get(Name::__dict__)?
        .cast_into()
}

/// The modules that an import of `logging` doesn't load, so that another thread may be importing them at this moment, and
/// the one that knows what is loaded.
const APART: [Name; 3] = [Name::copy, Name::logging_handlers, Name::sys];

/// A function of `logging`, through which the module is found when it isn't kept any more. Python frees a
/// module earlier than its functions.
static FUNCTION_OF_LOGGING: Once<Stored<PyWeakrefReference>> = Once::new();

/// Makes what a record takes available without keeping it.
pub(super) fn prepare_release(py: Python<'_>) -> Result<()> {
    for function in LOGGING_GLOBALS.dict(py)?.values() {
        if function.is_exactly(FUNCTION_TYPE.get(py)?) && LOGGING_GLOBALS.define(&function)? {
            FUNCTION_OF_LOGGING
                .get_or_try(|| PyWeakrefReference::new(&function).map(Stored::from))?;
            break;
        }
    }
    Ok(())
}

/// The dict of `logging` when it isn't kept any more, but still exists.
fn logging_after_release(py: Python<'_>) -> Option<Bound<'_, PyDict>> {
    let function = FUNCTION_OF_LOGGING.get()?.bind(py).upgrade()?;
    let globals = attempt(py, function.get(Name::__globals__))?;
    attempt(py, globals.cast_into())
}

/// Whether Python has freed or cleared the module `logging`, so that no record can be made.
pub(super) fn is_logging_gone(py: Python<'_>) -> bool {
    let is_there = |logging: Bound<'_, PyDict>| {
        let class = attempt(py, logging.entry_named(Name::Logger)).flatten();
        class.is_some_and(|class| !class.is_none())
    };
    kept::are_released() && !logging_after_release(py).is_some_and(is_there)
}

pub(crate) static LOGGING_GLOBALS: Globals = Globals::of(Name::logging);
pub(crate) static HANDLERS_GLOBALS: Globals = Globals::of(Name::logging_handlers);
pub(crate) static COPY_GLOBALS: Globals = Globals::of(Name::copy);
pub(crate) static COPYREG_GLOBALS: Globals = Globals::of(Name::copyreg);
pub(crate) static OS_GLOBALS: Globals = Globals::of(Name::os);
pub(crate) static THREADING_GLOBALS: Globals = Globals::of(Name::threading);
pub(crate) static THREAD_GLOBALS: Globals = Globals::of(Name::_thread);
pub(crate) static TIME_GLOBALS: Globals = Globals::of(Name::time);
/// The module that is `os.path`.
pub(crate) static PATH_GLOBALS: Globals = Globals::of(match cfg!(windows) {
    true => Name::ntpath,
    false => Name::posixpath,
});
pub(crate) static SYS_GLOBALS: Globals = Globals::of(Name::sys);

pub(crate) static LOGGER_ADAPTER: Import = Import::name(Name::logging, Name::LoggerAdapter);
pub(crate) static STACK_SUMMARY: Import = Import::name(Name::traceback, Name::StackSummary);
pub(crate) static SIMPLE_NAMESPACE: Import = Import::name(Name::types, Name::SimpleNamespace);
pub(crate) static REGISTER_AT_EXIT: Import = Import::name(Name::atexit, Name::register);
pub(crate) static IS_COLLECTION_ENABLED: Import = Import::name(Name::gc, Name::isenabled);
pub(crate) static DISABLE_COLLECTION: Import = Import::name(Name::gc, Name::disable);
pub(crate) static ENABLE_COLLECTION: Import = Import::name(Name::gc, Name::enable);
pub(crate) static GET_IDENT: Import = Import::name(Name::_thread, Name::get_ident);
pub(crate) static PARTIAL: Import = Import::name(Name::functools, Name::partial);
static METHOD_TYPE: BuiltinType = BuiltinType::named(Name::MethodType);
pub(super) static FUNCTION_TYPE: BuiltinType = BuiltinType::named(Name::FunctionType);
pub(super) static TRACEBACK_TYPE: BuiltinType = BuiltinType::named(Name::TracebackType);

/// A type of the module `types`. It leads to no object of the program, so it is kept for good.
pub(super) struct BuiltinType {
    name: Name,
    class: Once<Stored>,
}

impl BuiltinType {
    const fn named(name: Name) -> BuiltinType {
        BuiltinType {
            name,
            class: Once::new(),
        }
    }

    pub(super) fn get<'py>(&self, py: Python<'py>) -> Result<&Bound<'py, PyAny>> {
        let find = || -> Result<_> {
            look_up(&dict_of(Name::types, py)?, Name::types, self.name).map(Object::unbind)
        };
        Ok(self.class.get_or_try(find)?.bind(py))
    }
}

/// Finds at the import of the extension what a call needs and what isn't an attribute of `logging`. An import hook that logs
/// would otherwise call itself within a call, and a program can replace a module for a while.
pub(crate) fn find_all(py: Python<'_>) -> Result<()> {
    LOGGING_GLOBALS.dict(py)?;
    for import in [&GET_IDENT, &PARTIAL, &SIMPLE_NAMESPACE] {
        match import.get(py) {
            Err(error) if !error.is_instance_of::<PyException>(py) => return Err(error),
            // A name that a platform doesn't have is an error where it is used.
            _ => {}
        }
    }
    METHOD_TYPE.get(py)?;
    FUNCTION_TYPE.get(py)?;
    TRACEBACK_TYPE.get(py).map(drop)
}

/// A module, if the program has imported it: `sys.modules.get(name)`.
pub(crate) fn loaded<'py>(name: &Bound<'py, PyString>) -> Result<Option<Object<'py>>> {
    let module = SYS_GLOBALS.get(Name::modules, name.py())?.entry(name)?;
    Ok(module.filter(|module| !module.is_none()))
}

/// Whether a function is a certain one of a module written in C.
pub(crate) fn is_builtin(function: &Bound<'_, PyAny>, module: &str, name: &str) -> Result<bool> {
    if is_pypy() {
        return pypy::is_builtin(function, module, name);
    }
    Ok(function.is_exact_instance_of::<PyCFunction>()
        && function.get(Name::__module__)?.equals_text(module)?
        && function.get(Name::__name__)?.equals_text(name)?)
}

/// A Python callable that ignores its arguments and runs `act`.
pub(crate) fn callback(
    py: Python<'_>,
    act: impl Fn(Python<'_>) -> Result<()> + Send + Sync + 'static,
) -> Result<Bound<'_, PyCFunction>> {
    function(py, Box::new(move |py| act(py).map(|()| py.None())))
}

/// A Python callable that ignores its arguments and returns what `call` returns.
pub(crate) fn function(py: Python<'_>, call: Call) -> Result<Bound<'_, PyCFunction>> {
    // Python frees the callable wherever it frees the last reference, which PyO3 doesn't see.
    let call = Loose::new(call);
    let call = move |args: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
        call(args.py()).map_err(Exception::into_inner)
    };
    Ok(PyCFunction::new_closure(py, None, None, call)?)
}

/// Not generic, because PyO3 adds much code for each type of a closure.
type Call = Box<dyn Fn(Python<'_>) -> Result<Py<PyAny>> + Send + Sync>;

/// Issues a `RuntimeWarning`.
pub(crate) fn warn(py: Python<'_>, message: &str) -> Result<()> {
    let category = py.get_type::<PyRuntimeWarning>();
    let message = format!("{message}\0");
    let message = CStr::from_bytes_until_nul(message.as_bytes()).unwrap_or_default();
    Ok(PyErr::warn(py, &category, message, 1)?)
}
