//! From a target to a Python logger.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyString, PyWeakrefMethods, PyWeakrefReference};

use crate::once::{Once, intern};
use crate::python::{LOGGING, LOGGING_GLOBALS, callback};
use crate::{Level, coherence, context, logger_class};

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

/// The name of the logger of a callsite, made once.
pub(crate) struct Name {
    made: Once<(Py<PyString>, usize)>,
    /// If it isn't the target's.
    fixed: Option<String>,
}

impl Name {
    pub(crate) const fn new() -> Name {
        Name {
            made: Once::new(),
            fixed: None,
        }
    }

    pub(crate) fn fixed(name: String) -> Name {
        Name {
            made: Once::new(),
            fixed: Some(name),
        }
    }

    /// The name for `target`, which is the same at each call.
    pub(crate) fn get<'py>(&self, py: Python<'py>, target: &str) -> Bound<'py, PyString> {
        let make = || match &self.fixed {
            Some(name) => PyString::new(py, name),
            None => PyString::new(py, &name_of(target)),
        };
        let renames = RENAMED.count();
        let (name, then) = self.made.get_or_make(|| (make().unbind(), renames));
        if *then == renames || self.fixed.is_some() {
            name.bind(py).clone()
        } else {
            make()
        }
    }
}

/// The loggers that `logging.getLogger` gave, by name, as weak references.
fn seen(py: Python<'_>) -> &Bound<'_, PyDict> {
    static SEEN: Once<Py<PyDict>> = Once::new();
    SEEN.get_or_make(|| PyDict::new(py).unbind()).bind(py)
}

/// The logger that [`current`] gave last, if it lives. It still is the logger of that name as far as
/// anything that is cached is still right.
pub(crate) fn last_seen<'py>(name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
    match seen(name.py()).get_item(name)? {
        Some(weakref) => Ok(weakref.cast::<PyWeakrefReference>()?.upgrade()),
        None => Ok(None),
    }
}

/// The logger that `logging.getLogger` gives for a name, created if there is none.
///
/// Forgets everything that is cached if it isn't the one that it was last time.
pub(crate) fn current<'py>(name: &Bound<'py, PyString>) -> PyResult<Bound<'py, PyAny>> {
    let py = name.py();
    let get_logger = intern!(py, "getLogger");
    let logger = LOGGING.get(py)?.call_method1(get_logger, (name,))?;
    let seen = seen(py);
    let is_new = !seen.contains(name)?;
    if last_seen(name)?.is_none_or(|last| !last.is(&logger)) {
        seen.set_item(name, PyWeakrefReference::new_with(&logger, on_death(py)?)?)?;
        if !is_new {
            coherence::invalidate();
        }
    }
    Ok(logger)
}

/// Loggers die when somebody empties `Manager.loggerDict`, as test suites do: the name then
/// belongs to another logger, with another level.
fn on_death(py: Python<'_>) -> PyResult<&Bound<'_, PyCFunction>> {
    static CALLBACK: Once<Py<PyCFunction>> = Once::new();
    CALLBACK
        .get_or_try(|| {
            let forget = |_: Python<'_>| {
                coherence::invalidate();
                Ok(())
            };
            callback(py, forget).map(Bound::unbind)
        })
        .map(|callback| callback.bind(py))
}

/// `Logger.isEnabledFor`.
pub(crate) fn is_enabled_for(logger: &Bound<'_, PyAny>, level: Level) -> PyResult<bool> {
    let py = logger.py();
    if level == Level::TRACE {
        name_trace(py)?;
    }
    context::call_method(logger, intern!(py, "isEnabledFor"), (level.levelno(),))?.is_truthy()
}

/// The attributes that a logger has itself, not by its class.
pub(crate) struct Own<'py>(Bound<'py, PyDict>);

impl<'py> Own<'py> {
    pub(crate) fn of(logger: &Bound<'py, PyAny>) -> PyResult<Own<'py>> {
        let attributes = logger.getattr(intern!(logger.py(), "__dict__"))?;
        Ok(Own(attributes.cast_into()?))
    }

    pub(crate) fn get(&self, name: &Bound<'py, PyString>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.0.get_item(name)
    }

    /// `Logger.disabled`, which `dictConfig` and pytest set without a word to anybody.
    pub(crate) fn is_disabled(&self, logger: &Bound<'py, PyAny>) -> PyResult<bool> {
        let name = intern!(logger.py(), "disabled");
        let disabled = match logger_class::is_plain(&logger.get_type()) {
            true => self.get(name)?,
            false => None,
        };
        disabled
            .map_or_else(|| logger.getattr(name), Ok)?
            .is_truthy()
    }

    /// Whether the logger, one of a class that [is plain][logger_class::is_plain] or may not be, has one of
    /// the methods through which a record goes for itself.
    pub(crate) fn has_method(&self, is_plain: bool) -> PyResult<bool> {
        let py = self.0.py();
        // What `Logger.__init__` and `Manager.getLogger` give it is nine, of which it can do without none
        // but this one.
        if is_plain && self.0.len() == 9 && self.0.contains(intern!(py, "manager"))? {
            return Ok(false);
        }
        for method in [
            intern!(py, "makeRecord"),
            intern!(py, "handle"),
            intern!(py, "filter"),
            intern!(py, "callHandlers"),
        ] {
            if self.0.contains(method)? {
                return Ok(true);
            }
        }
        Ok(false)
    }
}

/// Whether what `isEnabledFor` answers holds until coherence says otherwise.
pub(crate) fn is_cacheable(logger: &Bound<'_, PyAny>) -> PyResult<bool> {
    let py = logger.py();
    let is_enabled_for = logger.getattr(intern!(py, "isEnabledFor"))?;
    if !LOGGING_GLOBALS.define(&is_enabled_for)? {
        return Ok(false);
    }
    let root = logger
        .getattr(intern!(py, "manager"))?
        .getattr(intern!(py, "root"))?;
    coherence::watch(&root).map(|()| true)
}

/// What Python itself keeps of the answer for `level`: nothing if the logger was disabled.
pub(crate) fn cached_answer(logger: &Bound<'_, PyAny>, level: Level) -> PyResult<Option<bool>> {
    let cache = logger.getattr(intern!(logger.py(), "_cache"))?;
    let answer = cache.cast::<PyDict>()?.get_item(level.levelno())?;
    answer.map(|answer| answer.is_truthy()).transpose()
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
