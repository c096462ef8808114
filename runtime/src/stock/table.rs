//! The table of what pylog expects of Python.

use super::known;
use crate::python::library::{
    COPY_GLOBALS, COPYREG_GLOBALS, Globals, HANDLERS_GLOBALS, LOGGING_GLOBALS, OS_GLOBALS,
    PATH_GLOBALS, SYS_GLOBALS, THREAD_GLOBALS, THREADING_GLOBALS, TIME_GLOBALS,
};
use crate::raw::thin::Name;

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

/// Where an object is.
pub(crate) enum Location {
    /// A global name of a module.
    Global(Name),
    /// An attribute of a class, which is another row.
    Attribute(Row),
    /// A module that the program may have imported: in `sys.modules`.
    Loaded,
    /// A variable of the environment.
    Environment,
    /// An entry of the dict that is a global name of a module: the one of `LogRecord`.
    EntryOfRecord(Name),
}

/// The global names of a module that rows are in.
pub(super) fn globals(module: Name) -> &'static Globals {
    let mut all = MODULES.iter().copied();
    all.find(|it| it.name() == module).unwrap_or(&SYS_GLOBALS)
}

static MODULES: [&Globals; 10] = [
    &LOGGING_GLOBALS,
    &HANDLERS_GLOBALS,
    &COPY_GLOBALS,
    &COPYREG_GLOBALS,
    &OS_GLOBALS,
    &PATH_GLOBALS,
    &SYS_GLOBALS,
    &THREAD_GLOBALS,
    &THREADING_GLOBALS,
    &TIME_GLOBALS,
];

/// The names of attributes that a class must not have, filled up with the empty name, which none has.
const fn without(names: &[Name]) -> [Name; 4] {
    let mut all = [Name::empty; 4];
    let mut index = 0;
    while index < names.len() {
        all[index] = names[index];
        index += 1;
    }
    all
}

/// What an object must be.
pub(crate) enum Expected {
    /// A function of Python code, by the place of its [known fingerprints](super::known): a function of the module, the
    /// method of a class, or the getter of a property.
    Function(u8),
    /// A function that is written in C, of one of these modules.
    Builtin([Name; 2]),
    /// The module in which pylog looks the other rows up.
    Module(Name),
    /// A class whose instances are laid out as those of `object`, and that has only the attributes [`OF_RECORD`].
    RecordClass,
    /// A class that reads the attributes of its instances as `object` does, and has none of these itself.
    Class([Name; 4]),
    /// The attribute that `object` has.
    OfObject,
    /// The object of another row.
    Same(Row),
    /// A text.
    Str(Name),
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
        matches!(self, Expected::RecordClass | Expected::Class(_))
    }
}

pub(crate) struct Expectation {
    pub(crate) place: Location,
    /// The name at that place.
    pub(crate) name: Name,
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
pub(super) const OF_RECORD: &[Name] = &[
    Name::__dict__,
    Name::__doc__,
    Name::__firstlineno__,
    Name::__init__,
    Name::__module__,
    Name::__repr__,
    Name::__slotnames__,
    Name::__static_attributes__,
    Name::__weakref__,
    Name::getMessage,
];

macro_rules! table {
    ($($row:ident = $place:ident $(($of:expr))? $name:ident $expected:ident $(($what:expr))? => $parts:expr;)*) => {
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
                name: Name::$name,
                expected: Expected::$expected $(($what))?,
                parts: $parts,
            }),*]
        };

        pub(crate) const ROWS: [Row; TABLE.len()] = [$(Row::$row),*];
    };
}

table! {
    // Making a record.
    LogRecord = Global(Name::logging) LogRecord RecordClass => READS_RECORD;
    Init = Attribute(LogRecord) __init__ Function(known::place("LogRecord.__init__")) => RECORD;
    Factory = Global(Name::logging) _logRecordFactory Same(LogRecord) => RECORD;
    GetLevelName = Global(Name::logging) getLevelName Function(known::place("getLevelName")) => RECORD;
    Os = Global(Name::logging) os Module(Name::os) => RECORD;
    Sys = Global(Name::logging) sys Module(Name::sys) => RECORD;
    Threading = Global(Name::logging) threading Module(Name::threading) => RECORD;
    Time = Global(Name::logging) time Module(Name::time) => RECORD.and(Part::TIME);
    IsInstance = Global(Name::logging) isinstance Absent => READS_RECORD.and(HANDLERS).and(Part::LOGGER);
    Str = Global(Name::logging) str Absent => READS_RECORD;
    HasAttr = Global(Name::logging) hasattr Absent => RECORD.and(HANDLERS).and(Part::LOGGER);
    Len = Global(Name::logging) len Absent => RECORD.and(Part::FILTER);
    Int = Global(Name::logging) int Absent => RECORD;
    Path = Global(Name::os) path Module(PATH_GLOBALS.name()) => RECORD;
    Basename = Global(PATH_GLOBALS.name()) basename Setting => RECORD;
    SplitExt = Global(PATH_GLOBALS.name()) splitext Setting => RECORD;
    GetPid = Global(Name::os) getpid Builtin([Name::posix, Name::nt]) => RECORD;
    CurrentThread = Global(Name::threading) current_thread Function(known::place("current_thread")) => RECORD;
    Clock = Global(Name::time) time Builtin([Name::time, Name::time]) => RECORD.and(Part::TIMED);
    ClockNs = Global(Name::time) time_ns Builtin([Name::time, Name::time]) => RECORD;
    StartTime = Global(Name::logging) _startTime Setting => RECORD;
    LevelNames = Global(Name::logging) _levelToName Setting => RECORD;
    LogThreads = Global(Name::logging) logThreads Setting => RECORD;
    LogMultiprocessing = Global(Name::logging) logMultiprocessing Setting => RECORD;
    LogProcesses = Global(Name::logging) logProcesses Setting => RECORD;
    LogAsyncioTasks = Global(Name::logging) logAsyncioTasks Setting => RECORD;
    Modules = Global(Name::sys) modules Setting => RECORD;
    Multiprocessing = Loaded multiprocessing Setting => RECORD;
    Asyncio = Loaded asyncio Setting => RECORD;
    GetIdent = Global(Name::threading) get_ident Setting => RECORD;
    Active = Global(Name::threading) _active Setting => RECORD;
    DummyThread = Global(Name::threading) _DummyThread Setting => RECORD;
    Thread = Global(Name::threading) Thread Setting => Part::THREAD_NAME;
    ThreadGet = Attribute(Thread) __getattribute__ OfObject => Part::THREAD_NAME;
    ThreadName = Attribute(Thread) name Function(known::place("Thread.name")) => Part::THREAD_NAME;
    MainThread = Global(Name::threading) _MainThread Setting => Part::THREAD_NAME;
    MainThreadGet = Attribute(MainThread) __getattribute__ OfObject => Part::THREAD_NAME;
    MainThreadName = Attribute(MainThread) name Same(ThreadName) => Part::THREAD_NAME;

    // Loggers.
    Logger = Global(Name::logging) Logger Setting => RECORD.and(Part::LOGGER);
    Log = Attribute(Logger) _log Function(known::place("Logger._log")) => RECORD;
    MakeRecord = Attribute(Logger) makeRecord Function(known::place("Logger.makeRecord")) => RECORD;
    LoggerHandle = Attribute(Logger) handle Function(known::place("Logger.handle")) => Part::LOGGER;
    LoggerFilter = Attribute(Logger) filter Function(known::place("Filterer.filter")) => Part::LOGGER;
    CallHandlers = Attribute(Logger) callHandlers Function(known::place("Logger.callHandlers")) => Part::LOGGER;

    // Handlers.
    Handler = Global(Name::logging) Handler Setting => HANDLERS;
    Handle = Attribute(Handler) handle Function(known::place("Handler.handle")) => HANDLERS.without(Part::NULL);
    HandlerFilter = Attribute(Handler) filter Function(known::place("Filterer.filter")) => HANDLERS.without(Part::NULL);
    Acquire = Attribute(Handler) acquire Function(known::place("Handler.acquire")) => HANDLERS.without(Part::NULL);
    Release = Attribute(Handler) release Function(known::place("Handler.release")) => HANDLERS.without(Part::NULL);
    Format = Attribute(Handler) format Function(known::place("Handler.format")) => HANDLERS.without(Part::NULL);
    Lock = Global(Name::_thread) RLock Setting => HANDLERS.without(Part::NULL);
    DefaultFormatter = Global(Name::logging) _defaultFormatter Setting => HANDLERS.without(Part::NULL);
    NullHandler = Global(Name::logging) NullHandler Setting => Part::NULL;
    NullHandle = Attribute(NullHandler) handle Function(known::place("NullHandler.handle")) => Part::NULL;
    StreamHandler = Global(Name::logging) StreamHandler Class(without(&[])) => WRITES;
    StreamEmit = Attribute(StreamHandler) emit Function(known::place("StreamHandler.emit")) => WRITES;
    Flush = Attribute(StreamHandler) flush Function(known::place("StreamHandler.flush")) => WRITES;
    FileHandler = Global(Name::logging) FileHandler Class(without(&[])) => WRITES_FILE;
    FileEmit = Attribute(FileHandler) emit Function(known::place("FileHandler.emit")) => WRITES_FILE;
    Filter = Global(Name::logging) Filter Class(without(&[Name::name, Name::nlen])) => Part::FILTER;
    FilterFilter = Attribute(Filter) filter Function(known::place("Filter.filter")) => Part::FILTER;

    // Handlers of `logging.handlers`.
    OfHandlers = Loaded logging_handlers Setting => ROTATES.and(Part::QUEUE);
    BaseRotatingHandler = Global(Name::logging_handlers) BaseRotatingHandler Setting => ROTATES;
    RotatingEmit = Attribute(BaseRotatingHandler) emit Function(known::place("BaseRotatingHandler.emit")) => ROTATES;
    LoggingOfHandlers = Global(Name::logging_handlers) logging Module(Name::logging) => ROTATES;
    RotatingFileHandler = Global(Name::logging_handlers) RotatingFileHandler Setting => Part::ROTATING;
    IsFull = Attribute(RotatingFileHandler) shouldRollover Function(known::place("RotatingFileHandler.shouldRollover")) => Part::ROTATING;
    TimedHandler = Global(Name::logging_handlers) TimedRotatingFileHandler Setting => Part::TIMED;
    IsTime = Attribute(TimedHandler) shouldRollover Function(known::place("TimedRotatingFileHandler.shouldRollover")) => Part::TIMED;
    TimeOfHandlers = Global(Name::logging_handlers) time Module(Name::time) => Part::TIMED;
    QueueHandler = Global(Name::logging_handlers) QueueHandler Setting => Part::QUEUE;
    QueueEmit = Attribute(QueueHandler) emit Function(known::place("QueueHandler.emit")) => Part::QUEUE;
    Prepare = Attribute(QueueHandler) prepare Function(known::place("QueueHandler.prepare")) => Part::QUEUE;
    Enqueue = Attribute(QueueHandler) enqueue Function(known::place("QueueHandler.enqueue")) => Part::QUEUE;
    CopyOfHandlers = Global(Name::logging_handlers) copy Module(Name::copy) => Part::QUEUE;
    Copy = Global(Name::copy) copy Function(known::place("copy")) => Part::QUEUE;
    Dispatch = Global(Name::copy) _copy_dispatch Setting => Part::QUEUE;
    DispatchOfRecord = EntryOfRecord(Name::copy) _copy_dispatch Absent => Part::QUEUE;
    AtomicTypes = Global(Name::copy) _copy_atomic_types Setting => Part::QUEUE;
    Containers = Global(Name::copy) _copy_builtin_containers Setting => Part::QUEUE;
    Reducers = Global(Name::copyreg) dispatch_table Setting => Part::QUEUE;
    ReducerOfRecord = EntryOfRecord(Name::copyreg) dispatch_table Absent => Part::QUEUE;

    // Formatters.
    GetMessage = Attribute(LogRecord) getMessage Function(known::place("LogRecord.getMessage")) => Part::FORMATTER;
    Formatter = Global(Name::logging) Formatter Class(without(&[Name::_style, Name::datefmt, Name::__bool__, Name::__len__])) => Part::FORMATTER;
    FormatterFormat = Attribute(Formatter) format Function(known::place("Formatter.format")) => Part::FORMATTER;
    UsesTime = Attribute(Formatter) usesTime Function(known::place("Formatter.usesTime")) => Part::FORMATTER;
    FormatTime = Attribute(Formatter) formatTime Function(known::place("Formatter.formatTime")) => Part::TIME;
    FormatMessage = Attribute(Formatter) formatMessage Function(known::place("Formatter.formatMessage")) => Part::FORMATTER;
    PercentStyle = Global(Name::logging) PercentStyle Class(without(&[Name::_fmt, Name::_defaults])) => STYLES;
    PercentUsesTime = Attribute(PercentStyle) usesTime Function(known::place("PercentStyle.usesTime")) => Part::PERCENT.and(Part::BRACE);
    PercentSearch = Attribute(PercentStyle) asctime_search Str(Name::percent_asctime) => Part::PERCENT;
    PercentFormat = Attribute(PercentStyle) format Function(known::place("PercentStyle.format")) => STYLES;
    PercentFill = Attribute(PercentStyle) _format Function(known::place("PercentStyle._format")) => Part::PERCENT;
    BraceStyle = Global(Name::logging) StrFormatStyle Class(without(&[Name::_fmt, Name::_defaults])) => Part::BRACE;
    BraceUsesTime = Attribute(BraceStyle) usesTime Same(PercentUsesTime) => Part::BRACE;
    BraceSearch = Attribute(BraceStyle) asctime_search Str(Name::brace_asctime) => Part::BRACE;
    BraceFormat = Attribute(BraceStyle) format Same(PercentFormat) => Part::BRACE;
    BraceFill = Attribute(BraceStyle) _format Function(known::place("StrFormatStyle._format")) => Part::BRACE;
    DollarStyle = Global(Name::logging) StringTemplateStyle Class(without(&[Name::_fmt, Name::_defaults, Name::_tpl])) => Part::DOLLAR;
    DollarUsesTime = Attribute(DollarStyle) usesTime Function(known::place("StringTemplateStyle.usesTime")) => Part::DOLLAR;
    DollarSearch = Attribute(DollarStyle) asctime_search Str(Name::dollar_asctime) => Part::DOLLAR;
    DollarFormat = Attribute(DollarStyle) format Same(PercentFormat) => Part::DOLLAR;
    DollarFill = Attribute(DollarStyle) _format Function(known::place("StringTemplateStyle._format")) => Part::DOLLAR;
    Converter = Attribute(Formatter) converter Setting => Part::TIME;
    TimeFormat = Attribute(Formatter) default_time_format Setting => Part::TIME;
    MillisecondsFormat = Attribute(Formatter) default_msec_format Setting => Part::TIME;
    LocalTime = Global(Name::time) localtime Builtin([Name::time, Name::time]) => Part::TIME;
    UtcTime = Global(Name::time) gmtime Builtin([Name::time, Name::time]) => Part::TIME;
    StrfTime = Global(Name::time) strftime Builtin([Name::time, Name::time]) => Part::TIME;
    // `time.tzset` makes another one.
    ZoneNames = Global(Name::time) tzname Setting => Part::TIME;
    Environ = Global(Name::os) environ Setting => Part::TIME;
    Zone = Environment TZ Setting => Part::TIME;
}

/// Where the stock object of that row would be, for a person: `logging.Handler.emit`.
pub(crate) fn path(row: Row) -> String {
    let entry = &TABLE[row as usize];
    let name = entry.name.text();
    match &entry.place {
        Location::Global(module) => format!("{}.{name}", module.text()),
        Location::Attribute(class) => format!("{}.{name}", path(*class)),
        Location::Loaded => format!("sys.modules[\"{name}\"]"),
        Location::Environment => format!("os.environ[\"{name}\"]"),
        Location::EntryOfRecord(module) => {
            format!("{}.{name}[LogRecord]", module.text())
        }
    }
}
