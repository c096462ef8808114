"""A record from Rust reaches the same handlers in the same order as one of Python's own `Logger.log`, whatever
part of `logging` has been replaced, and whenever."""

import contextlib
import enum
import logging
import sys
from unittest import mock

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from patches import class_of
from pylog_probe import _native

SITE = "alpha"
NAME = "pylog_probe._native.calls.alpha"
PARENT = "pylog_probe._native.calls"

events = []


def is_below_call(record):
    """Whether one of the callers is the call, as the record has it."""
    frame = sys._getframe()
    while frame and (frame.f_code.co_filename, frame.f_lineno) != (record.pathname, record.lineno):
        frame = frame.f_back
    return frame is not None


class Recorder(logging.Handler):
    """Notes its calls, and then does what a test has set."""

    def __init__(self, name):
        super().__init__()
        self.name = name
        self.action = lambda record: None

    def emit(self, record):
        events.append((self.name, record.levelno, type(record).__name__, is_below_call(record)))
        self.action(record)


own, second, above, other = (Recorder(name) for name in ("own", "second", "above", "other"))


def loggers():
    logger, parent = logging.getLogger(NAME), logging.getLogger(PARENT)
    logger.handlers, parent.handlers = [own], [above]
    logger.parent = parent
    parent.propagate = False
    logger.setLevel(1)
    return logger, parent


# Made now: later the class may have properties that `__init__` can't set.
ELSEWHERE = logging.getLogger("elsewhere")


class Low(enum.IntEnum):
    LOW = 5


class Falsy(logging.Logger):
    def __bool__(self):
        return False


class Properties(logging.Logger):
    """Notes when its attribute is read."""

    @property
    def propagate(self):
        events.append("propagate")
        return self.__dict__["propagate"]


class Filters(logging.Logger):
    @property
    def filters(self):
        return [lambda record: events.append("property") or True]


class Handlers(logging.Logger):
    @property
    def handlers(self):
        return [other]


class Disabled(logging.Logger):
    @property
    def disabled(self):
        return True


class GetAttribute(logging.Logger):
    def __getattribute__(self, name):
        if name == "handlers":
            return [other]
        return object.__getattribute__(self, name)


class Handle(logging.Logger):
    def handle(self, record):
        events.append("handle of the class")
        super().handle(record)


class CallHandlers(logging.Logger):
    def callHandlers(self, record):
        events.append("callHandlers of the class")
        super().callHandlers(record)


class Untouched(logging.Logger):
    pass


class Empty(logging.Logger):
    def __len__(self):
        return 0


class Silent(logging.Logger):
    callHandlers = logging.NullHandler.handle


class Propagating(logging.Logger):
    propagate = True


class Late(logging.Logger):
    """Is disabled from some moment on."""

    is_disabled = False

    @property
    def disabled(self):
        return self.is_disabled

    def handle(self, record):
        events.append("handle of the class")
        super().handle(record)


class Meta(type):
    def mro(cls):
        return type.mro(cls)


class Movable(Untouched, metaclass=Meta):
    pass


class Backwards(list):
    def __iter__(self):
        return reversed(list(super().__iter__()))


@contextlib.contextmanager
def action(handler, function):
    handler.action = function
    try:
        yield
    finally:
        handler.action = lambda record: None


def wrap(owner, name):
    """Replaces a method by one that calls it, as Sentry and New Relic do."""
    original = getattr(owner, name)

    def wrapped(*args, **kwargs):
        events.append(name)
        return original(*args, **kwargs)

    return mock.patch.object(owner, name, wrapped, create=True)


@contextlib.contextmanager
def moved():
    Movable.__bases__ = (Handle,)
    try:
        yield
    finally:
        Movable.__bases__ = (Untouched,)


@contextlib.contextmanager
def late(logger):
    """The class says that the logger is disabled after the first call."""
    with class_of(logger, Late), attribute(logger, "filters", [after_one_call]):
        try:
            yield
        finally:
            Late.is_disabled = False


def after_one_call(record):
    Late.is_disabled = True
    return True


@contextlib.contextmanager
def within(*managers):
    with contextlib.ExitStack() as stack:
        for manager in managers:
            stack.enter_context(manager)
        yield


def one_and_an_error():
    class Handlers:
        def __iter__(self):
            yield own
            raise OSError("no more")

    return Handlers()


def attribute(logger, name, value):
    return mock.patch.dict(logger.__dict__, {name: value})


def without(logger, name):
    rest = {key: value for key, value in logger.__dict__.items() if key != name}
    return mock.patch.dict(logger.__dict__, rest, clear=True)


def method(logger, name):
    return wrap(logger, name)


@contextlib.contextmanager
def last_resort(logger, parent, handler):
    with attribute(logger, "handlers", []), attribute(parent, "handlers", []):
        with mock.patch.object(logging, "lastResort", handler):
            yield


def raising(record):
    raise OSError("in a handler")


def add_one(record):
    if second not in logging.getLogger(NAME).handlers:
        logging.getLogger(NAME).handlers.append(second)


def level_up(record):
    record.levelno += 100


def replaced(record):
    copy = logging.makeLogRecord(record.__dict__)
    copy.levelno = 1000
    return copy


# The changes: a name, and a function of the logger and its parent that makes a context manager for it.
CHANGES = {
    "disabled": lambda logger, parent: attribute(logger, "disabled", True),
    "disabled by a number": lambda logger, parent: attribute(logger, "disabled", 1),
    "parent disabled": lambda logger, parent: attribute(parent, "disabled", True),
    "no propagation": lambda logger, parent: attribute(logger, "propagate", False),
    "propagation by a string": lambda logger, parent: attribute(logger, "propagate", "no"),
    "up to the root": lambda logger, parent: attribute(parent, "propagate", True),
    "no parent": lambda logger, parent: attribute(logger, "parent", None),
    "another parent": lambda logger, parent: attribute(logger, "parent", ELSEWHERE),
    "a parent that is false": lambda logger, parent: class_of(parent, Falsy),
    "no handler": lambda logger, parent: attribute(logger, "handlers", []),
    "no handler above": lambda logger, parent: attribute(parent, "handlers", []),
    "two handlers": lambda logger, parent: attribute(logger, "handlers", [own, second]),
    "the same twice": lambda logger, parent: attribute(logger, "handlers", [own, own]),
    "a tuple of handlers": lambda logger, parent: attribute(logger, "handlers", (own, second)),
    "handlers in another order": lambda logger, parent: attribute(
        logger, "handlers", Backwards([own, second])
    ),
    "a tuple above": lambda logger, parent: attribute(parent, "handlers", (above, other)),
    "None for handlers": lambda logger, parent: attribute(logger, "handlers", None),
    "what is no handler": lambda logger, parent: attribute(logger, "handlers", [own, 7, second]),
    "a high handler": lambda logger, parent: attribute(own, "level", 35),
    "a level of its own type": lambda logger, parent: attribute(own, "level", Low.LOW),
    "a level that is none": lambda logger, parent: attribute(own, "level", "LOW"),
    "a high handler above": lambda logger, parent: attribute(above, "level", 35),
    "a handler that raises": lambda logger, parent: action(own, raising),
    "a handler that adds one": lambda logger, parent: action(own, add_one),
    "a handler that removes itself": lambda logger, parent: action(
        own, lambda record: logging.getLogger(NAME).handlers.clear()
    ),
    "a handler that changes the level": lambda logger, parent: action(own, level_up),
    "a handler that stops it": lambda logger, parent: action(
        own, lambda record: setattr(logging.getLogger(NAME), "propagate", False)
    ),
    "a handler that disables": lambda logger, parent: action(
        own, lambda record: setattr(logging.getLogger(NAME), "disabled", True)
    ),
    "a handler that detaches": lambda logger, parent: action(
        own, lambda record: setattr(logging.getLogger(NAME), "parent", None)
    ),
    "a filter that accepts": lambda logger, parent: attribute(
        logger, "filters", [lambda record: events.append("filter") or True]
    ),
    "a filter that refuses": lambda logger, parent: attribute(logger, "filters", [lambda record: False]),
    "a filter that replaces": lambda logger, parent: attribute(logger, "filters", [replaced]),
    "filters in a tuple": lambda logger, parent: attribute(logger, "filters", ()),
    "None for filters": lambda logger, parent: attribute(logger, "filters", None),
    "a filter of the handler": lambda logger, parent: attribute(own, "filters", [lambda record: False]),
    "handlers that end with an error": lambda logger, parent: attribute(
        logger, "handlers", one_and_an_error()
    ),
    "handlers above that end with an error": lambda logger, parent: attribute(
        parent, "handlers", one_and_an_error()
    ),
    "filters above": lambda logger, parent: attribute(parent, "filters", [lambda record: False]),
    "the handle of another class": lambda logger, parent: mock.patch.object(
        logging.Logger, "handle", logging.NullHandler.handle
    ),
    "a callHandlers of logging's own": lambda logger, parent: mock.patch.object(
        logging.Logger, "callHandlers", logging.NullHandler.emit
    ),
    "class with another's method": lambda logger, parent: class_of(logger, Silent),
    "class that is empty": lambda logger, parent: class_of(logger, Empty),
    "Logger.__bool__": lambda logger, parent: mock.patch.object(
        logging.Logger, "__bool__", lambda self: False, create=True
    ),
    "class that is disabled later": lambda logger, parent: late(logger),
    "a metaclass": lambda logger, parent: class_of(logger, Movable),
    "a metaclass, and moved": lambda logger, parent: within(class_of(logger, Movable), moved()),
    "an attribute of the class, and a method": lambda logger, parent: within(
        class_of(logger, Propagating), without(logger, "propagate"), method(logger, "handle")
    ),
    "a method in the place of an attribute": lambda logger, parent: within(
        without(logger, "propagate"), method(logger, "handle")
    ),
    "Logger.handle": lambda logger, parent: wrap(logging.Logger, "handle"),
    "Logger.filter": lambda logger, parent: wrap(logging.Logger, "filter"),
    "Filterer.filter": lambda logger, parent: wrap(logging.Filterer, "filter"),
    "Logger.callHandlers": lambda logger, parent: wrap(logging.Logger, "callHandlers"),
    "Handler.handle": lambda logger, parent: wrap(logging.Handler, "handle"),
    "handle of the logger": lambda logger, parent: method(logger, "handle"),
    "filter of the logger": lambda logger, parent: method(logger, "filter"),
    "callHandlers of the logger": lambda logger, parent: method(logger, "callHandlers"),
    "handle of the handler": lambda logger, parent: method(own, "handle"),
    "an attribute of somebody's": lambda logger, parent: attribute(logger, "colour", "green"),
    "a logger without a manager of its own": lambda logger, parent: without(logger, "manager"),
    "class with handle": lambda logger, parent: class_of(logger, Handle),
    "class with callHandlers": lambda logger, parent: class_of(logger, CallHandlers),
    "class with a property": lambda logger, parent: class_of(logger, Properties),
    "class with filters": lambda logger, parent: class_of(logger, Filters),
    "class with handlers": lambda logger, parent: class_of(logger, Handlers),
    "class that is disabled": lambda logger, parent: class_of(logger, Disabled),
    "class with __getattribute__": lambda logger, parent: class_of(logger, GetAttribute),
    "class with nothing": lambda logger, parent: class_of(logger, Untouched),
    "parent's class with handlers": lambda logger, parent: class_of(parent, Handlers),
    "property of the class": lambda logger, parent: mock.patch.object(
        logging.Logger, "handlers", property(lambda self: [other]), create=True
    ),
    "property of a base class": lambda logger, parent: mock.patch.object(
        logging.Filterer, "filters", property(lambda self: [lambda record: False]), create=True
    ),
    "__getattribute__": lambda logger, parent: mock.patch.object(
        logging.Logger, "__getattribute__", GetAttribute.__getattribute__, create=True
    ),
    "a last resort": lambda logger, parent: last_resort(logger, parent, other),
    "no last resort": lambda logger, parent: last_resort(logger, parent, None),
}


def by_python(level):
    try:
        logging.getLogger(NAME).log(level, f"level {level}")
    except Exception as error:
        events.append(type(error))


def by_rust(level):
    _native.call(SITE, level)


@pytest.fixture(autouse=True, scope="module")
def unraisable_hook():
    """Set once: a change in `sys` between the calls would have pylog check everything again."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "unraisablehook", lambda unraisable: events.append(unraisable.exc_type))
        yield


def seen(by, changes, level):
    """Returns the events of three calls with these changes."""
    logger, parent = loggers()
    # Some classes set these as attributes of the logger.
    logger.propagate, logger.disabled = True, False
    with contextlib.ExitStack() as stack:
        for change in changes:
            stack.enter_context(CHANGES[change](logger, parent))
        events.clear()
        # The first call may have to check what was changed; the others use what it found.
        for _ in range(3):
            by(level)
        return list(events)


def compare(changes, level):
    untouched = seen(by_python, [], level)
    assert seen(by_rust, [], level) == untouched
    assert seen(by_rust, changes, level) == seen(by_python, changes, level)
    assert seen(by_rust, [], level) == untouched


@pytest.mark.parametrize("change", CHANGES)
def test_each_change_is_obeyed(change):
    compare([change], 30)


@pytest.mark.own_interpreter
@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    changes=st.lists(st.sampled_from(sorted(CHANGES)), unique=True, min_size=2, max_size=3),
    level=st.sampled_from([20, 30, 40]),
)
def test_several_changes_are_obeyed(changes, level):
    compare(changes, level)
