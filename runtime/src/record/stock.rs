//! The stock functions and classes that make a record, and whether they are in place.

use std::sync::Arc;

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyMappingProxy, PyString, PyType};

use super::thread::StockThreads;
use super::times::Clock;
use crate::python::exception::Result;
use crate::python::interpreter::PlainClass;
use crate::python::kept::{self, Kept, Shared};
use crate::python::library::{
    Globals, LOGGING_GLOBALS, OS_GLOBALS, THREADING_GLOBALS, is_builtin, loaded,
};
use crate::python::once::intern;

/// The newest Python whose `LogRecord` is known. On newer ones Python makes all records.
const NEWEST_KNOWN: (u8, u8) = (3, 15);

/// The attributes of the class `LogRecord`, in any version. Of these only `__init__` has a say in making
/// a record. A `__setattr__`, a `__new__` or a property that is added would have one too.
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

/// Functions, classes and modules that have a say in a record. While one of them is replaced, Python
/// makes the records.
static STOCK: [(&Globals, &str); 8] = [
    (&LOGGING_GLOBALS, "_logRecordFactory"),
    (&LOGGING_GLOBALS, "getLevelName"),
    (&LOGGING_GLOBALS, "os"),
    (&LOGGING_GLOBALS, "sys"),
    (&LOGGING_GLOBALS, "threading"),
    (&LOGGING_GLOBALS, "time"),
    (&OS_GLOBALS, "getpid"),
    (&THREADING_GLOBALS, "current_thread"),
];

/// A global name of a module.
struct Name {
    dict: Py<PyDict>,
    name: Py<PyString>,
}

impl Name {
    fn of(module: &'static Globals, name: &str, py: Python<'_>) -> Result<Name> {
        Ok(Name {
            dict: module.dict(py)?.unbind(),
            name: PyString::intern(py, name).unbind(),
        })
    }

    fn get<'py>(&self, py: Python<'py>) -> Result<Option<Bound<'py, PyAny>>> {
        Ok(self.dict.bind(py).get_item(&self.name)?)
    }
}

/// The stock objects. If any of them is replaced before the first record, Python makes all records.
pub(super) struct Stock {
    /// The dict of `logging`.
    pub(super) logging: Py<PyDict>,
    record_class: PlainClass,
    /// A live view of the attributes of that class, and their number without `__slotnames__`.
    class_attributes: Py<PyMappingProxy>,
    count: usize,
    init: Py<PyAny>,
    make_record: Py<PyAny>,
    /// `time.time` or `time.time_ns`, whichever `LogRecord` calls.
    pub(super) clock: Py<PyAny>,
    pub(super) active_threads: Py<PyDict>,
    pub(super) threads: Shared<StockThreads>,
    names: Vec<(Name, Py<PyAny>)>,
}

impl Stock {
    pub(super) fn get(py: Python<'_>) -> Result<Option<Arc<Stock>>> {
        static FOUND: Kept<Option<Arc<Stock>>> = Kept::new();
        if kept::are_released() {
            return Ok(None);
        }
        let find = || -> Result<_> { Ok(Stock::find(py)?.map(Arc::new)) };
        FOUND.get_or_try(find).map(|found| (*found).clone())
    }

    fn find(py: Python<'_>) -> Result<Option<Stock>> {
        let version = py.version_info();
        let record_class = LOGGING_GLOBALS.get(intern!(py, "LogRecord"))?;
        let record_class = record_class.cast_into::<PyType>()?;
        let Some(plain_class) = PlainClass::of(&record_class)? else {
            return Ok(None);
        };
        let init = record_class.getattr("__init__")?;
        let make_record = LOGGING_GLOBALS
            .get(intern!(py, "Logger"))?
            .getattr("makeRecord")?;
        let mut is_known = (version.major, version.minor) <= NEWEST_KNOWN
            && LOGGING_GLOBALS.define(&init)?
            && LOGGING_GLOBALS.define(&make_record)?;

        let clock = Clock::function(py)?;
        is_known &= Clock::is_stock(&clock)?;

        let class_attributes = record_class
            .getattr("__dict__")?
            .cast_into::<PyMappingProxy>()?;
        let mut count = 0;
        for name in class_attributes.keys()?.iter() {
            let name = name.cast::<PyString>()?.to_cow()?;
            if name != SLOT_NAMES {
                is_known &= CLASS_ATTRIBUTES.contains(&&*name);
                count += 1;
            }
        }
        let mut names = Vec::new();
        for (module, text) in STOCK {
            let name = Name::of(module, text, py)?;
            let Some(object) = name.get(py)? else {
                return Ok(None);
            };
            is_known &= match text {
                // The factory may be another one for a while, as in a test.
                "_logRecordFactory" => {
                    names.push((name, record_class.clone().into_any().unbind()));
                    continue;
                }
                "getLevelName" => LOGGING_GLOBALS.define(&object)?,
                "current_thread" => THREADING_GLOBALS.define(&object)?,
                "getpid" => is_builtin(&object, "posix", text)? || is_builtin(&object, "nt", text)?,
                module => loaded(&PyString::new(py, module))?.is_some_and(|it| it.is(&object)),
            };
            names.push((name, object.unbind()));
        }
        let threads = StockThreads::get(py)?;
        let stock = Stock {
            logging: LOGGING_GLOBALS.dict(py)?.unbind(),
            record_class: plain_class,
            class_attributes: class_attributes.unbind(),
            count,
            init: init.unbind(),
            make_record: make_record.unbind(),
            clock: clock.unbind(),
            active_threads: threads.active(py)?.unbind(),
            threads,
            names,
        };
        Ok(is_known.then_some(stock))
    }

    /// A record without attributes.
    pub(super) fn new_record<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        self.record_class.new_instance(py)
    }

    pub(super) fn record_class<'py>(&self, py: Python<'py>) -> &Bound<'py, PyType> {
        self.record_class.bind(py)
    }

    /// Whether everything that makes a record is in place, but for the logger's own class.
    pub(super) fn is_in_place(&self, py: Python<'_>) -> Result<bool> {
        let attributes = self.class_attributes.bind(py).as_any();
        // `copyreg` adds `__slotnames__` to each class of which an instance is copied or pickled.
        let added = attributes.len()?.wrapping_sub(self.count);
        let has_known_attributes =
            added == 0 || added == 1 && attributes.contains(intern!(py, SLOT_NAMES))?;
        if !has_known_attributes || !attributes.get_item(intern!(py, "__init__"))?.is(&self.init) {
            return Ok(false);
        }
        for (name, object) in &self.names {
            if !name.get(py)?.is_some_and(|now| now.is(object)) {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Whether loggers of a class have the stock `makeRecord`.
    pub(super) fn makes_records_of(&self, logger_class: &Bound<'_, PyType>) -> Result<bool> {
        let make_record = logger_class.getattr(intern!(logger_class.py(), "makeRecord"))?;
        Ok(make_record.is(&self.make_record))
    }

    /// The dicts that [`Stock::is_in_place`] and the settings depend on.
    pub(super) fn dicts<'a, 'py: 'a>(
        &'a self,
        py: Python<'py>,
    ) -> impl Iterator<Item = &'a Bound<'py, PyDict>> {
        self.names.iter().map(move |(name, _)| name.dict.bind(py))
    }
}
