//! The classes and methods of `logging` that write and format records, and whether they are in place.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

use pyo3::prelude::*;
use pyo3::types::{PyDict, PyType};

use crate::python::exception::Result;
use crate::python::interpreter::PlainClass;
use crate::python::kept::{Kept, Shared};
use crate::python::known_function::KnownMethod;
use crate::python::library::{
    Globals, HANDLERS_GLOBALS, LOGGING_GLOBALS, OS_GLOBALS, TIME_GLOBALS, is_builtin, loaded,
};
use crate::python::once::{Once, intern};
use crate::python::watch::{self, CheckedIn, Epoch};

const OF_LOGGING: [KnownMethod; 21] = [
    KnownMethod::new("LogRecord.getMessage", "str msg args"),
    KnownMethod::new("Filter.filter", "nlen name find"),
    KnownMethod::new(
        "Filterer.filter",
        "filters hasattr filter isinstance LogRecord",
    ),
    KnownMethod::new(
        "Handler.handle",
        "filter isinstance LogRecord acquire lock emit release",
    ),
    KnownMethod::new("Handler.acquire", "lock acquire"),
    KnownMethod::new("Handler.release", "lock release"),
    KnownMethod::new("Handler.format", "formatter _defaultFormatter format"),
    KnownMethod::new("NullHandler.handle", ""),
    KnownMethod::new(
        "StreamHandler.emit",
        "format stream write terminator flush RecursionError Exception handleError",
    ),
    KnownMethod::new(
        "StreamHandler.flush",
        "acquire lock stream hasattr flush release",
    ),
    KnownMethod::new(
        "FileHandler.emit",
        "stream mode _closed _open StreamHandler emit Exception handleError",
    ),
    KnownMethod::new(
        "Formatter.format",
        "getMessage message usesTime formatTime datefmt asctime formatMessage exc_info exc_text formatException \
         stack_info formatStack",
    ),
    KnownMethod::new("Formatter.usesTime", "_style usesTime"),
    KnownMethod::new(
        "Formatter.formatTime",
        "converter created time strftime default_time_format default_msec_format msecs",
    ),
    KnownMethod::new("Formatter.formatMessage", "_style format"),
    KnownMethod::new("PercentStyle.usesTime", "_fmt find asctime_search"),
    KnownMethod::new("PercentStyle.format", "_format KeyError ValueError"),
    KnownMethod::new("PercentStyle._format", "_defaults __dict__ _fmt"),
    KnownMethod::new("StrFormatStyle._format", "_defaults __dict__ _fmt format"),
    KnownMethod::new("StringTemplateStyle.usesTime", "_fmt find asctime_search"),
    KnownMethod::new(
        "StringTemplateStyle._format",
        "_defaults __dict__ _tpl substitute",
    ),
];

const OF_HANDLERS: [KnownMethod; 6] = [
    KnownMethod::new(
        "BaseRotatingHandler.emit",
        "shouldRollover doRollover logging FileHandler emit Exception handleError",
    ),
    KnownMethod::new(
        "RotatingFileHandler.shouldRollover",
        "stream _open maxBytes tell format len seek os path exists baseFilename isfile io UnsupportedOperation",
    ),
    KnownMethod::new(
        "TimedRotatingFileHandler.shouldRollover",
        "int time rolloverAt os path exists baseFilename isfile computeRollover",
    ),
    KnownMethod::new("QueueHandler.emit", "enqueue prepare Exception handleError"),
    KnownMethod::new("QueueHandler.enqueue", "queue put_nowait"),
    KnownMethod::new(
        "QueueHandler.prepare",
        "format copy message msg args exc_info exc_text stack_info",
    ),
];

/// The three styles of a format, and what they search for to find out whether it contains the time.
pub(super) const STYLES: [(&str, &str); 3] = [
    ("PercentStyle", "%(asctime)"),
    ("StrFormatStyle", "{asctime"),
    ("StringTemplateStyle", "${asctime}"),
];

/// Their places in [`STYLES`].
pub(super) const BRACE: usize = 1;
pub(super) const DOLLAR: usize = 2;

/// Methods by their qualified names.
pub(super) struct Methods(Vec<(&'static str, Py<PyAny>)>);

impl Methods {
    fn find(known: &[KnownMethod], module: &'static Globals, py: Python<'_>) -> Result<Methods> {
        let mut found = Vec::new();
        for method in known {
            if let Some(function) = method.find(module, py)? {
                found.push((method.name, function.unbind()));
            }
        }
        Ok(Methods(found))
    }

    pub(super) fn get(&self, name: &str) -> Option<&Py<PyAny>> {
        self.0
            .iter()
            .find(|method| method.0 == name)
            .map(|it| &it.1)
    }

    /// Whether a class has the method of this qualified name, inherited or not.
    pub(super) fn are_of(&self, class: &Bound<'_, PyAny>, names: &[&str]) -> Result<bool> {
        for name in names {
            let Some((_, attribute)) = name.split_once('.') else {
                return Ok(false);
            };
            let found = class.getattr_opt(attribute)?;
            let is_same = |method: &Py<PyAny>| found.as_ref().is_some_and(|found| found.is(method));
            if !self.get(name).is_some_and(is_same) {
                return Ok(false);
            }
        }
        Ok(true)
    }
}

/// Of `logging.handlers`, if the program has imported it.
pub(super) fn methods_of_handlers(py: Python<'_>) -> Result<Option<Shared<Methods>>> {
    static METHODS: Kept<Methods> = Kept::new();
    if loaded(intern!(py, "logging.handlers"))?.is_none() {
        return Ok(None);
    }
    let find = || Methods::find(&OF_HANDLERS, &HANDLERS_GLOBALS, py);
    METHODS.get_or_try(find).map(Some)
}

/// Whether `RotatingFileHandler.shouldRollover` goes to the end of the file, as it does below Python 3.13.
pub(super) fn rotation_seeks(py: Python<'_>) -> Result<bool> {
    static SEEKS: Once<bool> = Once::new();
    let find = || -> Result<bool> {
        let class = HANDLERS_GLOBALS.get(intern!(py, "RotatingFileHandler"))?;
        let code = class.getattr("shouldRollover")?.getattr("__code__")?;
        Ok(code.getattr("co_names")?.contains("seek")?)
    };
    SEEKS.get_or_try(find).copied()
}

/// The classes are as `logging` defines them.
const IN_PLACE: u8 = 1;
/// `time.strftime` is the stock one.
const STRFTIME: u8 = 2;

/// Attributes that an object has itself, so that its class must have none of them.
const NOT_IN_RECORD: [&str; 10] = [
    "name",
    "msg",
    "args",
    "message",
    "created",
    "msecs",
    "asctime",
    "exc_info",
    "exc_text",
    "stack_info",
];
const NOT_IN_FORMATTER: [&str; 4] = ["_style", "datefmt", "__bool__", "__len__"];
const NOT_IN_STYLE: [&str; 3] = ["_fmt", "_defaults", "_tpl"];
const NOT_IN_FILTER: [&str; 2] = ["name", "nlen"];

/// The stock classes and functions.
pub(super) struct Stock {
    /// Of `logging`.
    pub(super) methods: Methods,
    pub(super) record: PlainClass,
    pub(super) filter: Py<PyType>,
    pub(super) formatter: Py<PyType>,
    pub(super) styles: [Py<PyType>; STYLES.len()],
    /// Of the locks that handlers have.
    pub(super) lock: Py<PyType>,
    pub(super) local_time: Py<PyAny>,
    pub(super) utc_time: Py<PyAny>,
    strftime: Py<PyAny>,
    /// The data of `os.environ`, which has the time zone.
    environment: Py<PyDict>,
    checked: CheckedIn,
    facts: AtomicU8,
}

impl Stock {
    /// The stock classes, if they are in place at this moment, and changes of them are reported.
    pub(super) fn in_place(py: Python<'_>) -> Result<Option<Arc<Stock>>> {
        static FOUND: Kept<Option<Arc<Stock>>> = Kept::new();
        if !watch::is_available(py) {
            return Ok(None);
        }
        let find = || -> Result<_> { Ok(Stock::find(py)?.map(Arc::new)) };
        let Some(stock) = (*FOUND.get_or_try(find)?).clone() else {
            return Ok(None);
        };
        if !stock.checked.is_current() {
            stock.check(py)?;
        }
        let is_in_place = stock.checked.is_current() && stock.has(IN_PLACE);
        Ok(is_in_place.then_some(stock))
    }

    fn find(py: Python<'_>) -> Result<Option<Stock>> {
        let class = |name| -> Result<Py<PyType>> {
            Ok(LOGGING_GLOBALS.get(name)?.cast_into::<PyType>()?.unbind())
        };
        let Some(record) = PlainClass::of(class(intern!(py, "LogRecord"))?.bind(py))? else {
            return Ok(None);
        };
        let local_time = TIME_GLOBALS.get(intern!(py, "localtime"))?;
        let utc_time = TIME_GLOBALS.get(intern!(py, "gmtime"))?;
        let strftime = TIME_GLOBALS.get(intern!(py, "strftime"))?;
        let environment = OS_GLOBALS.get(intern!(py, "environ"))?.getattr("_data")?;
        let lock = py.import("_thread")?.getattr("RLock")?;
        let methods = Methods::find(&OF_LOGGING, &LOGGING_GLOBALS, py)?;
        let is_known = methods.0.len() == OF_LOGGING.len()
            && is_builtin(&local_time, "time", "localtime")?
            && is_builtin(&utc_time, "time", "gmtime")?
            && is_builtin(&strftime, "time", "strftime")?;
        let Ok(environment) = environment.cast_into_exact() else {
            return Ok(None);
        };
        let stock = Stock {
            methods,
            record,
            filter: class(intern!(py, "Filter"))?,
            formatter: class(intern!(py, "Formatter"))?,
            styles: [
                class(intern!(py, STYLES[0].0))?,
                class(intern!(py, STYLES[1].0))?,
                class(intern!(py, STYLES[2].0))?,
            ],
            lock: lock.cast_into()?.unbind(),
            local_time: local_time.unbind(),
            utc_time: utc_time.unbind(),
            strftime: strftime.unbind(),
            environment: environment.unbind(),
            checked: CheckedIn::never(),
            facts: AtomicU8::new(0),
        };
        Ok(is_known.then_some(stock))
    }

    /// Whether the facts were established in this epoch.
    pub(super) fn is_current(&self, epoch: Epoch) -> bool {
        epoch == Epoch::current() && self.checked.is_current()
    }

    fn has(&self, fact: u8) -> bool {
        self.facts.load(Ordering::Relaxed) & fact != 0
    }

    /// Whether the text of a time depends on the second, the format and the converter alone.
    pub(super) fn has_strftime(&self) -> bool {
        self.has(STRFTIME)
    }

    /// A record without attributes.
    pub(super) fn new_record<'py>(&self, py: Python<'py>) -> Result<Bound<'py, PyAny>> {
        self.record.new_instance(py)
    }

    /// Establishes the facts for the current epoch, if everything can be watched.
    fn check(&self, py: Python<'_>) -> Result<()> {
        let [percent, brace, dollar] = self.styles.each_ref().map(|it| it.bind(py));
        let (formatter, filter) = (self.formatter.bind(py), self.filter.bind(py));
        let stream = LOGGING_GLOBALS.get(intern!(py, "StreamHandler"))?;
        let file = LOGGING_GLOBALS.get(intern!(py, "FileHandler"))?;
        let (Ok(stream), Ok(file)) = (stream.cast::<PyType>(), file.cast::<PyType>()) else {
            return Ok(());
        };
        let dicts = [
            &LOGGING_GLOBALS.dict(py)?,
            &TIME_GLOBALS.dict(py)?,
            &OS_GLOBALS.dict(py)?,
            self.environment.bind(py),
        ];
        let record = self.record.bind(py);
        let classes = [
            record, filter, formatter, percent, brace, dollar, stream, file,
        ];
        // Watched before it is read.
        let Some(epoch) = watch::watch(py, dicts, classes) else {
            return Ok(());
        };
        let mut facts = 0;
        let methods = &self.methods;
        let time = LOGGING_GLOBALS.get(intern!(py, "time"))?;
        let is_in_place = time
            .getattr(intern!(py, "__dict__"))?
            .is(&TIME_GLOBALS.dict(py)?)
            && methods.are_of(record, &["LogRecord.getMessage"])?
            && methods.are_of(filter, &["Filter.filter"])?
            && methods.are_of(
                formatter,
                &[
                    "Formatter.format",
                    "Formatter.usesTime",
                    "Formatter.formatTime",
                    "Formatter.formatMessage",
                ],
            )?
            && methods.are_of(
                percent,
                &[
                    "PercentStyle.usesTime",
                    "PercentStyle.format",
                    "PercentStyle._format",
                ],
            )?
            && methods.are_of(
                brace,
                &[
                    "PercentStyle.usesTime",
                    "PercentStyle.format",
                    "StrFormatStyle._format",
                ],
            )?
            && methods.are_of(
                dollar,
                &[
                    "StringTemplateStyle.usesTime",
                    "PercentStyle.format",
                    "StringTemplateStyle._format",
                ],
            )?
            && methods.are_of(stream, &["StreamHandler.emit"])?
            && methods.are_of(file, &["FileHandler.emit"])?
            && is_plain(record, &NOT_IN_RECORD)?
            && inherits_from_object(record, &["__setattr__"])?
            && is_plain(formatter, &NOT_IN_FORMATTER)?
            && is_plain(filter, &NOT_IN_FILTER)?
            && is_plain(percent, &NOT_IN_STYLE)?
            && is_plain(brace, &NOT_IN_STYLE)?
            && is_plain(dollar, &NOT_IN_STYLE)?;
        let mut searches = is_in_place;
        for (class, (_, search)) in self.styles.iter().zip(STYLES) {
            searches &= class.bind(py).getattr("asctime_search")?.eq(search)?;
        }
        if searches {
            facts |= IN_PLACE;
        }
        let environment = OS_GLOBALS.get(intern!(py, "environ"))?.getattr("_data")?;
        if TIME_GLOBALS
            .get(intern!(py, "strftime"))?
            .is(&self.strftime)
            && environment.is(&self.environment)
        {
            facts |= STRFTIME;
        }
        self.facts.store(facts, Ordering::Relaxed);
        self.checked.set(epoch);
        Ok(())
    }
}

/// Whether a class reads its objects' attributes as `object` does, and has none of these itself.
pub(super) fn is_plain(class: &Bound<'_, PyType>, names: &[&str]) -> Result<bool> {
    for name in names {
        if class.hasattr(*name)? {
            return Ok(false);
        }
    }
    inherits_from_object(class, &["__getattribute__"])
}

/// Whether a class has these methods as `object` has them.
pub(super) fn inherits_from_object(class: &Bound<'_, PyType>, names: &[&str]) -> Result<bool> {
    let object = class.py().get_type::<PyAny>();
    for name in names {
        if !class.getattr(*name)?.is(&object.getattr(*name)?) {
            return Ok(false);
        }
    }
    Ok(true)
}
