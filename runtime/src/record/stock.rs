//! The proof that Python would make a record in just the way that `fast` does.

use pyo3::prelude::*;
use pyo3::types::{PyCFunction, PyDict, PyMappingProxy, PyString, PyTuple};

use super::times::Clock;
use crate::once::{Once, intern};
use crate::python::{ITEMGETTER, LOGGING, OBJECT, TIME, is_defined_in};

/// The newest Python whose `LogRecord` was compared with `fast`. On others Python makes records.
const NEWEST_KNOWN: (u8, u8) = (3, 15);

/// What `logging` came with. If somebody has replaced any of it by the time of the first record, the
/// fast road is never taken.
pub(super) struct Stock {
    /// `object.__new__`, and its arguments: the class `LogRecord`.
    pub(super) new: Py<PyAny>,
    pub(super) record: Py<PyTuple>,
    /// A live view of what the class has, and how much that was.
    attributes: Py<PyMappingProxy>,
    count: usize,
    init: Py<PyAny>,
    make_record: Py<PyAny>,
    get_level_name: Py<PyAny>,
    /// Takes the [`GLOBALS`] out of the dict of `logging`.
    take: Py<PyAny>,
    globals: Py<PyDict>,
    /// `time.time` or `time.time_ns`, whichever `LogRecord` asks.
    pub(super) clock_function: Py<PyAny>,
}

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

/// The names in `logging` that have a say in a record; the last from 3.12.
const GLOBALS: [&str; 9] = [
    "_logRecordFactory",
    "_startTime",
    "time",
    "getLevelName",
    "_levelToName",
    "logThreads",
    "logMultiprocessing",
    "logProcesses",
    "logAsyncioTasks",
];

/// What the [`GLOBALS`] were at one moment, and what follows from that.
pub(super) struct Environment {
    objects: Py<PyTuple>,
    pub(super) clock: Clock,
    pub(super) level_names: Py<PyDict>,
    pub(super) log_threads: bool,
    pub(super) log_multiprocessing: bool,
    pub(super) log_processes: bool,
    pub(super) log_tasks: bool,
}

impl Environment {
    /// `None` if they aren't what `logging` came with.
    pub(super) fn of(stock: &Stock, objects: &Bound<'_, PyTuple>) -> PyResult<Option<Environment>> {
        let py = objects.py();
        let get = |index| objects.get_item(index);
        let is_on = |index| get(index)?.is_truthy();
        let is_stock = get(0)?.is(stock.record.bind(py).get_item(0)?)
            && get(2)?.is(TIME.get(py)?)
            && get(3)?.is(&stock.get_level_name);
        let (true, Some(clock), Ok(level_names)) =
            (is_stock, Clock::of(&get(1)?), get(4)?.cast_into::<PyDict>())
        else {
            return Ok(None);
        };
        Ok(Some(Environment {
            objects: objects.clone().unbind(),
            clock,
            level_names: level_names.unbind(),
            log_threads: is_on(5)?,
            log_multiprocessing: is_on(6)?,
            log_processes: is_on(7)?,
            log_tasks: objects.len() > 8 && is_on(8)?,
        }))
    }

    /// Whether nothing has changed.
    pub(super) fn holds(&self, objects: &Bound<'_, PyTuple>) -> bool {
        let before = self.objects.bind(objects.py()).iter_borrowed();
        before
            .zip(objects.iter_borrowed())
            .all(|(before, now)| before.is(now))
    }
}

/// `logging` as it came, if a record made through `logger` would be made by nothing else.
///
/// Compares pointers: what `LogRecord` does to make an instance, and the logger's `makeRecord`. The
/// rest is in [`Environment`].
pub(super) fn prove<'a>(logger: &Bound<'a, PyAny>) -> PyResult<Option<&'a Stock>> {
    static STOCK: Once<Option<Stock>> = Once::new();
    let py = logger.py();
    let Some(stock) = STOCK.get_or_try(|| Stock::of(py))? else {
        return Ok(None);
    };
    let attributes = stock.attributes.bind(py).as_any();
    let make_record = intern!(py, "makeRecord");
    let is_stock = stock.has_nothing_else(attributes)?
        && attributes
            .get_item(intern!(py, "__init__"))?
            .is(&stock.init)
        && logger
            .get_type()
            .getattr(make_record)?
            .is(&stock.make_record)
        && !logger
            .getattr(intern!(py, "__dict__"))?
            .cast_into::<PyDict>()?
            .contains(make_record)?;
    Ok(is_stock.then_some(stock))
}

impl Stock {
    /// Whether the class has what it came with, and at most what `copyreg` keeps in each class of
    /// which an instance was copied or pickled.
    fn has_nothing_else(&self, attributes: &Bound<'_, PyAny>) -> PyResult<bool> {
        let more = attributes.len()?.wrapping_sub(self.count);
        Ok(more == 0 || more == 1 && attributes.contains(intern!(attributes.py(), SLOT_NAMES))?)
    }

    fn of(py: Python<'_>) -> PyResult<Option<Stock>> {
        let version = py.version_info();
        let logging = LOGGING.get(py)?;
        let record = logging.getattr("LogRecord")?;
        let time = TIME.get(py)?;
        let of_logging = [
            record.getattr("__init__")?,
            logging.getattr("Logger")?.getattr("makeRecord")?,
            logging.getattr("getLevelName")?,
        ];
        let mut is_known = (version.major, version.minor) <= NEWEST_KNOWN;
        for function in &of_logging {
            is_known &= is_defined_in(logging, function)?;
        }
        let clock_function = match version >= (3, 13) {
            true => time.getattr("time_ns")?,
            false => time.getattr("time")?,
        };
        is_known &= clock_function.is_instance_of::<PyCFunction>();
        let attributes = record.getattr("__dict__")?.cast_into::<PyMappingProxy>()?;
        let mut count = 0;
        for name in attributes.keys()?.iter() {
            let name = name.cast::<PyString>()?.to_cow()?;
            if name != SLOT_NAMES {
                is_known &= CLASS_ATTRIBUTES.contains(&&*name);
                count += 1;
            }
        }
        let names = match version >= (3, 12) {
            true => &GLOBALS[..],
            false => &GLOBALS[..8],
        };
        let names = names.iter().map(|name| PyString::intern(py, name));
        let [init, make_record, get_level_name] = of_logging.map(Bound::unbind);
        let stock = Stock {
            new: OBJECT.get(py)?.getattr("__new__")?.unbind(),
            record: PyTuple::new(py, [record])?.unbind(),
            count,
            attributes: attributes.unbind(),
            init,
            make_record,
            get_level_name,
            clock_function: clock_function.unbind(),
            take: ITEMGETTER
                .get(py)?
                .call1(PyTuple::new(py, names)?)?
                .unbind(),
            globals: logging.cast::<PyModule>()?.dict().unbind(),
        };
        Ok(is_known.then_some(stock))
    }

    /// What the [`GLOBALS`] are now.
    pub(super) fn globals<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let globals = self.take.bind(py).call1((&self.globals,))?;
        Ok(globals.cast_into()?)
    }
}
