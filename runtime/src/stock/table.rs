//! The table of what pylog expects of Python.

use std::ops::BitOr;

use crate::python::library::{
    COPY_GLOBALS, COPYREG_GLOBALS, Globals, HANDLERS_GLOBALS, LOGGING_GLOBALS, OS_GLOBALS,
    SYS_GLOBALS, THREAD_GLOBALS, THREADING_GLOBALS, TIME_GLOBALS,
};

/// A set of parts of the work that pylog can do itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part(u16);

impl Part {
    /// Making a record: `LogRecord`.
    pub(crate) const RECORD: Part = Part(1);
    /// `Logger.handle`, but for the handlers.
    pub(crate) const LOGGER: Part = Part(1 << 1);
    /// The name of a thread of a stock class.
    pub(crate) const THREAD_NAME: Part = Part(1 << 2);
    /// `Handler.handle`, and the locks of handlers.
    pub(crate) const HANDLER: Part = Part(1 << 3);
    pub(crate) const NULL: Part = Part(1 << 4);
    pub(crate) const STREAM: Part = Part(1 << 5);
    pub(crate) const FILE: Part = Part(1 << 6);
    pub(crate) const ROTATING: Part = Part(1 << 7);
    pub(crate) const TIMED: Part = Part(1 << 8);
    pub(crate) const QUEUE: Part = Part(1 << 9);
    pub(crate) const FILTER: Part = Part(1 << 10);
    /// `Formatter.format`, but for the style.
    pub(crate) const FORMATTER: Part = Part(1 << 11);
    /// The time of a record as text.
    pub(crate) const TIME: Part = Part(1 << 12);
    pub(crate) const PERCENT: Part = Part(1 << 13);
    pub(crate) const BRACE: Part = Part(1 << 14);
    pub(crate) const DOLLAR: Part = Part(1 << 15);

    /// What is established with the first prototype of a record. The other parts wait for the first plan of a handler.
    pub(crate) const OF_RECORDS: Part = Part::RECORD.and(Part::THREAD_NAME).and(Part::LOGGER);
    /// What is looked up at each record where nothing is watched.
    pub(crate) const UNWATCHED: Part = Part::RECORD.and(Part::THREAD_NAME);
    pub(crate) const ALL: Part = Part(u16::MAX);

    pub(crate) const fn and(self, other: Part) -> Part {
        Part(self.0 | other.0)
    }

    pub(crate) const fn without(self, other: Part) -> Part {
        Part(self.0 & !other.0)
    }

    /// Whether all of `other` is in this set.
    pub(crate) const fn has(self, other: Part) -> bool {
        self.0 & other.0 == other.0
    }

    pub(crate) const fn overlaps(self, other: Part) -> bool {
        self.0 & other.0 != 0
    }
}

impl BitOr for Part {
    type Output = Part;

    fn bitor(self, other: Part) -> Part {
        self.and(other)
    }
}

/// Where an object is.
pub(crate) enum Location {
    /// A global name of a module.
    Global(&'static Globals),
    /// An attribute of a class, which is another row.
    Attribute(Row),
    /// A module that the program may have imported: in `sys.modules`.
    Loaded,
    /// A variable of the environment.
    Environment,
    /// An entry of the dict that is a global name of a module: the one of `LogRecord`.
    EntryOfRecord(&'static Globals),
}

/// What an object must be.
pub(crate) enum Expected {
    /// A function of Python code, by the name of its [known fingerprints](super::known): a function of the module, the
    /// method of a class, or the getter of a property.
    Function(&'static str),
    /// A function of a module that is written in C.
    Builtin(&'static [&'static str]),
    /// The module of that name.
    Module,
    /// A class whose instances are laid out as those of `object`, and that has only these attributes.
    ClassWithOnly(&'static [&'static str]),
    /// A class that reads the attributes of its instances as `object` does, and has none of these itself.
    Class(&'static [&'static str]),
    /// The attribute that `object` has.
    OfObject,
    /// The object of another row.
    Same(Row),
    /// A text.
    Str(&'static str),
    /// Nothing: the name must not exist.
    Absent,
    /// Anything. What rests on it holds as long as it is the same object.
    Setting,
}

/// What a row is found to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// What rests on it hasn't been asked for.
    NotLookedUp,
    AsExpected,
    /// It isn't there.
    Missing,
    /// It is something else than expected, which pylog doesn't know.
    Unknown,
    /// CPython doesn't report changes of its class any more.
    Exhausted,
}

impl Expected {
    /// Whether it depends on the attributes of a class.
    pub(crate) fn is_class(&self) -> bool {
        matches!(self, Expected::ClassWithOnly(_) | Expected::Class(_))
    }
}

pub(crate) struct Expectation {
    pub(crate) place: Location,
    /// The name at that place.
    pub(crate) name: &'static str,
    pub(crate) expected: Expected,
    /// What rests on it.
    pub(crate) parts: Part,
}

const HANDLERS: Part = Part::HANDLER
    .and(Part::NULL)
    .and(Part::STREAM)
    .and(Part::FILE)
    .and(Part::ROTATING)
    .and(Part::TIMED)
    .and(Part::QUEUE);
const STYLES: Part = Part::PERCENT.and(Part::BRACE).and(Part::DOLLAR);
const RECORD: Part = Part::RECORD;
/// Handlers and formatters read the attributes of a record.
const READS_RECORD: Part = Part::RECORD
    .and(Part::FORMATTER)
    .and(Part::FILTER)
    .and(Part::QUEUE);
const WRITES_FILE: Part = Part::FILE.and(ROTATES);
const ROTATES: Part = Part::ROTATING.and(Part::TIMED);
const WRITES: Part = Part::STREAM.and(WRITES_FILE);

/// The attributes of the class `LogRecord`, in any version. Of these only `__init__` has a say in making a record. A
/// `__setattr__`, a `__new__` or a property that is added would have one, too. `copyreg` adds `__slotnames__` to each class
/// of which an instance is copied or pickled.
const OF_RECORD: &[&str] = &[
    "__dict__",
    "__doc__",
    "__firstlineno__",
    "__init__",
    "__module__",
    "__repr__",
    "__slotnames__",
    "__static_attributes__",
    "__weakref__",
    "getMessage",
];

macro_rules! table {
    ($($row:ident = $place:ident $(($of:expr))? $name:literal $expected:ident $(($what:expr))? => $parts:expr;)*) => {
        /// A row of the table.
        #[allow(non_camel_case_types, clippy::upper_case_acronyms)]
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub(crate) enum Row {
            $($row),*
        }

        /// The rows. A row comes after those that it names.
        pub(crate) static TABLE: &[Expectation] = {
            #[allow(unused_imports)]
            use self::Row::*;
            &[$(Expectation {
                place: Location::$place $(($of))?,
                name: $name,
                expected: Expected::$expected $(($what))?,
                parts: $parts,
            }),*]
        };

        pub(crate) const ROWS: [Row; TABLE.len()] = [$(Row::$row),*];
    };
}

use {
    COPY_GLOBALS as COPY, COPYREG_GLOBALS as COPYREG, HANDLERS_GLOBALS as OF_HANDLERS,
    LOGGING_GLOBALS as LOGGING,
};
use {
    OS_GLOBALS as OS, SYS_GLOBALS as SYS, THREAD_GLOBALS as THREAD, THREADING_GLOBALS as THREADING,
    TIME_GLOBALS as TIME,
};

table! {
    // Making a record.
    LogRecord = Global(&LOGGING) "LogRecord" ClassWithOnly(OF_RECORD) => READS_RECORD;
    Init = Attribute(LogRecord) "__init__" Function("LogRecord.__init__") => RECORD;
    Factory = Global(&LOGGING) "_logRecordFactory" Same(LogRecord) => RECORD;
    GetLevelName = Global(&LOGGING) "getLevelName" Function("getLevelName") => RECORD;
    Os = Global(&LOGGING) "os" Module => RECORD;
    Sys = Global(&LOGGING) "sys" Module => RECORD;
    Threading = Global(&LOGGING) "threading" Module => RECORD;
    Time = Global(&LOGGING) "time" Module => RECORD.and(Part::TIME);
    IsInstance = Global(&LOGGING) "isinstance" Absent => READS_RECORD.and(HANDLERS).and(Part::LOGGER);
    Str = Global(&LOGGING) "str" Absent => READS_RECORD;
    HasAttr = Global(&LOGGING) "hasattr" Absent => RECORD.and(HANDLERS).and(Part::LOGGER);
    Len = Global(&LOGGING) "len" Absent => RECORD.and(Part::FILTER);
    Int = Global(&LOGGING) "int" Absent => RECORD;
    GetPid = Global(&OS) "getpid" Builtin(&["posix", "nt"]) => RECORD;
    CurrentThread = Global(&THREADING) "current_thread" Function("current_thread") => RECORD;
    Clock = Global(&TIME) "time" Builtin(&["time"]) => RECORD.and(Part::TIMED);
    ClockNs = Global(&TIME) "time_ns" Builtin(&["time"]) => RECORD;
    StartTime = Global(&LOGGING) "_startTime" Setting => RECORD;
    LevelNames = Global(&LOGGING) "_levelToName" Setting => RECORD;
    LogThreads = Global(&LOGGING) "logThreads" Setting => RECORD;
    LogMultiprocessing = Global(&LOGGING) "logMultiprocessing" Setting => RECORD;
    LogProcesses = Global(&LOGGING) "logProcesses" Setting => RECORD;
    LogAsyncioTasks = Global(&LOGGING) "logAsyncioTasks" Setting => RECORD;
    Modules = Global(&SYS) "modules" Setting => RECORD;
    Multiprocessing = Loaded "multiprocessing" Setting => RECORD;
    Asyncio = Loaded "asyncio" Setting => RECORD;
    GetIdent = Global(&THREADING) "get_ident" Setting => RECORD;
    Active = Global(&THREADING) "_active" Setting => RECORD;
    DummyThread = Global(&THREADING) "_DummyThread" Setting => RECORD;
    Thread = Global(&THREADING) "Thread" Setting => Part::THREAD_NAME;
    ThreadGet = Attribute(Thread) "__getattribute__" OfObject => Part::THREAD_NAME;
    ThreadName = Attribute(Thread) "name" Function("Thread.name") => Part::THREAD_NAME;
    MainThread = Global(&THREADING) "_MainThread" Setting => Part::THREAD_NAME;
    MainThreadGet = Attribute(MainThread) "__getattribute__" OfObject => Part::THREAD_NAME;
    MainThreadName = Attribute(MainThread) "name" Same(ThreadName) => Part::THREAD_NAME;

    // Loggers.
    Logger = Global(&LOGGING) "Logger" Setting => RECORD.and(Part::LOGGER);
    Log = Attribute(Logger) "_log" Function("Logger._log") => RECORD;
    MakeRecord = Attribute(Logger) "makeRecord" Function("Logger.makeRecord") => RECORD;
    LoggerHandle = Attribute(Logger) "handle" Function("Logger.handle") => Part::LOGGER;
    LoggerFilter = Attribute(Logger) "filter" Function("Filterer.filter") => Part::LOGGER;
    CallHandlers = Attribute(Logger) "callHandlers" Function("Logger.callHandlers") => Part::LOGGER;

    // Handlers.
    Handler = Global(&LOGGING) "Handler" Setting => HANDLERS;
    Handle = Attribute(Handler) "handle" Function("Handler.handle") => HANDLERS.without(Part::NULL);
    HandlerFilter = Attribute(Handler) "filter" Function("Filterer.filter") => HANDLERS.without(Part::NULL);
    Acquire = Attribute(Handler) "acquire" Function("Handler.acquire") => HANDLERS.without(Part::NULL);
    Release = Attribute(Handler) "release" Function("Handler.release") => HANDLERS.without(Part::NULL);
    Format = Attribute(Handler) "format" Function("Handler.format") => HANDLERS.without(Part::NULL);
    Lock = Global(&THREAD) "RLock" Setting => HANDLERS.without(Part::NULL);
    DefaultFormatter = Global(&LOGGING) "_defaultFormatter" Setting => HANDLERS.without(Part::NULL);
    NullHandler = Global(&LOGGING) "NullHandler" Setting => Part::NULL;
    NullHandle = Attribute(NullHandler) "handle" Function("NullHandler.handle") => Part::NULL;
    StreamHandler = Global(&LOGGING) "StreamHandler" Class(&[]) => WRITES;
    StreamEmit = Attribute(StreamHandler) "emit" Function("StreamHandler.emit") => WRITES;
    Flush = Attribute(StreamHandler) "flush" Function("StreamHandler.flush") => WRITES;
    FileHandler = Global(&LOGGING) "FileHandler" Class(&[]) => WRITES_FILE;
    FileEmit = Attribute(FileHandler) "emit" Function("FileHandler.emit") => WRITES_FILE;
    Filter = Global(&LOGGING) "Filter" Class(&["name", "nlen"]) => Part::FILTER;
    FilterFilter = Attribute(Filter) "filter" Function("Filter.filter") => Part::FILTER;

    // Handlers of `logging.handlers`.
    OfHandlers = Loaded "logging.handlers" Setting => ROTATES.and(Part::QUEUE);
    BaseRotatingHandler = Global(&OF_HANDLERS) "BaseRotatingHandler" Setting => ROTATES;
    RotatingEmit = Attribute(BaseRotatingHandler) "emit" Function("BaseRotatingHandler.emit") => ROTATES;
    LoggingOfHandlers = Global(&OF_HANDLERS) "logging" Module => ROTATES;
    RotatingFileHandler = Global(&OF_HANDLERS) "RotatingFileHandler" Setting => Part::ROTATING;
    IsFull = Attribute(RotatingFileHandler) "shouldRollover" Function("RotatingFileHandler.shouldRollover") => Part::ROTATING;
    TimedHandler = Global(&OF_HANDLERS) "TimedRotatingFileHandler" Setting => Part::TIMED;
    IsTime = Attribute(TimedHandler) "shouldRollover" Function("TimedRotatingFileHandler.shouldRollover") => Part::TIMED;
    TimeOfHandlers = Global(&OF_HANDLERS) "time" Module => Part::TIMED;
    QueueHandler = Global(&OF_HANDLERS) "QueueHandler" Setting => Part::QUEUE;
    QueueEmit = Attribute(QueueHandler) "emit" Function("QueueHandler.emit") => Part::QUEUE;
    Prepare = Attribute(QueueHandler) "prepare" Function("QueueHandler.prepare") => Part::QUEUE;
    Enqueue = Attribute(QueueHandler) "enqueue" Function("QueueHandler.enqueue") => Part::QUEUE;
    CopyOfHandlers = Global(&OF_HANDLERS) "copy" Module => Part::QUEUE;
    Copy = Global(&COPY) "copy" Function("copy") => Part::QUEUE;
    Dispatch = Global(&COPY) "_copy_dispatch" Setting => Part::QUEUE;
    DispatchOfRecord = EntryOfRecord(&COPY) "_copy_dispatch" Absent => Part::QUEUE;
    AtomicTypes = Global(&COPY) "_copy_atomic_types" Setting => Part::QUEUE;
    Containers = Global(&COPY) "_copy_builtin_containers" Setting => Part::QUEUE;
    Reducers = Global(&COPYREG) "dispatch_table" Setting => Part::QUEUE;
    ReducerOfRecord = EntryOfRecord(&COPYREG) "dispatch_table" Absent => Part::QUEUE;

    // Formatters.
    GetMessage = Attribute(LogRecord) "getMessage" Function("LogRecord.getMessage") => Part::FORMATTER;
    Formatter = Global(&LOGGING) "Formatter" Class(&["_style", "datefmt", "__bool__", "__len__"]) => Part::FORMATTER;
    FormatterFormat = Attribute(Formatter) "format" Function("Formatter.format") => Part::FORMATTER;
    UsesTime = Attribute(Formatter) "usesTime" Function("Formatter.usesTime") => Part::FORMATTER;
    FormatTime = Attribute(Formatter) "formatTime" Function("Formatter.formatTime") => Part::TIME;
    FormatMessage = Attribute(Formatter) "formatMessage" Function("Formatter.formatMessage") => Part::FORMATTER;
    PercentStyle = Global(&LOGGING) "PercentStyle" Class(&["_fmt", "_defaults"]) => STYLES;
    PercentUsesTime = Attribute(PercentStyle) "usesTime" Function("PercentStyle.usesTime") => Part::PERCENT.and(Part::BRACE);
    PercentSearch = Attribute(PercentStyle) "asctime_search" Str("%(asctime)") => Part::PERCENT;
    PercentFormat = Attribute(PercentStyle) "format" Function("PercentStyle.format") => STYLES;
    PercentFill = Attribute(PercentStyle) "_format" Function("PercentStyle._format") => Part::PERCENT;
    BraceStyle = Global(&LOGGING) "StrFormatStyle" Class(&["_fmt", "_defaults"]) => Part::BRACE;
    BraceUsesTime = Attribute(BraceStyle) "usesTime" Same(PercentUsesTime) => Part::BRACE;
    BraceSearch = Attribute(BraceStyle) "asctime_search" Str("{asctime") => Part::BRACE;
    BraceFormat = Attribute(BraceStyle) "format" Same(PercentFormat) => Part::BRACE;
    BraceFill = Attribute(BraceStyle) "_format" Function("StrFormatStyle._format") => Part::BRACE;
    DollarStyle = Global(&LOGGING) "StringTemplateStyle" Class(&["_fmt", "_defaults", "_tpl"]) => Part::DOLLAR;
    DollarUsesTime = Attribute(DollarStyle) "usesTime" Function("StringTemplateStyle.usesTime") => Part::DOLLAR;
    DollarSearch = Attribute(DollarStyle) "asctime_search" Str("${asctime}") => Part::DOLLAR;
    DollarFormat = Attribute(DollarStyle) "format" Same(PercentFormat) => Part::DOLLAR;
    DollarFill = Attribute(DollarStyle) "_format" Function("StringTemplateStyle._format") => Part::DOLLAR;
    Converter = Attribute(Formatter) "converter" Setting => Part::TIME;
    TimeFormat = Attribute(Formatter) "default_time_format" Setting => Part::TIME;
    MillisecondsFormat = Attribute(Formatter) "default_msec_format" Setting => Part::TIME;
    LocalTime = Global(&TIME) "localtime" Builtin(&["time"]) => Part::TIME;
    UtcTime = Global(&TIME) "gmtime" Builtin(&["time"]) => Part::TIME;
    StrfTime = Global(&TIME) "strftime" Builtin(&["time"]) => Part::TIME;
    // `time.tzset` makes another one.
    ZoneNames = Global(&TIME) "tzname" Setting => Part::TIME;
    Environ = Global(&OS) "environ" Setting => Part::TIME;
    Zone = Environment "TZ" Setting => Part::TIME;
}

/// Where the stock object of that row would be, for a person: `logging.Handler.emit`.
pub(crate) fn path(row: Row) -> String {
    let entry = &TABLE[row as usize];
    match &entry.place {
        Location::Global(module) => format!("{}.{}", module.name(), entry.name),
        Location::Attribute(class) => format!("{}.{}", path(*class), entry.name),
        Location::Loaded => format!("sys.modules[\"{}\"]", entry.name),
        Location::Environment => format!("os.environ[\"{}\"]", entry.name),
        Location::EntryOfRecord(module) => format!("{}.{}[LogRecord]", module.name(), entry.name),
    }
}
