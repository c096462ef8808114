"""A Rust call is a frame to the Python code that handles its record, and an error has a traceback of it."""

import copy
import inspect
import logging
import pickle
import subprocess
import sys
import threading
import traceback

import pytest
from processes import needs_interpreter
from pylog_probe import _native as native

LOGGER = logging.getLogger(f"{native.__name__}.calls.alpha")


@pytest.fixture(params=["direct", "queued", "all-queued"])
def delivery(request):
    if request.param != "direct":
        native.set_queue(1000, every_thread=request.param == "all-queued")
    yield request.param
    assert native.flush()
    native.set_queue()


@pytest.fixture(autouse=True)
def level():
    logging.root.setLevel(logging.INFO)


def caller():
    """What the recipe of a popular package finds: the first frame that isn't of `logging` or of this file."""
    frame = inspect.currentframe()
    while frame.f_code.co_filename in (logging.__file__, __file__) and frame.f_code.co_name != "call_python":
        frame = frame.f_back
    return frame.f_globals["__name__"], frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name


class Walking(logging.Handler):
    """Compares the caller with what the record says."""

    def __init__(self):
        super().__init__()
        self.seen = []

    def emit(self, record):
        self.seen.append((caller()[1:], (record.pathname, record.lineno, record.funcName)))


def call_python():
    LOGGER.info("level 20")


CALLS = {
    "attached": lambda: native.call("alpha", logging.INFO),
    "detached": lambda: native.call("alpha", logging.INFO, True),
    "thread": lambda: native.call_in_thread("alpha", logging.INFO),
    "python": call_python,
}


@pytest.mark.parametrize("where", CALLS)
def test_a_handler_finds_the_call(delivery, where):
    logging.root.addHandler(walking := Walking())
    for _ in range(3):
        CALLS[where]()
    assert native.flush()
    assert len(walking.seen) == 3
    for found, of_record in walking.seen:
        assert found == of_record


def test_the_frame_has_the_name_of_the_logger():
    seen = []
    LOGGER.addFilter(lambda record: seen.append(caller()) or True)
    CALLS["attached"]()
    native.log_at("some::target", logging.WARNING, "to another logger")
    ((name, file, _, function),) = seen
    assert name == LOGGER.name
    assert file.endswith("calls.rs") and function.endswith("calls::alpha::call")


WITHOUT_A_COMPILATION = """
import logging, sys
from pylog_probe import _native as native

class Walking(logging.Handler):
    def emit(self, record):
        frame = sys._getframe()
        while frame.f_code.co_filename != record.pathname:
            frame = frame.f_back
        codes.append(frame.f_code)

codes, compiled = [], []
logging.basicConfig(level=logging.INFO, handlers=[Walking()])
sys.addaudithook(lambda event, arguments: compiled.append(arguments) if event == "compile" else None)
native.call("alpha", logging.INFO)
assert not compiled, compiled
(code,) = codes
expected = (lambda f, x: f(x)).__code__
names = [name for name in dir(expected) if name.startswith("co_")]
place = {"co_filename", "co_firstlineno", "co_name", "co_qualname", "co_lnotab", "co_linetable", "co_lines", "co_positions"}
for name in set(names) - place - {"co_branches", "co_consts"}:
    assert getattr(code, name) == getattr(expected, name), name
"""


@pytest.mark.skipif(
    sys.implementation.name != "cpython" or sys.version_info < (3, 11), reason="the frame's code is compiled here"
)
@needs_interpreter
def test_the_code_of_a_frame_is_what_python_compiles():
    """See `raw/bytecode.rs`, which needs a new entry if this fails on a new Python."""
    subprocess.run([sys.executable, "-c", WITHOUT_A_COMPILATION], check=True)


@pytest.mark.parametrize("what", ["filter", "filter of a handler", "makeRecord", "handle", "callHandlers", "factory"])
def test_other_python_code_finds_the_call(monkeypatch, what):
    seen = []

    def noting(function):
        return lambda *args, **kwargs: seen.append(caller()[2]) or function(*args, **kwargs)

    logging.root.addHandler(handler := logging.StreamHandler(open("/dev/null", "w")))
    if what == "filter":
        LOGGER.addFilter(noting(lambda record: True))
    elif what == "filter of a handler":
        handler.addFilter(noting(lambda record: True))
    elif what == "factory":
        logging.setLogRecordFactory(noting(logging.LogRecord))
    else:
        monkeypatch.setattr(LOGGER, what, noting(getattr(LOGGER, what)), raising=False)
    records = []
    handler.addFilter(lambda record: records.append(record) or True)
    for _ in range(2):
        CALLS["attached"]()
    assert seen == [record.lineno for record in records] and len(seen) == 2
    handler.stream.close()


@pytest.mark.parametrize("where", ["attached", "thread"])
def test_the_traceback_of_a_handler_begins_at_the_call(monkeypatch, where):
    class Raising(logging.Handler):
        def emit(self, record):
            raise LookupError("in the handler")

    reported = []
    monkeypatch.setattr(sys, "unraisablehook", lambda args: reported.append(traceback.extract_tb(args.exc_traceback)))
    logging.root.addHandler(Raising())
    CALLS[where]()
    ((first, *_),) = reported
    assert first.filename.endswith("calls.rs") and first.name.endswith("alpha::call")


def test_the_call_stack_of_handle_error_ends_at_the_call(capsys):
    class Handler(logging.StreamHandler):
        def filter(self, record):
            return True

    def report(log):
        log()
        lines = capsys.readouterr().err.splitlines()
        files = [line.split('"')[1] for line in lines if line.startswith('  File "')]
        return files[-1]

    stream = open("/dev/null", "w", encoding="ascii")
    for handler_class in (Handler, logging.StreamHandler):
        logging.root.handlers = [handler := handler_class(stream)]
        for _ in range(3):
            CALLS["attached"]()
        # A format that fails later: the handler may be one whose work pylog does by then.
        handler.terminator = "é"
        for _ in range(3):
            assert report(CALLS["attached"]).endswith("calls.rs")
        assert report(call_python) == __file__
    stream.close()


def test_a_formatter_finds_the_call():
    class Formatter(logging.Formatter):
        def format(self, record):
            seen.append(caller()[1:] == (record.pathname, record.lineno, record.funcName))
            return "formatted"

    seen = []
    with open("/dev/null", "w") as stream:
        logging.root.handlers = [handler := logging.StreamHandler(stream)]
        handler.setFormatter(Formatter())
        for _ in range(3):
            CALLS["attached"]()
            CALLS["thread"]()
    assert seen == [True] * 6


def test_stack_info_ends_at_the_call(delivery, arrived):
    native.log_stack()
    assert native.flush()
    stacks = {record.getMessage(): record.stack_info for record in arrived.records}
    assert stacks.pop("without") is None
    frames = [[line for line in stack.splitlines() if line.startswith("  File ")] for stack in stacks.values()]
    for stack in frames:
        assert 'values.rs", line' in stack[-1] and stack[-1].endswith("values::log_stack")
    with_python, of_thread = frames
    assert __file__ in with_python[-2]
    assert len(of_thread) == 1


# Errors


def chain(error):
    while error is not None:
        yield error
        error = error.__cause__


def log_errors(records):
    native.log_rust_errors()
    return next(record.exc_info[1] for record in records if record.exc_info)


@pytest.mark.parametrize("detached", [False, True])
def test_each_error_of_a_chain_has_a_frame(records, detached):
    error = log_errors(records)
    errors = list(chain(error))
    assert len(errors) == 3
    for each in errors:
        (frame,) = traceback.extract_tb(each.__traceback__)
        assert frame.filename.endswith("values.rs") and frame.name.endswith("values::log_rust_errors")
        assert frame.line in ("", None) or "pylog::error!" in frame.line
    record = next(record for record in records if record.exc_info)
    assert record.exc_info[2] is error.__traceback__
    assert (record.pathname, record.lineno) == (frame.filename, frame.lineno)


def test_an_error_is_copied(records):
    error = log_errors(records)
    assert type(copy.copy(error)) is type(copy.deepcopy(error)) is type(error)
    assert str(copy.copy(error)) == str(error)


def test_an_error_is_pickled_for_a_process_without_the_extension(records):
    error = log_errors(records)
    program = "import pickle, sys; print(repr(pickle.loads(sys.stdin.buffer.read())))"
    for protocol in range(pickle.HIGHEST_PROTOCOL + 1):
        pickled = pickle.dumps(error, protocol)
        process = subprocess.run([sys.executable, "-I", "-c", program], input=pickled, capture_output=True)
        assert process.stdout.decode() == "RuntimeError('pylog_test_extension.values.Failure: reading')\n", process
    # Packages pickle the class of an error, too.
    assert pickle.loads(pickle.dumps(type(error))) is RuntimeError
    assert str(pickle.loads(pickle.dumps(error.__cause__))) == "pylog.RustError: opening"


# A `_log` of the program's own


def assert_names_callers(ours, pythons):
    """Above a function that wraps `_log` and adds 1 to the stack level. Below Python 3.11 that isn't enough."""
    if sys.version_info >= (3, 11):
        assert ours.pathname.endswith("calls.rs") and ours.funcName.endswith("alpha::call") and ours.lineno
        assert (pythons.pathname, pythons.funcName) == (__file__, "call_python")


class Salted(logging.Logger):
    """Its `_log` and its `makeRecord` work together, as in a deployment tool."""

    def _log(self, level, msg, args, exc_info=None, extra=None, stack_info=False, stacklevel=1):
        extra = {**(extra or {}), "job": 7}
        stacklevel += 1
        super()._log(level, msg, args, exc_info, extra, stack_info, stacklevel)

    def makeRecord(self, name, level, fn, lno, msg, args, exc_info, func=None, extra=None, sinfo=None):
        job = extra.pop("job")
        record = super().makeRecord(name, level, fn, lno, msg, args, exc_info, func, extra or None, sinfo)
        record.job = job
        return record


@pytest.fixture
def salted():
    LOGGER.__class__ = Salted
    yield
    LOGGER.__class__ = logging.Logger


@pytest.mark.parametrize("where", ["attached", "detached", "thread"])
def test_a_class_whose_methods_work_together(salted, delivery, arrived, unraisable, where):
    threads = set(threading.enumerate())
    for _ in range(2):
        CALLS[where]()
        assert native.flush()
        call_python()
    assert unraisable == []
    assert [record.job for record in arrived.records] == [7] * 4
    ours, pythons = arrived.records[:2]
    assert_names_callers(ours, pythons)
    assert set(vars(ours)) == set(vars(pythons))
    assert ours.getMessage() == pythons.getMessage()
    if where == "thread":
        assert ours.threadName.startswith("ThreadId(")
    else:
        assert ours.threadName == threading.current_thread().name
    assert set(threading.enumerate()) == threads


@pytest.mark.own_interpreter
@pytest.mark.parametrize("where", ["of the class", "of the logger"])
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_wrapped_log(monkeypatch, arrived, where, when):
    seen = []

    def wrapper(*args, **kwargs):
        seen.append((args[-3:], kwargs))
        return stock(*args, stacklevel=2, **kwargs)

    target = logging.Logger if where == "of the class" else LOGGER
    stock = target._log
    for _ in range(0 if when == "before" else 3):
        CALLS["attached"]()
    arrived.records.clear()
    monkeypatch.setattr(target, "_log", wrapper, raising=False)
    CALLS["attached"]()
    call_python()
    assert seen == [((20, "level 20", ()), {})] * 2
    ours, pythons = arrived.records
    assert_names_callers(ours, pythons)
    monkeypatch.undo()
    CALLS["attached"]()
    assert len(arrived.records) == 3 and len(seen) == 2


def test_a_wrapped_log_gets_the_keywords(monkeypatch, arrived):
    logger, seen = logging.getLogger("given"), []
    stock = logger._log
    monkeypatch.setattr(logger, "_log", lambda *args, **kwargs: seen.append(kwargs) or stock(*args, **kwargs), raising=False)
    native.log_pair(logger, 7)
    with_errors, with_value = seen
    assert sorted(with_errors) == ["exc_info", "extra", "stack_info"] and with_errors["extra"] == {"number": 7}
    assert isinstance(with_errors["exc_info"][1], ValueError) and with_errors["stack_info"] is True
    assert with_value == {"extra": {"number": 7}}
    record = next(record for record in arrived.records if record.exc_info)
    assert record.number == 7 and 'values.rs", line' in record.stack_info
