//! From a target to a Python logger.

use pyo3::exceptions::PyAttributeError;
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::sync::PyOnceLock;
use pyo3::types::{PyCFunction, PyDict, PyString, PyTuple, PyWeakrefMethods, PyWeakrefReference};

use crate::python::{LOGGING, METHOD_TYPE};
use crate::{Level, coherence};

/// Rust paths that have another name in Python, and that name. Of one path the last entry holds.
static RENAMED: boxcar::Vec<(&'static str, String)> = boxcar::Vec::new();

/// From now on, targets at and below `path` belong to the logger `name` and those below it.
pub(crate) fn rename(path: &'static str, name: &str) {
    if name_of(path) != name {
        RENAMED.push((path, name.to_owned()));
        // What callsites know is of other loggers.
        coherence::invalidate();
    }
}

/// `my_crate::parse` is `my_crate.parse`, or `package._native.parse` where the crate's
/// `#[pylog::module]` is `package._native`.
fn name_of(target: &str) -> String {
    let covers = |path: &str| {
        let rest = target.strip_prefix(path);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
    };
    let entries = RENAMED.iter().map(|(_, entry)| entry);
    let closest = entries
        .filter(|(path, _)| covers(path))
        .max_by_key(|(path, _)| path.len());
    match closest {
        Some((path, name)) => format!("{name}{}", target[path.len()..].replace("::", ".")),
        None => target.replace("::", "."),
    }
}

/// The logger that `logging.getLogger` gives for `target`, created if there is none.
///
/// Forgets everything that is cached if it isn't the one that it was last time.
pub(crate) fn current<'py>(py: Python<'py>, target: &str) -> PyResult<Bound<'py, PyAny>> {
    let name = PyString::new(py, &name_of(target));
    let logger = LOGGING
        .get(py)?
        .call_method1(intern!(py, "getLogger"), (&name,))?;

    static SEEN: PyOnceLock<Py<PyDict>> = PyOnceLock::new();
    let seen = SEEN.get_or_init(py, || PyDict::new(py).unbind()).bind(py);
    let before = seen.get_item(&name)?;
    if let Some(before) = &before {
        if before
            .cast::<PyWeakrefReference>()?
            .upgrade()
            .is_some_and(|it| it.is(&logger))
        {
            return Ok(logger);
        }
        coherence::invalidate();
    }
    seen.set_item(name, PyWeakrefReference::new_with(&logger, on_death(py)?)?)?;
    Ok(logger)
}

/// Loggers die when somebody empties `Manager.loggerDict`, as test suites do: the name then
/// belongs to another logger, with another level.
fn on_death(py: Python<'_>) -> PyResult<&Bound<'_, PyCFunction>> {
    static CALLBACK: PyOnceLock<Py<PyCFunction>> = PyOnceLock::new();
    CALLBACK
        .get_or_try_init(py, || {
            let forget = |_: &Bound<'_, PyTuple>, _: Option<&Bound<'_, PyDict>>| {
                coherence::invalidate();
            };
            PyCFunction::new_closure(py, None, None, forget).map(Bound::unbind)
        })
        .map(|callback| callback.bind(py))
}

/// `Logger.isEnabledFor`.
pub(crate) fn is_enabled_for(logger: &Bound<'_, PyAny>, level: Level) -> PyResult<bool> {
    let py = logger.py();
    if level == Level::TRACE {
        name_trace(py)?;
    }
    logger
        .call_method1(intern!(py, "isEnabledFor"), (level.levelno(),))?
        .is_truthy()
}

/// `Logger.disabled`, which `dictConfig` and pytest set without a word to anybody.
pub(crate) fn is_disabled(logger: &Bound<'_, PyAny>) -> PyResult<bool> {
    logger
        .getattr(intern!(logger.py(), "disabled"))?
        .is_truthy()
}

/// Whether the answer of `isEnabledFor` holds until coherence says otherwise.
pub(crate) fn is_cacheable(logger: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = logger.py();
    if is_disabled(logger)? || !has_stock_is_enabled_for(logger)? {
        return Ok(false);
    }
    let root = logger
        .getattr(intern!(py, "manager"))?
        .getattr(intern!(py, "root"))?;
    coherence::watch(&root).map(|()| true)
}

/// Whether `isEnabledFor` is the function in `logging`, neither overridden nor wrapped.
fn has_stock_is_enabled_for(logger: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = logger.py();
    let method = logger.getattr(intern!(py, "isEnabledFor"))?;
    // Wrappers pass for what they wrap in every respect but their type.
    if !method.get_type().is(METHOD_TYPE.get(py)?) {
        return Ok(false);
    }
    let function = method.getattr(intern!(py, "__func__"))?;
    match function.getattr(intern!(py, "__globals__")) {
        Ok(globals) => Ok(globals.is(&LOGGING.get(py)?.getattr(intern!(py, "__dict__"))?)),
        Err(error) if error.is_instance_of::<PyAttributeError>(py) => Ok(false),
        Err(error) => Err(error),
    }
}

/// Names level 5, unless the application has a name for the number or a number for the name.
pub(crate) fn name_trace(py: Python<'_>) -> PyResult<()> {
    let logging = LOGGING.get(py)?;
    let get_level_name = intern!(py, "getLevelName");
    let levelno = Level::TRACE.levelno();
    // It answers "Level X" for a number and a name alike where it knows none.
    let number: String = logging
        .call_method1(get_level_name, (levelno,))?
        .str()?
        .extract()?;
    let name: String = logging
        .call_method1(get_level_name, ("TRACE",))?
        .str()?
        .extract()?;
    if number == "Level 5" && name == "Level TRACE" {
        logging.call_method1(intern!(py, "addLevelName"), (levelno, "TRACE"))?;
    }
    Ok(())
}

/// Where a call goes that says so itself. Nothing is cached for it.
pub trait Destination {
    /// A logger, or an object with its methods.
    ///
    /// # Errors
    /// What `logging.getLogger` raises.
    fn logger<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>>;
}

/// `target: expr`.
pub struct Target<'a>(pub &'a str);

impl Destination for Target<'_> {
    fn logger<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        current(py, self.0)
    }
}

/// `logger: expr`.
pub struct Logger<'a>(pub &'a dyn AsLogger);

impl Destination for Logger<'_> {
    fn logger<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        Ok(self.0.to_bound(py))
    }
}

/// What `logger:` takes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` can't be a Python logger",
    label = "not a Python object",
    note = "`logger:` takes a `Bound<'_, T>`, a `Py<T>`, or a reference to one"
)]
pub trait AsLogger {
    /// The Python object.
    fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny>;
}

impl<T> AsLogger for Py<T> {
    fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.bind(py).as_any().clone()
    }
}

impl<T> AsLogger for Bound<'_, T> {
    fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        self.clone().into_any().unbind().into_bound(py)
    }
}

impl<T: AsLogger + ?Sized> AsLogger for &T {
    fn to_bound<'py>(&self, py: Python<'py>) -> Bound<'py, PyAny> {
        (**self).to_bound(py)
    }
}
