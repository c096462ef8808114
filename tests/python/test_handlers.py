"""A handler of `logging` does the same with a record from Rust as with one from Python: the same bytes in its file, the
same attributes of the record, the same report of an error.

Each case builds two handlers in the same way. Rust's record goes to the first one, in a logger; Python's own
`handle` gives a record with the same attributes to the other one.
"""

import collections
import contextlib
import copy
import functools
import io
import itertools
import locale
import logging
import logging.handlers
import os
import queue
import re
import string
import sys
import threading
import time
import traceback
import types
import weakref
from unittest import mock

from freeing import free
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from programs.collecting import Collector
from pylog_probe import _native
from waiting import needs_handling

NAME = "handled"


class Case:
    """One of the two handlers, and what it leaves behind."""

    def __init__(self, directory, who):
        self.path = os.path.join(directory, who, "log")
        os.makedirs(os.path.dirname(self.path), exist_ok=True)
        self.events = []
        self.queue = queue.Queue(2)
        self.streams = []
        self.handler = None

    def result(self):
        directory = os.path.dirname(self.path)
        for stream in self.streams:
            with contextlib.suppress(Exception):
                stream.flush()
        files = {}
        for name in sorted(os.listdir(directory)):
            with open(os.path.join(directory, name), "rb") as file:
                files[name] = file.read()
        queued = []
        while not self.queue.empty():
            queued.append(vars(self.queue.get()))
        streams = [s.getvalue() for s in self.streams if isinstance(s, io.StringIO) and not s.closed]
        return files, queued, streams, self.events


# Streams


class Own:
    """A stream that isn't one of `io`."""

    def __init__(self, case, fails=None):
        self.case, self.fails = case, fails

    def write(self, text):
        self.case.events.append(text)
        if self.fails == "write":
            raise OSError("in write")


class Flushing(Own):
    def flush(self):
        self.case.events.append("flush")
        if self.fails == "flush":
            raise OSError("in flush")
        if self.fails == "attribute":
            raise AttributeError("in flush")


class Falsy(Flushing):
    def __bool__(self):
        return False


class Told(Flushing):
    """Records what it is asked for. It stays empty."""

    def seek(self, *where):
        self.case.events.append("seek")

    def tell(self):
        self.case.events.append("tell")
        return 0


class Changing(Flushing):
    """Changes its handler, or the handler's class, after it has written."""

    def __init__(self, case, change):
        super().__init__(case)
        self.change = change

    def write(self, text):
        super().write(text)
        self.change(self.case.handler)


def recorded_flush(handler):
    handler.case.events.append("its own flush")


STOCK_FLUSH = logging.StreamHandler.flush


def patch_flush(handler):
    """`compare` puts the stock one back."""
    logging.StreamHandler.flush = recorded_flush


def replace_dict(handler):
    handler.__dict__ = {**vars(handler), "stream": Flushing(handler.case)}
    handler.case.events.append("replaced")


def replace_class(handler):
    handler.__class__ = RecordedFlush


def remove_stream(handler):
    del handler.stream


def remove_lock(handler):
    handler.lock = None


class Interrupting(Own):
    def write(self, text):
        raise RecursionError("deep")


def closed_file(case):
    stream = open(case.path, "w")
    stream.close()
    return stream


STREAMS = {
    "StringIO": lambda case: io.StringIO(),
    "file": lambda case: open(case.path, "w", encoding="utf-8"),
    "ASCII file": lambda case: open(case.path, "w", encoding="ascii"),
    "closed": closed_file,
    "none": lambda case: None,
    "own": Own,
    "flushing": Flushing,
    "falsy": Falsy,
    "failing write": lambda case: Own(case, "write"),
    "failing flush": lambda case: Flushing(case, "flush"),
    "flush without an attribute": lambda case: Flushing(case, "attribute"),
    "recursion": Interrupting,
    "setting flush": lambda case: Changing(
        case, lambda handler: setattr(handler, "flush", lambda: recorded_flush(handler))
    ),
    "patching flush": lambda case: Changing(case, patch_flush),
    "replacing the dict": lambda case: Changing(case, replace_dict),
    "replacing the class": lambda case: Changing(case, replace_class),
    "removing itself": lambda case: Changing(case, remove_stream),
    "replaced by None": lambda case: Changing(case, lambda handler: setattr(handler, "stream", None)),
    "removing the lock": lambda case: Changing(case, remove_lock),
}

# Handlers


class OwnEmit(logging.StreamHandler):
    def emit(self, record):
        record.mine = 1
        super().emit(record)


class OwnFormat(logging.StreamHandler):
    def format(self, record):
        return "formatted " + super().format(record)


class OwnFlush(logging.StreamHandler):
    def flush(self):
        super().flush()


class OwnError(logging.StreamHandler):
    def handleError(self, record):
        error = sys.exc_info()[1]
        entries = traceback.extract_tb(error.__traceback__)
        # Without the Rust call, below whose frame Python's formatters run.
        own = [it for it in entries if not is_of_logging(it.filename) and not it.filename.endswith(".rs")]
        lines = [entry.lineno for entry in own]
        self.case.events.append(["error", repr(error), lines, record.getMessage()])


class RecordedFlush(logging.StreamHandler):
    flush = recorded_flush


class RecordedFlushOfFile(logging.FileHandler):
    flush = recorded_flush


class RecordedFlushOfRotating(logging.handlers.RotatingFileHandler):
    flush = recorded_flush


class Meta(type):
    """What its classes say of themselves isn't what their instances find."""

    emit = property(lambda self: logging.StreamHandler.emit)


class OwnMeta(logging.StreamHandler, metaclass=Meta):
    def emit(self, record):
        self.case.events.append(record.getMessage())


class OwnDict(logging.StreamHandler):
    """Its `__dict__` isn't where Python finds its attributes."""

    @property
    def __dict__(self):
        own = logging.Filterer.__dict__["__dict__"].__get__(self)
        return own.setdefault("shown", {**own, "terminator": "<shown>"})

    @__dict__.setter
    def __dict__(self, new):
        logging.Filterer.__dict__["__dict__"].__set__(self, new)


class PropertyAsTerminator(logging.StreamHandler):
    """Python takes the property, whatever its own attribute is."""

    def __init__(self, stream):
        super().__init__(stream)
        vars(self)["terminator"] = "<own>"

    @property
    def terminator(self):
        return "<property>"


class OwnTerminator(logging.FileHandler):
    terminator = " ü\r\n"


class OwnFilter(logging.StreamHandler):
    def filter(self, record):
        return len(record.getMessage()) % 2 == 0


class OwnStream(logging.StreamHandler):
    """Without a `stream` of its own."""

    @property
    def stream(self):
        return self.case.property_stream

    @stream.setter
    def stream(self, stream):
        self.case_stream = stream


class Plain(logging.FileHandler):
    pass


class Untimely(logging.handlers.TimedRotatingFileHandler):
    def shouldRollover(self, record):
        return False


def untimely(case):
    handler = Untimely(case.path)
    handler.rolloverAt = 0
    return handler


OF_LOGGING = os.path.dirname(logging.__file__) + os.sep


def is_of_logging(path):
    return path.startswith(OF_LOGGING)


def over_stream(handler_class):
    def make(case, stream):
        handler = handler_class(io.StringIO())
        handler.case = case
        case.property_stream = handler.stream = STREAMS[stream](case)
        case.streams.append(handler.stream)
        return handler

    return make


def over_file(handler_class, **options):
    return lambda case, stream: handler_class(case.path, encoding="utf-8", **options)


def timed(case, stream):
    handler = logging.handlers.TimedRotatingFileHandler(case.path, when="S", interval=1000)
    # The rotated file is named after this time, which would else be that at which each twin was made.
    handler.rolloverAt = DUE - 100
    if stream in ("own", "falsy"):
        handler.rolloverAt = 0
        handler.computeRollover = lambda now: now + 10000
        handler.rotation_filename = lambda name: case.path + ".rotated"
    return handler


def due(case, stream):
    """It is time for another file at `DUE`, to the second."""
    handler = timed(case, "own")
    handler.rolloverAt = DUE
    return handler


DUE = 2_000_000_000


def unbounded(case, stream):
    return logging.handlers.QueueHandler(queue.SimpleQueue())


STREAM_HANDLERS = (
    OwnEmit,
    OwnFormat,
    OwnFlush,
    OwnError,
    OwnFilter,
    OwnStream,
    RecordedFlush,
    OwnMeta,
    OwnDict,
    PropertyAsTerminator,
)
HANDLERS = {
    "NullHandler": lambda case, stream: logging.NullHandler(),
    "StreamHandler": over_stream(logging.StreamHandler),
    "FileHandler": over_file(logging.FileHandler),
    "delayed FileHandler": over_file(logging.FileHandler, delay=True),
    "writing FileHandler": over_file(logging.FileHandler, mode="w"),
    "RotatingFileHandler": over_file(logging.handlers.RotatingFileHandler, maxBytes=150, backupCount=3),
    "large RotatingFileHandler": over_file(logging.handlers.RotatingFileHandler, maxBytes=1 << 40),
    "endless RotatingFileHandler": over_file(logging.handlers.RotatingFileHandler),
    "delayed RotatingFileHandler": over_file(
        logging.handlers.RotatingFileHandler, maxBytes=60, backupCount=2, delay=True
    ),
    "TimedRotatingFileHandler": timed,
    "due TimedRotatingFileHandler": due,
    "WatchedFileHandler": over_file(logging.handlers.WatchedFileHandler),
    "QueueHandler": lambda case, stream: logging.handlers.QueueHandler(case.queue),
    "MemoryHandler": lambda case, stream: logging.handlers.MemoryHandler(2, target=over_stream(
        logging.StreamHandler)(case, stream)),
    **{c.__name__: over_stream(c) for c in STREAM_HANDLERS},
    "OwnTerminator": over_file(OwnTerminator),
    "Plain": over_file(Plain),
    "RecordedFlushOfFile": over_file(RecordedFlushOfFile),
    "RecordedFlushOfRotating": over_file(RecordedFlushOfRotating),
    "Untimely": over_file(Untimely),
    "due Untimely": lambda case, stream: untimely(case),
}
# Of three lines, some fit and some don't.
SIZES = {
    f"RotatingFileHandler of {size} bytes": over_file(
        logging.handlers.RotatingFileHandler, maxBytes=size, backupCount=5
    )
    for size in range(-1, 60)
}

# Formatters


class OwnTime(logging.Formatter):
    def formatTime(self, record, datefmt=None):
        return f"at {record.created:.0f}"


class Utc(logging.Formatter):
    converter = time.gmtime
    default_msec_format = "%s.%06d"


class Silent(logging.Formatter):
    default_msec_format = None


class Falsely(logging.Formatter):
    def __len__(self):
        return 0


class ReplacingDict(logging.Formatter):
    """Removes what others shall not see."""

    def format(self, record):
        record.__dict__ = {**vars(record), "secret": "removed"}
        return super().format(record)


class ReplacingClass(logging.Formatter):
    def format(self, record):
        record.__class__ = Subclass
        return super().format(record)


class Json(logging.Formatter):
    """Doesn't use the stock `format`."""

    def format(self, record):
        return repr((record.levelname, record.getMessage()))


class Raising(logging.Formatter):
    def format(self, record):
        raise KeyError("in format")


class Interrupted(logging.Formatter):
    def format(self, record):
        raise RecursionError("in format")


class ChangingHandler(logging.Formatter):
    def __init__(self, handler):
        super().__init__("%(message)s")
        self.handler = handler

    def format(self, record):
        self.handler.terminator += "!"
        return super().format(record)


class Upper(collections.OrderedDict):
    """Keeps its class when it is merged with another dict."""

    def __getitem__(self, name):
        return str(super().__getitem__(name)).upper()


FORMATS = {
    "%": [
        None,
        "%(message)s",
        "%(asctime)s %(name)s %(levelname)s %(message)s",
        "%(asctime)s.%(msecs)03d [%(levelname)-8s] %(name)20s:%(lineno)d %% %(message)s",
        "%(asctime)-30s|%(process)d|%(thread)d|%(funcName)s|%(message).3s",
        "%(levelno)05d %(lineno)-6d| %(created)f %(msecs)d %(message)r %(taskName)s",
        "%(missing)s %(message)s",
        "%(message)d",
        "näïve %(message)s ☃",
        "no field",
        "%(message)s %",
    ],
    "{": [None, "{asctime} {levelname:>8} {message}", "{message} {missing}", "{message!r} {lineno:05d}"],
    "$": [None, "$asctime ${levelname} $message", "${message} $missing", "$$ $message ${asctime}"],
}
DATE_FORMATS = [None, None, "", "%H:%M:%S", "%d.%m.%Y %% %z", "%A %B %p", "%s", "%", "ü %Y"]
DEFAULTS = [None, None, {}, {"missing": "default"}, {"message": "overridden", "missing": 1}, Upper(missing="upper")]
FORMATTERS = {
    c.__name__: c
    for c in (
        logging.Formatter,
        OwnTime,
        Utc,
        Silent,
        Falsely,
        ReplacingDict,
        ReplacingClass,
        Json,
        Raising,
        Interrupted,
    )
}


def formatter(spec):
    if spec is None:
        return None
    name, style, number, date_format, defaults = spec
    format = FORMATS[style][number % len(FORMATS[style])]
    # New in Python 3.10.
    options = {"defaults": defaults} if sys.version_info >= (3, 10) else {}
    return FORMATTERS[name](format, date_format, style, validate=False, **options)


formatters = st.none() | st.tuples(
    st.sampled_from(["Formatter"] * 6 + sorted(FORMATTERS)),
    st.sampled_from("%%%{$"),
    st.integers(0, 20),
    st.sampled_from(DATE_FORMATS),
    st.sampled_from(DEFAULTS),
)

# What another handler or filter may have done to the record before


class Loud:
    def __str__(self):
        return "loud"


class OwnStr(str):
    def __str__(self):
        return "a str of its own"


class OwnFloat(float):
    def __index__(self):
        return 7

    def __trunc__(self):
        return 7

    def __int__(self):
        return 7


class OwnInt(int):
    def __str__(self):
        return "an int of its own"

    def __gt__(self, other):
        return False

    def __le__(self, other):
        return True


class OwnName(str):
    def __eq__(self, other):
        return True

    __hash__ = str.__hash__


class OwnFormatting(str):
    def __mod__(self, values):
        return "its own formatting"

    def format(self, **values):
        return "its own formatting"


class OwnList(list):
    def __iter__(self):
        return iter([refusing])


class Doubtful(str):
    """True for every second record."""

    def __bool__(self):
        return before.number % 2 == 1


class Indexed:
    """Has a value, which `logging` doesn't ask for."""

    def __init__(self, case):
        self.case = case

    def __index__(self):
        self.case.events.append("index")
        return 1


class OwnMapping(dict):
    def __getitem__(self, name):
        return str(super().__getitem__(name)).upper()


class Called:
    """Its text says how it is asked for."""

    def __str__(self):
        return "by getMessage" if "getMessage" in above() else "by something else"


class Broken:
    def __str__(self):
        raise ValueError("in __str__")


class Subclass(logging.LogRecord):
    def getMessage(self):
        return "of a subclass"


def error():
    try:
        raise ValueError("of the record")
    except ValueError:
        return sys.exc_info()


def has_args(record):
    record.msg, record.args = "%s and %s", (1, "two")


def has_wrong_args(record):
    record.args = ("too", "many")


def has_mapping(record):
    record.msg, record.args = "%(a)s %(b)d", {"a": Loud(), "b": 3}


def has_another_second(record):
    """Each record is of another one."""
    record.created = next(SECONDS)


def is_around_the_start(record):
    record.created = next(HALVES)


def is_of_no_time(record):
    """Every second one."""
    record.created = next(STARTS)


SECONDS = itertools.count(1_700_000_000.5, 61)
HALVES = itertools.cycle([0.5, -0.5])
STARTS = itertools.cycle([0.5, float("nan")])


def has_own_dict(record):
    record.__dict__ = OwnMapping(vars(record))


RECORDS = {
    "untouched": lambda record: None,
    "args": has_args,
    "wrong args": has_wrong_args,
    "mapping": has_mapping,
    "exc_info": lambda record: setattr(record, "exc_info", error()),
    "exc_text": lambda record: setattr(record, "exc_text", "text of\nan error"),
    "stack_info": lambda record: setattr(record, "stack_info", "Stack:\n  there"),
    "an object as message": lambda record: setattr(record, "msg", Loud()),
    "a broken message": lambda record: setattr(record, "msg", Broken()),
    "a number as message": lambda record: setattr(record, "msg", 7),
    "no msecs": lambda record: vars(record).pop("msecs"),
    "an int as created": lambda record: setattr(record, "created", 1_700_000_000),
    "long ago": lambda record: vars(record).update(created=-12345.678, msecs=321.0),
    "nan as created": lambda record: setattr(record, "created", float("nan")),
    "the start of time": lambda record: setattr(record, "created", 0.5),
    "a subclass of float as created": lambda record: setattr(record, "created", OwnFloat(1e9)),
    "a subclass of str as message": lambda record: setattr(record, "msg", OwnStr("text")),
    "a subclass of str as levelname": lambda record: setattr(record, "levelname", OwnStr("text")),
    "a bool as lineno": lambda record: setattr(record, "lineno", True),
    "a subclass of float as msecs": lambda record: setattr(record, "msecs", OwnFloat(5.5)),
    "a large lineno": lambda record: setattr(record, "lineno", 1e20),
    "many msecs": lambda record: setattr(record, "msecs", 1234.5),
    "false args": lambda record: vars(record).update(msg="%", args={}),
    "a key that is no string": lambda record: vars(record).update({7: 8}),
    "negative msecs": lambda record: setattr(record, "msecs", -5.5),
    "no lineno": lambda record: setattr(record, "lineno", None),
    "a surrogate": lambda record: setattr(record, "msg", "lone \ud800"),
    "getMessage": lambda record: setattr(record, "getMessage", lambda: "its own"),
    "missing": lambda record: setattr(record, "missing", 12.5),
    "class": lambda record: setattr(record, "__class__", Subclass),
    "name": lambda record: setattr(record, "name", "handled.below"),
    "similar name": lambda record: setattr(record, "name", "handledX"),
    "asctime": lambda record: vars(record).update(asctime="before", message="before"),
    **{
        f"no {name}": functools.partial(lambda name, record: vars(record).pop(name), name)
        for name in ("name", "msg", "args", "created", "exc_info", "exc_text", "stack_info")
    },
    "another second": has_another_second,
    "around the start of time": is_around_the_start,
    "the start of time and nan": is_of_no_time,
    "percent signs without args": lambda record: vars(record).update(msg="100 %%", args=()),
    "an argument that says how it is asked for": lambda record: vars(record).update(msg="%s", args=(Called(),)),
    "a subclass of str as name": lambda record: setattr(record, "name", OwnName("any")),
    "a subclass of int as levelname": lambda record: setattr(record, "levelname", OwnInt(5)),
    "a bool as levelname": lambda record: setattr(record, "levelname", True),
    "a subclass of dict": has_own_dict,
}

# Filters


def refusing(record):
    return False


def replacing(record):
    return logging.makeLogRecord({**vars(record), "msg": "replaced", "args": None})


def own_filter():
    filter = logging.Filter("other")
    filter.filter = lambda record: True
    return filter


def other_length():
    filter = logging.Filter("handledX")
    filter.nlen = len("handled")
    return filter


def no_length():
    filter = logging.Filter("other")
    filter.nlen = 0
    return filter


class FilterSubclass(logging.Filter):
    def filter(self, record):
        return not super().filter(record)


FILTERS = {
    "empty": lambda: logging.Filter(),
    "of another length": lambda: other_length(),
    "of no length": lambda: no_length(),
    "not ASCII": lambda: logging.Filter("häßlich"),
    "same": lambda: logging.Filter(NAME),
    "other": lambda: logging.Filter("other"),
    "below": lambda: logging.Filter("handled.below"),
    "own": own_filter,
    "subclass": lambda: FilterSubclass("other"),
    "refusing": lambda: refusing,
    "replacing": lambda: replacing,
    "no filter": lambda: 7,
}

# Patches, of what both handlers have in common


wrapped_calls = []


def wrapped(owner, name):
    original = getattr(owner, name)

    def wrapper(*args, **kwargs):
        # A logger has a filter, too.
        if not isinstance(args[0], logging.Logger):
            wrapped_calls.append(f"{owner.__name__}.{name}")
        result = original(*args, **kwargs)
        return result + "!" if isinstance(result, str) else result

    return mock.patch.object(owner, name, wrapper)


def nothing(owner, name):
    return mock.patch.object(owner, name, lambda *args, **kwargs: None)


@contextlib.contextmanager
def time_zone(name, is_told):
    before = os.environ.get("TZ")
    os.environ["TZ"] = name
    if is_told:
        time.tzset()
    try:
        yield
    finally:
        del os.environ["TZ"]
        if before is not None:
            os.environ["TZ"] = before
        time.tzset()


@contextlib.contextmanager
def stopped_logging():
    with mock.patch.object(logging, "raiseExceptions", False):
        yield


def created(owner, name, value):
    return mock.patch.object(owner, name, value, create=True)


class OwnLock:
    def __init__(self, events):
        self.events = events

    def acquire(self):
        self.events.append("acquire")

    def release(self):
        self.events.append("release")

    def __enter__(self):
        self.acquire()

    def __exit__(self, *raised):
        self.release()


def handler_property(name, value):
    """All handlers have the attribute from their class then. `value` is a function of the handler's own value and the
    handler.
    """

    def get(handler):
        return value(vars(handler)[name], handler)

    return lambda: created(
        logging.Handler, name, property(get, lambda handler, new: vars(handler).update({name: new}))
    )


def class_property(owner, name, value):
    def set(self, new):
        vars(self)[name] = new

    return lambda: created(owner, name, property(lambda self: value, set))


def record_property(name, value):
    def set(record, new):
        vars(record)[name] = vars(record)[name + " set"] = new

    return lambda: created(logging.LogRecord, name, property(lambda self: value, set))


def getting(owner, name, value):
    def get(self, wanted):
        return value if wanted == name else object.__getattribute__(self, wanted)

    return lambda: created(owner, "__getattribute__", get)


class OwnQueue:
    def __init__(self, case):
        self.case = case

    def put_nowait(self, record):
        self.case.events.append(record.msg)


def copied(record):
    copy = object.__new__(logging.LogRecord)
    vars(copy).update(vars(record), copied=True)
    return copy


def recorded_time(**functions):
    return types.SimpleNamespace(**{**vars(time), **functions})


PATCHES = {
    "Handler.handle": lambda: wrapped(logging.Handler, "handle"),
    "Handler.format": lambda: wrapped(logging.Handler, "format"),
    "Handler.acquire": lambda: wrapped(logging.Handler, "acquire"),
    "Handler.release": lambda: wrapped(logging.Handler, "release"),
    "Filterer.filter": lambda: wrapped(logging.Filterer, "filter"),
    "Filter.filter": lambda: wrapped(logging.Filter, "filter"),
    "NullHandler.handle": lambda: wrapped(logging.NullHandler, "handle"),
    "StreamHandler.emit": lambda: nothing(logging.StreamHandler, "emit"),
    "StreamHandler.flush": lambda: nothing(logging.StreamHandler, "flush"),
    "StreamHandler.terminator": lambda: mock.patch.object(logging.StreamHandler, "terminator", "|"),
    "FileHandler.emit": lambda: nothing(logging.FileHandler, "emit"),
    "a StreamHandler": lambda: mock.patch.object(logging, "StreamHandler", OwnEmit),
    "Formatter.format": lambda: wrapped(logging.Formatter, "format"),
    "Formatter.formatTime": lambda: wrapped(logging.Formatter, "formatTime"),
    "Formatter.usesTime": lambda: mock.patch.object(logging.Formatter, "usesTime", lambda self: True),
    "Formatter.formatMessage": lambda: wrapped(logging.Formatter, "formatMessage"),
    "Formatter.converter": lambda: mock.patch.object(logging.Formatter, "converter", time.gmtime),
    "Formatter.default_time_format": lambda: mock.patch.object(
        logging.Formatter, "default_time_format", "%H:%M"
    ),
    "Formatter.default_msec_format": lambda: mock.patch.object(
        logging.Formatter, "default_msec_format", "%s;%d"
    ),
    "Formatter.__len__": lambda: created(logging.Formatter, "__len__", lambda self: 0),
    "Formatter.__bool__": lambda: created(logging.Formatter, "__bool__", lambda self: False),
    "Formatter.datefmt": class_property(logging.Formatter, "datefmt", "%S"),
    "PercentStyle._format": lambda: wrapped(logging.PercentStyle, "_format"),
    "PercentStyle.format": lambda: wrapped(logging.PercentStyle, "format"),
    "PercentStyle.usesTime": lambda: mock.patch.object(
        logging.PercentStyle, "usesTime", lambda self: False
    ),
    "PercentStyle.asctime_search": lambda: mock.patch.object(
        logging.PercentStyle, "asctime_search", "(name)"
    ),
    "StrFormatStyle._format": lambda: wrapped(logging.StrFormatStyle, "_format"),
    "StrFormatStyle.asctime_search": lambda: mock.patch.object(
        logging.StrFormatStyle, "asctime_search", "message"
    ),
    "StringTemplateStyle._format": lambda: wrapped(logging.StringTemplateStyle, "_format"),
    "StringTemplateStyle.usesTime": lambda: wrapped(logging.StringTemplateStyle, "usesTime"),
    "StringTemplateStyle.format": lambda: wrapped(logging.StringTemplateStyle, "format"),
    "StrFormatStyle.usesTime": lambda: wrapped(logging.StrFormatStyle, "usesTime"),
    "StrFormatStyle.format": lambda: wrapped(logging.StrFormatStyle, "format"),
    "LogRecord.getMessage": lambda: wrapped(logging.LogRecord, "getMessage"),
    "BaseRotatingHandler.emit": lambda: nothing(logging.handlers.BaseRotatingHandler, "emit"),
    "shouldRollover": lambda: wrapped(logging.handlers.RotatingFileHandler, "shouldRollover"),
    "timed shouldRollover": lambda: wrapped(logging.handlers.TimedRotatingFileHandler, "shouldRollover"),
    "QueueHandler.prepare": lambda: mock.patch.object(
        logging.handlers.QueueHandler, "prepare", lambda self, record: record
    ),
    "QueueHandler.enqueue": lambda: nothing(logging.handlers.QueueHandler, "enqueue"),
    "QueueHandler.emit": lambda: nothing(logging.handlers.QueueHandler, "emit"),
    "copy.copy": lambda: mock.patch.object(copy, "copy", lambda record: record),
    "a copy": lambda: mock.patch.object(logging.handlers, "copy", mock.Mock(copy=lambda record: record)),
    "copyreg": lambda: mock.patch.dict(
        copy.dispatch_table, {logging.LogRecord: lambda record: "not a record"}
    ),
    "_copy_dispatch": lambda: mock.patch.dict(
        getattr(copy, "_copy_dispatch", {}), {logging.LogRecord: lambda record: record}
    ),
    "time.strftime": lambda: mock.patch.object(time, "strftime", lambda format, at: f"{format}?"),
    "another time.strftime for each record": lambda: mock.patch.object(
        time, "strftime", lambda format, at: f"{format} {before.number}"
    ),
    "time.localtime": lambda: mock.patch.object(time, "localtime", time.gmtime),
    "a default formatter": lambda: mock.patch.object(
        logging, "_defaultFormatter", logging.Formatter("default %(message)s")
    ),
    "another zone": lambda: time_zone("AAA-9", True),
    "a zone that time doesn't know of": lambda: time_zone("BBB5", False),
    "no reports": stopped_logging,
    "another time in logging": lambda: mock.patch.object(
        logging, "time", recorded_time(strftime=lambda format, at: f"{format}!")
    ),
    "another time in logging.handlers": lambda: mock.patch.object(
        logging.handlers, "time", recorded_time(time=lambda: DUE + 0.5)
    ),
    "time.time": lambda: mock.patch.object(time, "time", lambda: DUE + 0.5),
    "LogRecord.__copy__": lambda: created(logging.LogRecord, "__copy__", lambda self: copied(self)),
    "LogRecord.__reduce_ex__": lambda: mock.patch.object(
        logging.LogRecord, "__reduce_ex__", lambda self, protocol: (copied, (self,))
    ),
    "LogRecord.__getstate__": lambda: created(logging.LogRecord, "__getstate__", lambda self: {"state": 1}),
    "LogRecord.__reduce__": lambda: mock.patch.object(
        logging.LogRecord, "__reduce__", lambda self: (copied, (self,))
    ),
    "LogRecord.__getnewargs__": lambda: created(logging.LogRecord, "__getnewargs__", lambda self: 1 / 0),
    "LogRecord.__getnewargs_ex__": lambda: created(logging.LogRecord, "__getnewargs_ex__", lambda self: 1 / 0),
    "LogRecord.__setstate__": lambda: created(
        logging.LogRecord, "__setstate__", lambda self, state: vars(self).update(state, set=True)
    ),
    "LogRecord.__setattr__": lambda: created(
        logging.LogRecord, "__setattr__", lambda self, name, value: vars(self).update({name + "_": value, name: value})
    ),
    "LogRecord.__getattribute__": lambda: created(
        logging.LogRecord,
        "__getattribute__",
        lambda self, name: 7 if name == "msg" else object.__getattribute__(self, name),
    ),
    **{
        f"LogRecord.{name}": record_property(name, value)
        for name, value in [
            ("msg", "of the class"),
            ("args", (1,)),
            ("message", "of the class"),
            ("asctime", "of the class"),
            ("created", 1e9),
            ("msecs", 7.5),
            ("exc_info", (ValueError, ValueError("of the class"), None)),
            ("exc_text", "of the class"),
            ("stack_info", "of the class"),
            ("name", "other"),
        ]
    },
    **{
        f"{owner.__name__}.{name}": class_property(owner, name, value)
        for owner, name, value in [
            (logging.Formatter, "_style", logging.PercentStyle("of the class")),
            (logging.PercentStyle, "_fmt", "of the class"),
            (logging.StrFormatStyle, "_fmt", "of the class"),
            (logging.StringTemplateStyle, "_fmt", "$asctime"),
            (logging.PercentStyle, "_defaults", {"missing": "of the class"}),
            (logging.StringTemplateStyle, "_tpl", string.Template("of the class")),
            (logging.Filter, "name", "other"),
            (logging.Filter, "nlen", 0),
        ]
    },
    **{
        f"{owner.__name__}.__getattribute__": getting(owner, name, value)
        for owner, name, value in [
            (logging.StreamHandler, "terminator", "|"),
            (logging.Formatter, "datefmt", "%S"),
            (logging.PercentStyle, "_fmt", "got"),
            (logging.StrFormatStyle, "_fmt", "got"),
            (logging.StringTemplateStyle, "_tpl", string.Template("got")),
            (logging.Filter, "name", "other"),
        ]
    },
    "Handler.filters": handler_property("filters", lambda own, handler: [refusing]),
    "Handler.formatter": handler_property("formatter", lambda own, handler: logging.Formatter("of the class")),
    "Handler.lock": handler_property("lock", lambda own, handler: OwnLock(handler.case.events)),
    "Handler.stream": handler_property("stream", lambda own, handler: Own(handler.case)),
    "Handler.maxBytes": handler_property("maxBytes", lambda own, handler: 1),
    "Handler.rolloverAt": handler_property("rolloverAt", lambda own, handler: 1),
    "Handler.queue": handler_property("queue", lambda own, handler: OwnQueue(handler.case)),
}

# Changes of the handler itself


def has_method(name, function):
    return lambda handler, case: setattr(handler, name, function.__get__(handler))


def calls(name):
    """The handler has a method of its own that calls the one of the class."""

    def method(self, *args):
        self.case.events.append(name)
        return getattr(type(self), name)(self, *args)

    return has_method(name, method)


def is_moved_back(handler, case):
    with contextlib.suppress(AttributeError, OSError, ValueError):
        handler.stream.write("x" * 100)
        handler.stream.flush()
        handler.stream.seek(0)


def own_formatter(handler):
    """A patch can have given the class a property of that name."""
    return vars(handler).get("formatter")


def has_broken_style(handler, case):
    if own_formatter(handler):
        own_formatter(handler)._style = None


def has_own(attribute, value):
    def change(handler, case):
        if own_formatter(handler):
            setattr(own_formatter(handler), attribute, value)

    return change


def has_style_own(attribute, value):
    def change(handler, case):
        if own_formatter(handler):
            setattr(own_formatter(handler)._style, attribute, value)

    return change


def without(name):
    def change(handler, case):
        vars(handler).pop(name, None)

    return change


def without_style(name):
    def change(handler, case):
        if own_formatter(handler):
            vars(own_formatter(handler)._style).pop(name, None)

    return change


def has_refusing_class(handler, case):
    handler.__class__ = type("Refusing", (type(handler),), {"filter": lambda self, record: False})


def has_told_stream(handler, case):
    if isinstance(vars(handler).get("stream"), io.IOBase):
        handler.stream.close()
    handler.stream = Told(case)


CHANGES = {
    "nothing": lambda handler, case: None,
    "emit": has_method("emit", lambda self, record: None),
    "handle": calls("handle"),
    "acquire": calls("acquire"),
    "release": calls("release"),
    "recorded shouldRollover": calls("shouldRollover"),
    "moved back": is_moved_back,
    "a falsy stream": lambda handler, case: setattr(handler, "stream", Falsy(case)),
    "a lock of its own": lambda handler, case: setattr(handler, "lock", OwnLock(case.events)),
    "None as lock": lambda handler, case: setattr(handler, "lock", None),
    "a number as formatter": lambda handler, case: setattr(handler, "formatter", 7),
    "a number as queue": lambda handler, case: setattr(handler, "queue", 7),
    "a number as attribute": lambda handler, case: vars(handler).update({7: 8}),
    "format": has_method("format", lambda self, record: "its own"),
    "flush": has_method("flush", lambda self: None),
    "failing flush": has_method("flush", lambda self: 1 / 0),
    "filter": has_method("filter", lambda self, record: False),
    "shouldRollover": has_method("shouldRollover", lambda self, record: False),
    "prepare": has_method("prepare", lambda self, record: record),
    "enqueue": has_method("enqueue", lambda self, record: None),
    "handleError": has_method("handleError", OwnError.handleError),
    "terminator": lambda handler, case: setattr(handler, "terminator", "<end>"),
    "wrong terminator": lambda handler, case: setattr(handler, "terminator", None),
    "attribute": lambda handler, case: setattr(handler, "colour", "green"),
    "no formatter": without("formatter"),
    "no lock": without("lock"),
    "no filters": without("filters"),
    "no stream": without("stream"),
    "no name": without("_name"),
    "None as stream": lambda handler, case: setattr(handler, "stream", None),
    "tuple of filters": lambda handler, case: setattr(handler, "filters", ()),
    "maxBytes": lambda handler, case: setattr(handler, "maxBytes", "many"),
    "maxBytes with an index": lambda handler, case: setattr(handler, "maxBytes", Indexed(case)),
    "a subclass of int as maxBytes": lambda handler, case: setattr(handler, "maxBytes", OwnInt(60)),
    "rolloverAt with an index": lambda handler, case: setattr(handler, "rolloverAt", Indexed(case)),
    "a subclass of int as rolloverAt": lambda handler, case: setattr(handler, "rolloverAt", OwnInt(1 << 40)),
    "a stream that is asked": has_told_stream,
    "another class": has_refusing_class,
    "a formatter that changes it": lambda handler, case: setattr(handler, "formatter", ChangingHandler(handler)),
    "a subclass of list as filters": lambda handler, case: setattr(handler, "filters", OwnList()),
    "no style": has_broken_style,
    "converter": has_own("converter", time.gmtime),
    "converter in Python": has_own("converter", lambda seconds: time.gmtime(0)),
    "another converter for each record": has_own("converter", lambda seconds: time.gmtime(before.number)),
    "formatter.format": has_own("format", lambda record: "its own"),
    "formatter.usesTime": has_own("usesTime", lambda: False),
    "formatter.formatTime": has_own("formatTime", lambda record, datefmt: "then"),
    "formatter.formatMessage": has_own("formatMessage", lambda record: "a message"),
    "formatter.datefmt": has_own("datefmt", 7),
    "formatter.colour": has_own("colour", "green"),
    "a subclass of str as datefmt": has_own("datefmt", OwnStr("%H")),
    "a doubtful datefmt": has_own("datefmt", Doubtful("%H")),
    "a subclass of str as default_msec_format": has_own("default_msec_format", OwnFormatting("%s,%03d")),
    "formatter._fmt": has_own("_fmt", "is not used"),
    "default_time_format": has_own("default_time_format", "%M"),
    "default_msec_format": has_own("default_msec_format", ""),
    "None as default_msec_format": has_own("default_msec_format", None),
    "percent signs in default_msec_format": has_own("default_msec_format", "%s%%%03d"),
    "style._format": has_style_own("_format", lambda record: "a style's own"),
    "style.format": has_style_own("format", lambda record: "a style's own"),
    "style.usesTime": has_style_own("usesTime", lambda: False),
    "style._fmt": has_style_own("_fmt", "%(levelname)s {levelname} now"),
    "style._defaults": has_style_own("_defaults", {"missing": "later"}),
    "style.asctime_search": has_style_own("asctime_search", "is not searched for"),
    "a subclass of str as style._fmt": has_style_own("_fmt", OwnFormatting("%(message)s {message}")),
    "no style._fmt": without_style("_fmt"),
    "no style._defaults": without_style("_defaults"),
    "no style._tpl": without_style("_tpl"),
}

# Ways to change an attribute of a handler, its formatter or the formatter's style.


def store_in_a_loop(target, name, value):
    """Python specializes the code that stores attributes."""
    for _ in range(100):
        STORES[name](target, value)


def store(name):
    namespace = {}
    exec(f"def store(target, value):\n    target.{name} = value", namespace)
    return namespace["store"]


def delete_first(target, name, value):
    vars(target).pop(name, None)
    setattr(target, name, value)


def replace_all(target, name, value):
    target.__dict__ = {**vars(target), name: value}


def replace_and_keep(target, name, value):
    """Python reports when it frees a dict."""
    target.__dict__ = {**vars(target), name: value, "earlier": vars(target)}


WAYS = {
    "setattr": setattr,
    "object.__setattr__": object.__setattr__,
    "a loop": store_in_a_loop,
    "vars": lambda target, name, value: vars(target).__setitem__(name, value),
    "update": lambda target, name, value: vars(target).update({name: value}),
    "delete and add": delete_first,
    "another dict": replace_all,
    "another dict beside the first": replace_and_keep,
}
ATTRIBUTES = {
    "terminator": lambda case: "<end>",
    "stream": lambda case: Own(case),
    "queue": lambda case: Own(case),
    "lock": lambda case: threading.RLock(),
    "filters": lambda case: [logging.Filter("another")],
    # Not validated, because a patch may have replaced the style.
    "formatter": lambda case: logging.Formatter("%(levelname)s %(message)s", validate=False),
    "flush": lambda case: lambda: case.events.append("its own flush"),
    "maxBytes": lambda case: 1,
    "rolloverAt": lambda case: 0,
    "formatter.datefmt": lambda case: "%H",
    "formatter.converter": lambda case: time.gmtime,
    "formatter.default_msec_format": lambda case: "%s.%03d",
    "formatter._style": lambda case: logging.PercentStyle("%(levelname)s"),
    "formatter.formatMessage": lambda case: lambda record: "its own",
    "style._fmt": lambda case: "%(levelname)s %(message)s",
    "style.format": lambda case: lambda record: "its own",
}
STORES = {name: store(name) for name in {path.split(".")[-1] for path in ATTRIBUTES}}


def changes(path, way):
    def change(handler, case):
        target, _, name = path.rpartition(".")
        formatter = own_formatter(handler)
        target = {"": handler, "formatter": formatter, "style": getattr(formatter, "_style", None)}[target]
        if target is None:
            return
        if name in vars(target) or name not in ("maxBytes", "rolloverAt", "queue", "stream"):
                # A class may have a property of that name that can't be set.
            with contextlib.suppress(AttributeError):
                WAYS[way](target, name, ATTRIBUTES[path](case))

    return change


def has_class(attribute):
    """The object gets another class of the same layout."""

    class Formatter(logging.Formatter):
        def format(self, record):
            return "formatted by another class"

    class Style(logging.PercentStyle):
        def _format(self, record):
            return "formatted by another style"

    def change(handler, case):
        if own_formatter(handler):
            if attribute == "formatter":
                own_formatter(handler).__class__ = Formatter
            else:
                own_formatter(handler)._style.__class__ = Style

    return change


STORED = {f"{path} by {way}": changes(path, way) for path in ATTRIBUTES for way in WAYS}
CHANGES["class of the formatter"] = has_class("formatter")
CHANGES["class of the style"] = has_class("style")

# The comparison


class Before(logging.Handler):
    """Changes the record as another handler may have done, and keeps a copy of what comes then."""

    number = 0

    def handle(self, record):
        self.number += 1
        self.change(record)
        self.patch()
        # Not by `copy.copy`, which is replaced in some cases.
        self.copy = object.__new__(type(record))
        object.__setattr__(self.copy, "__dict__", type(vars(record))(vars(record)))


class After(logging.Handler):
    def handle(self, record):
        self.seen.append(dict(vars(record)))


before, after = Before(), After()
before.patch = lambda: None
stderr = io.StringIO()


@pytest.fixture(autouse=True)
def replaced_stderr(monkeypatch):
    """Once for all cases of a test: a change in `sys` has pylog check everything again."""
    stderr.raised = []
    monkeypatch.setattr(sys, "stderr", stderr)
    monkeypatch.setattr(sys, "unraisablehook", lambda raised: stderr.raised.append(raised.exc_value))


def reports():
    """What `handleError` has written, without the stack of the caller, which is another one, and without the lines of
    the traceback that are `logging`'s own, or the Rust call's: Python's formatters run below its frame."""
    text = stderr.getvalue()
    stderr.seek(0)
    stderr.truncate()
    text = re.sub(r"(?s)Call stack:\n.*?(?=Message: |Unable to print)", "", text)
    text = re.sub(rf'  File "(?:{re.escape(OF_LOGGING)}|tests/extension/).*\n(?:    .*\n)*', "", text)
    # Whether an `AttributeError` has a name to make a suggestion from depends on how often Python has run the code.
    text = re.sub(r"\. Did you mean: '\w+'\?", "", text)
    return re.sub(r"0x[0-9a-f]+|/(?:rust|python)/log", "…", text)


def comparable(value):
    return re.sub(r"0x[0-9a-f]+|/(?:rust|python)/log", "…", repr(value))


# A handler at the address of one that was freed gets its first plan after some records.
earlier_handlers = collections.deque(maxlen=200)


def compare(directory, spec, messages, when=0, patch_then=None, while_handling=False):
    """The change comes before the message with the number `when`, or while an earlier handler handles its record. The
    messages before it are logged so often that a changed handler gets another plan at once."""
    messages = messages[:when] * 10 + messages[when:]
    when *= 10
    kind, stream, formatter_spec, filters, change, record, patches = spec
    logger = logging.getLogger(NAME)
    logger.setLevel(1)
    logger.propagate = False
    before.change = RECORDS[record]
    cases, handlers = [], []
    for who in ("rust", "python"):
        case = Case(directory, who)
        handler = {**HANDLERS, **SIZES}[kind](case, stream)
        handler.case, case.handler = case, handler
        handler.setFormatter(formatter(formatter_spec))
        for name in filters:
            handler.addFilter(FILTERS[name]())
        cases.append(case)
        handlers.append(handler)
    earlier_handlers.extend(handlers)
    by_rust, by_python = handlers
    logger.handlers = [before, by_rust, after]
    # pytest sets its own again after the fixtures.
    if sys.stderr is not stderr:
        sys.stderr = stderr
    stderr.raised.clear()
    after.seen = []
    reports()
    try:
        with contextlib.ExitStack() as stack:
            for patch in patches:
                stack.enter_context(PATCHES[patch]())
            if patches:
                # The first record after a change of `logging` goes to Python's handlers by Python.
                logger.handlers = [logging.NullHandler()]
                _native.log_at(NAME, logging.WARNING, "first")
                logger.handlers = [before, by_rust, after]
            wrapped_calls.clear()
            for number, message in enumerate(messages):
                if number == when:
                    if patch_then and not while_handling:
                        stack.enter_context(PATCHES[patch_then]())
                    elif patch_then:
                        before.patch = lambda: stack.enter_context(PATCHES[patch_then]())
                    for handler, case in zip(handlers, cases):
                        {**CHANGES, **STORED}[change](handler, case)
                before.copy = None
                _native.log_at(NAME, logging.WARNING, message)
                theirs, before.patch = before.copy, lambda: None
                rust_raised = [type(error) for error in stderr.raised]
                stderr.raised.clear()
                rust_seen, after.seen = after.seen, []
                rust_calls = wrapped_calls.copy()
                wrapped_calls.clear()
                rust_reports = reports()
                python_raised = []
                try:
                    by_python.handle(theirs)
                except Exception as error:
                    python_raised.append(type(error))
                python_reports = reports()
                assert rust_calls == wrapped_calls
                wrapped_calls.clear()
                assert rust_raised == python_raised, (rust_reports, python_reports)
                assert rust_reports == python_reports
                if not python_raised:
                    assert comparable(rust_seen) == comparable([vars(theirs)])
        results = [comparable(case.result()) for case in cases]
        assert results[0] == results[1]
    finally:
        logger.handlers = []
        if logging.StreamHandler.flush is not STOCK_FLUSH:
            logging.StreamHandler.flush = STOCK_FLUSH
        # `logging.shutdown` would flush and close them.
        logging._handlerList[:] = [ref for ref in logging._handlerList if ref() not in handlers]
        for stream in [vars(handler).get("stream") for handler in handlers]:
            if isinstance(stream, io.IOBase):
                stream.close()


@pytest.fixture(autouse=True)
def own_time_zone():
    """So that the local time isn't UTC. A zone of this form needs no data of the system."""
    with time_zone("CCC-5:30", True):
        yield


PLAIN = ("StreamHandler", "StringIO", None, [], "nothing", "untouched", [])
FORMATTED = ("Formatter", "%", 2, None, None)


def specs():
    """One case for each choice, the rest of which is plain."""
    for stream in STREAMS:
        yield PLAIN[0], stream, FORMATTED, [], "nothing", "untouched", []
    for kind in HANDLERS:
        yield kind, "flushing", FORMATTED, [], "nothing", "untouched", []
        yield kind, "failing write", None, [], "nothing", "untouched", []
        # For a `TimedRotatingFileHandler` it is time for another file then.
        yield kind, "own", FORMATTED, [], "nothing", "untouched", []
    for style, formats in FORMATS.items():
        for number in range(len(formats)):
            for date_format in DATE_FORMATS:
                for defaults in DEFAULTS[1:]:
                    chosen = ("Formatter", style, number, date_format, defaults)
                    yield PLAIN[0], "StringIO", chosen, [], "nothing", "untouched", []
    for kind in ("StreamHandler", "OwnError"):
        for stream in STREAMS:
            yield kind, stream, FORMATTED, [], "nothing", "untouched", []
    for kind in SIZES:
        yield kind, "StringIO", None, [], "nothing", "untouched", []
        yield kind, "StringIO", None, [], "moved back", "untouched", []
        yield kind, "StringIO", ("Json", "%", 2, None, None), [], "nothing", "untouched", []
    for patch in PATCHES:
        for kind in ("due TimedRotatingFileHandler", "due Untimely"):
            yield kind, "StringIO", FORMATTED, [], "nothing", "untouched", [patch]
    for name in FORMATTERS:
        yield PLAIN[0], "StringIO", (name, "%", 2, None, None), [], "nothing", "untouched", []
        yield "QueueHandler", "StringIO", (name, "%", 2, None, None), [], "nothing", "untouched", []
        for kind in ("RotatingFileHandler", "endless RotatingFileHandler"):
            yield kind, "StringIO", (name, "%", 2, None, None), [], "a stream that is asked", "untouched", []
    # The time that an earlier handler has written into the record isn't the one of this handler.
    for style, number in [("%", 2), ("{", 1), ("$", 1), ("$", 3)]:
        for change in ("nothing", "converter in Python", "formatter.datefmt", "formatter.formatTime"):
            chosen = ("Formatter", style, number, None, None)
            yield PLAIN[0], "StringIO", chosen, [], change, "asctime", []
    for name in FILTERS:
        for second in FILTERS:
            yield PLAIN[0], "StringIO", FORMATTED, [name, second], "nothing", "untouched", []
            yield PLAIN[0], "StringIO", FORMATTED, [name, second], "nothing", "name", []
        for record in ("similar name", "no name", "a subclass of str as name"):
            yield PLAIN[0], "StringIO", FORMATTED, [name], "nothing", record, []
    for kind in ("StreamHandler", "FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "QueueHandler"):
        for change in CHANGES:
            yield kind, "StringIO", FORMATTED, [], change, "untouched", []
        for record in RECORDS:
            for number in range(1, 6):
                chosen = ("Formatter", "%", number, None, None)
                yield kind, "StringIO", chosen, [], "nothing", record, []
        for patch in PATCHES:
            yield kind, "StringIO", FORMATTED, [], "nothing", "untouched", [patch]
    for style in "{$":
        for patch in PATCHES:
            chosen = ("Formatter", style, 1, None, None)
            yield PLAIN[0], "StringIO", chosen, ["same"], "nothing", "untouched", [patch]
    yield PLAIN[0], "StringIO", FORMATTED, ["other"], "nothing", "untouched", ["Filter.nlen"]
    for style, number in [("%", 6), ("{", 2), ("$", 2)]:
        chosen = ("Formatter", style, number, None, None)
        yield PLAIN[0], "StringIO", chosen, [], "nothing", "untouched", ["PercentStyle._defaults"]
    for patch in PATCHES:
        yield "NullHandler", "StringIO", None, [], "nothing", "untouched", [patch]


@needs_handling
@pytest.mark.parametrize(
    "kind", ["StreamHandler", "FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "QueueHandler"]
)
def test_each_way_to_store_an_attribute(tmp_path, kind):
    for number, change in enumerate(STORED):
        spec = (kind, "StringIO", FORMATTED, [], change, "untouched", [])
        try:
            compare(tmp_path / str(number), spec, ["first", "second", "third"], 1)
        except BaseException as error:
            raise AssertionError(change) from error


def assert_changes_are_reported():
    """CPython 3.13 reports a thousand changes of a class. After them the comparison compares Python with itself."""
    # Plans are kept for 64 handlers that have got one of the last 1,024 records.
    assert [] in [python_code(logging.StreamHandler())[-1] for _ in range(40)]


@needs_handling
@pytest.mark.own_interpreter
@pytest.mark.parametrize("while_handling", [False, True])
@pytest.mark.parametrize("style", "%{$")
def test_each_patch_between_two_records(tmp_path, while_handling, style):
    """Nothing else changes then that pylog is told of. Python handles the first record after the patch."""
    kinds = ["StreamHandler", "FileHandler", "RotatingFileHandler", "TimedRotatingFileHandler", "QueueHandler"]
    for number, (kind, patch) in enumerate(itertools.product(kinds, PATCHES)):
        spec = (kind, "StringIO", ("Formatter", style, 1, None, None), ["same"], "nothing", "untouched", [])
        try:
            compare(tmp_path / str(number), spec, ["first", "second", "third"], 1, patch, while_handling)
        except BaseException as error:
            raise AssertionError(f"{kind} {patch} {style}") from error
    assert_changes_are_reported()


# CPython reports a thousand changes of a class, and its interpreter takes some of the class's versions, too.
PARTS = 3


@needs_handling
@pytest.mark.own_interpreter
@pytest.mark.parametrize("part", range(PARTS))
def test_each_choice(tmp_path, part):
    for number, spec in enumerate(itertools.islice(specs(), part, None, PARTS)):
        # Without these the next case would find the facts that were checked for the last one.
        compare(tmp_path / str(number), PLAIN, ["plain"])
        for when in (0, 1) if spec[4] != "nothing" else (0,):
            try:
                directory = tmp_path / f"{number}-changed-{when}"
                compare(directory, spec, ["first", "second ☃", "third, longer than the others"], when)
            except BaseException as error:
                raise AssertionError(f"{spec}, {when}") from error
    assert_changes_are_reported()


@needs_handling
@pytest.mark.own_interpreter
@settings(max_examples=600, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    spec=st.tuples(
        st.sampled_from(sorted(HANDLERS)),
        st.sampled_from(["StringIO", "file"] * 5 + sorted(STREAMS)),
        formatters,
        st.lists(st.sampled_from(sorted(FILTERS)), max_size=2) | st.just([]),
        st.just("nothing") | st.sampled_from(sorted({**CHANGES, **STORED})),
        st.just("untouched") | st.sampled_from(sorted(RECORDS)),
        st.lists(st.sampled_from(sorted(PATCHES)), max_size=2, unique=True) | st.just([]),
    ),
    messages=st.lists(st.text(max_size=40).filter(lambda text: "\r" not in text), min_size=1, max_size=4),
    when=st.integers(0, 2),
)
def test_any_choices(tmp_path_factory, spec, messages, when):
    compare(tmp_path_factory.mktemp("case"), spec, messages, when)


def test_handlers_and_what_they_have_are_freed():
    logger = logging.getLogger(NAME)
    logger.propagate = False
    for _ in range(3):
        stream, formatter = io.StringIO(), logging.Formatter("%(message)s")
        handler = logging.StreamHandler(stream)
        handler.setFormatter(formatter)
        logger.handlers = [handler]
        for _ in range(30):
            _native.log_at(NAME, logging.WARNING, "message")
        logger.handlers = []
        freed = [weakref.ref(it) for it in (handler, stream, formatter, formatter._style)]
        del handler, stream, formatter
        free()
        assert [it() for it in freed] == [None] * 4


def test_more_handlers_than_are_known(tmp_path):
    logger = logging.getLogger(NAME)
    logger.propagate = False
    handlers = [logging.StreamHandler(io.StringIO()) for _ in range(150)]
    logger.handlers = handlers
    try:
        for number in range(3):
            for index, handler in enumerate(handlers):
                handler.setFormatter(logging.Formatter(f"{index} {number} %(message)s"))
            for _ in range(15):
                _native.log_at(NAME, logging.WARNING, "message")
    finally:
        logger.handlers = []
    for index, handler in enumerate(handlers):
        lines = [f"{index} {number} message\n" for number in range(3) for _ in range(15)]
        assert handler.stream.getvalue() == "".join(lines)


def test_a_locale_that_changes_within_a_second(tmp_path):
    names = [name for name in ("de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8", "C")]
    spec = PLAIN[:2] + (("Formatter", "%", 2, "%A %B", None),) + PLAIN[3:]
    before_ = locale.setlocale(locale.LC_TIME)
    try:
        for name in names:
            with contextlib.suppress(locale.Error):
                locale.setlocale(locale.LC_TIME, name)
            compare(tmp_path / name, spec, ["one"])
    finally:
        locale.setlocale(locale.LC_TIME, before_)


def test_a_nan_has_no_cached_time(tmp_path):
    spec = PLAIN[:2] + (FORMATTED,) + PLAIN[3:5]
    for record in ("the start of time", "nan as created", "the start of time and nan"):
        compare(tmp_path / record, (*spec, record, []), ["one", "two", "three"])


def above():
    """The names of the functions of `logging` that are being called."""
    frame, names = sys._getframe(), []
    while frame:
        if frame.f_globals.get("__name__", "").startswith("logging"):
            names.append(frame.f_code.co_name)
        frame = frame.f_back
    return names


class Watching(io.StringIO):
    """A stream, and a queue, that looks for Python code which calls it."""

    def __init__(self, seen, is_true=True):
        super().__init__()
        self.seen, self.is_true = seen, is_true

    def __bool__(self):
        return self.is_true

    def write(self, text):
        self.seen.append(above())

    def put_nowait(self, record):
        self.seen.append(above())


# Which can't be written to, so that they have no file to close.
WITHOUT_PYTHON = {
    "StreamHandler": lambda path: logging.StreamHandler(),
    "falsy StreamHandler": lambda path: logging.StreamHandler(),
    "FileHandler": lambda path: logging.FileHandler(path, delay=True),
    "Plain": lambda path: Plain(path, delay=True),
    "RotatingFileHandler": lambda path: logging.handlers.RotatingFileHandler(path, delay=True),
    "large RotatingFileHandler": lambda path: logging.handlers.RotatingFileHandler(path, maxBytes=1 << 40, delay=True),
    "TimedRotatingFileHandler": lambda path: logging.handlers.TimedRotatingFileHandler(path, delay=True),
    "QueueHandler": lambda path: logging.handlers.QueueHandler(None),
}


def python_code(handler, is_true=True):
    """The functions of `logging` that are being called when a record is written or queued, for each record."""
    seen = []
    handler.stream = handler.queue = Watching(seen, is_true)
    logger = logging.getLogger(NAME)
    logger.handlers, logger.propagate = [handler], False
    # The first records of a program are handled by Python.
    for _ in range(30):
        _native.log_at(NAME, logging.WARNING, "message")
    return seen


@needs_handling
@pytest.mark.parametrize("kind", WITHOUT_PYTHON)
@pytest.mark.parametrize("format", ["%(message)s", "%(asctime)s %(message)s", "%(message)r"])
def test_no_python_code_of_logging_runs(tmp_path, kind, format):
    handler = WITHOUT_PYTHON[kind](tmp_path / "log")
    handler.setFormatter(logging.Formatter(format))
    assert python_code(handler, not kind.startswith("falsy"))[-5:] == [[]] * 5


class Signalling(logging.Handler):
    """Tells that the next handler is going to be called."""

    def __init__(self):
        super().__init__()
        self.event = threading.Event()

    def handle(self, record):
        self.event.set()


def change_emit(handler):
    return mock.patch.object(
        logging.StreamHandler, "emit", lambda self, record: self.case.events.append("patched")
    )


def change_class(handler):
    handler.__class__ = OwnFormat
    return contextlib.nullcontext()


def change_dict(handler):
    return mock.patch.object(handler, "__dict__", {**vars(handler), "stream": Flushing(handler.case)})


def change_method(handler):
    return mock.patch.object(handler, "format", lambda record: "its own", create=True)


@pytest.mark.parametrize("change", [change_emit, change_class, change_dict, change_method])
def test_what_changes_while_the_lock_is_waited_for(tmp_path, change):
    results = []
    for who in ("rust", "python"):
        case = Case(tmp_path, who)
        handler = logging.StreamHandler(Own(case))
        handler.case = case
        signalling = Signalling()
        logger = logging.getLogger(NAME)
        logger.handlers, logger.propagate = [handler, signalling], False
        # Rust checks the class and keeps what it has found.
        for _ in range(30):
            _native.log_at(NAME, logging.WARNING, "before")
        logger.handlers = [signalling, handler]
        signalling.event.clear()
        log = (
            (lambda: _native.log_at(NAME, logging.WARNING, "text"))
            if who == "rust"
            else lambda: logger.warning("text")
        )
        thread = threading.Thread(target=log)
        with contextlib.ExitStack() as stack:
            with handler.lock:
                thread.start()
                assert signalling.event.wait(60)
                # If the thread doesn't come so far as to wait, it finds the change, and the result is the same.
                time.sleep(0.1)
                stack.enter_context(change(handler))
            thread.join(60)
            assert not thread.is_alive()
        results.append(case.events)
    assert results[0] == results[1]


FORMATS_OF_FIRST = [
    ("%", None),
    ("%", "%(asctime)s %(levelname)-8s %(name)s [%(threadName)s] %(message)s %(msecs)d %(created)f"),
    ("{", "{asctime} {levelname:>8} {name} {message} {relativeCreated}"),
    ("$", "$asctime ${levelname} $name $message $process"),
]


@pytest.mark.parametrize("style, text", FORMATS_OF_FIRST, ids=["none", "percent", "brace", "dollar"])
@pytest.mark.parametrize("kind", ["StreamHandler", "QueueHandler", "NullHandler"])
def test_the_first_handler(kind, style, text):
    """What is known of a record that has just been made is what the record says."""
    stream, sent = io.StringIO(), queue.SimpleQueue()
    first = {
        "StreamHandler": lambda: logging.StreamHandler(stream),
        "QueueHandler": lambda: logging.handlers.QueueHandler(sent),
        "NullHandler": logging.NullHandler,
    }[kind]()
    first.setFormatter(text and logging.Formatter(text, style=style))
    logger = logging.getLogger(f"{NAME}.first")
    logger.propagate = False
    logger.handlers = [first, keeps := Collector()]
    for _ in range(20):
        for message in ("plain", "naïve ✓", "", "100% {} $"):
            _native.log_at(logger.name, logging.WARNING, message)
        _native.log_at(logger.name, logging.ERROR, "another level")

    class ByPython(logging.Formatter):
        pass

    by_python = ByPython(text, style=style)
    expected = [by_python.format(copy.copy(record)) for record in keeps.records]
    assert len(expected) == 100
    if kind == "StreamHandler":
        assert stream.getvalue() == "".join(line + "\n" for line in expected)
        assert [record.message for record in keeps.records] == [record.getMessage() for record in keeps.records]
        assert all(hasattr(record, "asctime") == by_python.usesTime() for record in keeps.records)
    elif kind == "QueueHandler":
        assert [sent.get_nowait().message for _ in expected] == expected
