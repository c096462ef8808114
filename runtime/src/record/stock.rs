//! The proof that Python would make a record in just the way that `fast` does.
//!
//! It is made at each call, unless all that it rests on is [watched][crate::watch].

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMappingProxy, PyString, PyTuple, PyType};

use super::times::Clock;
use crate::once::{Once, intern};
use crate::python::{
    Globals, LOGGING, LOGGING_GLOBALS, OBJECT, OS_GLOBALS, THREADING, is_builtin, loaded,
};

/// The newest Python whose `LogRecord` was compared with `fast`. On others Python makes records.
const NEWEST_KNOWN: (u8, u8) = (3, 15);

/// What the class `LogRecord` has, in one version or the other. Nothing of it but `__init__` has a
/// say in making a record; a `__setattr__`, a `__new__` or a property that somebody adds would.
const CLASS_ATTRIBUTES: [&str; 9] = [
    "__dict__",
    "__doc__",
    "__firstlineno__",
    "__init__",
    "__module__",
    "__repr__",
    "__static_attributes__",
    "__weakref__",
    "getMessage",
];

const SLOT_NAMES: &str = "__slotnames__";

/// The names that have a say in a record, and their modules. Who replaces one of these has Python make
/// the records.
static FIXED: [(&Globals, &str); 8] = [
    (&LOGGING_GLOBALS, "_logRecordFactory"),
    (&LOGGING_GLOBALS, "getLevelName"),
    (&LOGGING_GLOBALS, "os"),
    (&LOGGING_GLOBALS, "sys"),
    (&LOGGING_GLOBALS, "threading"),
    (&LOGGING_GLOBALS, "time"),
    (&OS_GLOBALS, "getpid"),
    (&THREADING, "current_thread"),
];

/// Those of `logging` that may be what they will, so long as they are what they were for the template; the
/// last from 3.12.
const FREE: [&str; 6] = [
    "_startTime",
    "_levelToName",
    "logThreads",
    "logMultiprocessing",
    "logProcesses",
    "logAsyncioTasks",
];

/// A name in a module.
struct Place {
    dict: Py<PyDict>,
    name: Py<PyString>,
}

impl Place {
    fn of(module: &Globals, name: &str, py: Python<'_>) -> PyResult<Place> {
        Ok(Place {
            dict: module.dict(py)?.clone().unbind(),
            name: PyString::intern(py, name).unbind(),
        })
    }

    /// What is there now. Some names aren't in each version.
    fn get<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyAny>>> {
        self.dict.bind(py).get_item(&self.name)
    }

    fn holds(&self, before: Option<&Py<PyAny>>, py: Python<'_>) -> PyResult<bool> {
        let now = self.get(py)?;
        Ok(now.as_ref().map(Bound::as_ptr) == before.map(Py::as_ptr))
    }
}

/// What `logging` came with. If somebody has replaced any of it by the time of the first record, the
/// fast road is never taken.
pub(super) struct Stock {
    /// `object.__new__`, and its arguments: the class `LogRecord`.
    new: Py<PyAny>,
    new_args: Py<PyTuple>,
    pub(super) record: Py<PyType>,
    /// A live view of what it has, and how much that was.
    attributes: Py<PyMappingProxy>,
    count: usize,
    init: Py<PyAny>,
    make_record: Py<PyAny>,
    /// `time.time` or `time.time_ns`, whichever `LogRecord` asks.
    pub(super) clock: Py<PyAny>,
    fixed: Vec<(Place, Py<PyAny>)>,
    free: Vec<Place>,
}

impl Stock {
    pub(super) fn get(py: Python<'_>) -> PyResult<Option<&'static Stock>> {
        static STOCK: Once<Option<Stock>> = Once::new();
        STOCK.get_or_try(|| Stock::of(py)).map(Option::as_ref)
    }

    fn of(py: Python<'_>) -> PyResult<Option<Stock>> {
        let version = py.version_info();
        let logging = LOGGING.get(py)?;
        let record = logging.getattr("LogRecord")?.cast_into::<PyType>()?;
        let init = record.getattr("__init__")?;
        let make_record = logging.getattr("Logger")?.getattr("makeRecord")?;
        let mut is_known = (version.major, version.minor) <= NEWEST_KNOWN
            && LOGGING_GLOBALS.define(&init)?
            && LOGGING_GLOBALS.define(&make_record)?;

        let clock = Clock::function(py)?;
        is_known &= Clock::is_stock(&clock)?;

        let attributes = record.getattr("__dict__")?.cast_into::<PyMappingProxy>()?;
        let mut count = 0;
        for name in attributes.keys()?.iter() {
            let name = name.cast::<PyString>()?.to_cow()?;
            if name != SLOT_NAMES {
                is_known &= CLASS_ATTRIBUTES.contains(&&*name);
                count += 1;
            }
        }
        let mut fixed = Vec::new();
        for (module, name) in FIXED {
            let place = Place::of(module, name, py)?;
            let Some(object) = place.get(py)? else {
                return Ok(None);
            };
            is_known &= match name {
                // That may well be another for a while, as in a test.
                "_logRecordFactory" => {
                    fixed.push((place, record.clone().into_any().unbind()));
                    continue;
                }
                "getLevelName" => LOGGING_GLOBALS.define(&object)?,
                "current_thread" => THREADING.define(&object)?,
                "getpid" => is_builtin(&object, "posix", name)? || is_builtin(&object, "nt", name)?,
                module => loaded(&PyString::new(py, module))?.is_some_and(|it| it.is(&object)),
            };
            fixed.push((place, object.unbind()));
        }
        let free = FREE.iter();
        let free: PyResult<_> = free
            .map(|name| Place::of(&LOGGING_GLOBALS, name, py))
            .collect();
        let stock = Stock {
            new: OBJECT.get(py)?.getattr("__new__")?.unbind(),
            new_args: PyTuple::new(py, [&record])?.unbind(),
            record: record.unbind(),
            attributes: attributes.unbind(),
            count,
            init: init.unbind(),
            make_record: make_record.unbind(),
            clock: clock.unbind(),
            fixed,
            free: free?,
        };
        Ok(is_known.then_some(stock))
    }

    /// A record without attributes.
    pub(super) fn new_record<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        self.new.bind(py).call1(self.new_args.bind(py))
    }

    /// Whether a logger of that class has `LogRecord` make its records, and nothing of it is replaced.
    pub(super) fn holds(&self, logger_class: &Bound<'_, PyType>) -> PyResult<bool> {
        let py = logger_class.py();
        let attributes = self.attributes.bind(py).as_any();
        // At most what `copyreg` keeps in each class of which an instance was copied or pickled.
        let more = attributes.len()?.wrapping_sub(self.count);
        let has_nothing_else =
            more == 0 || more == 1 && attributes.contains(intern!(py, SLOT_NAMES))?;
        let init = intern!(py, "__init__");
        let make_record = intern!(py, "makeRecord");
        if !has_nothing_else
            || !attributes.get_item(init)?.is(&self.init)
            || !logger_class.getattr(make_record)?.is(&self.make_record)
        {
            return Ok(false);
        }
        for (place, object) in &self.fixed {
            if !place.holds(Some(object), py)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// The dicts that this rests on, and the environment.
    pub(super) fn dicts<'a, 'py: 'a>(
        &'a self,
        py: Python<'py>,
    ) -> impl Iterator<Item = &'a Bound<'py, PyDict>> {
        let fixed = self.fixed.iter().map(|(place, _)| place);
        fixed
            .chain(&self.free)
            .map(move |place| place.dict.bind(py))
    }
}

/// What is at the [`FREE`] places at one moment, and what follows from that.
pub(super) struct Environment {
    objects: Vec<Option<Py<PyAny>>>,
    pub(super) clock: Clock,
    pub(super) level_names: Py<PyDict>,
    pub(super) log_threads: bool,
    pub(super) log_multiprocessing: bool,
    pub(super) log_processes: bool,
    pub(super) log_tasks: bool,
}

impl Environment {
    /// `None` if it isn't what `logging` came with.
    pub(super) fn of(stock: &Stock, py: Python<'_>) -> PyResult<Option<Environment>> {
        let objects: PyResult<Vec<_>> = stock.free.iter().map(|place| place.get(py)).collect();
        let objects = objects?;
        let is_on = |index: usize| match &objects[index] {
            Some(value) => value.is_truthy(),
            None => Ok(false),
        };
        let (Some(start), Some(level_names)) = (&objects[0], &objects[1]) else {
            return Ok(None);
        };
        let (Some(clock), Ok(level_names)) = (Clock::of(start), level_names.cast::<PyDict>())
        else {
            return Ok(None);
        };
        Ok(Some(Environment {
            clock,
            level_names: level_names.clone().unbind(),
            log_threads: is_on(2)?,
            log_multiprocessing: is_on(3)?,
            log_processes: is_on(4)?,
            log_tasks: is_on(5)?,
            objects: objects
                .into_iter()
                .map(|object| object.map(Bound::unbind))
                .collect(),
        }))
    }

    /// What `logging.getLevelName` says of a number that has a name.
    pub(super) fn level_name<'py>(
        &self,
        levelno: i32,
        py: Python<'py>,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let name = self.level_names.bind(py).get_item(levelno)?;
        Ok(name.filter(|name| !name.is_none()))
    }

    /// Whether nothing has changed.
    pub(super) fn holds(&self, stock: &Stock, py: Python<'_>) -> PyResult<bool> {
        for (place, before) in stock.free.iter().zip(&self.objects) {
            if !place.holds(before.as_ref(), py)? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
