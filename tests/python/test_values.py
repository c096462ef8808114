"""Key-values, exceptions and stacks of a record."""

import collections
import copy
import datetime
import decimal
import io
import json
import logging
import logging.handlers
import math
import os
import pathlib
import pickle
import queue
import re
import socketserver
import struct
import sys
import threading
import traceback
import types
import uuid

import pytest
from programs.collecting import Collector
from pylog_probe import _native
from waiting import needs_fast_path

PREFIX = "pylog_probe._native.values"

OBJECT = decimal.Decimal("1.5")
CONVERSIONS = {
    "i8": -(2**7),
    "i16": -(2**15),
    "i32": -(2**31),
    "i64": -(2**63),
    "i128": -(2**127),
    "u8": 2**8 - 1,
    "u16": 2**16 - 1,
    "u32": 2**32 - 1,
    "u64": 2**64 - 1,
    "u128": 2**128 - 1,
    "isize": -1,
    "usize": 1,
    "f32": 0.5,
    "f64": 0.1,
    "infinity": math.inf,
    "yes": True,
    "no": False,
    "character": "ß",
    "str": "näh",
    "string": "text",
    "reference": "text",
    "cow": "cow",
    "empty": "",
    "huge": "x" * 100_000,
    "bytes": b"\x00\x9f\x92\x96",
    "array": b"\x01\x02",
    "vector": b"\x03",
    "none": None,
    "some": 5,
    "nested": "deep",
    "nested_none": None,
    "boxed": 7,
    "shared": 8,
    "atomic": "nine",
    "own": 3.5,
    "object": OBJECT,
    "kept": OBJECT,
    "type": "raw",
    "debug": "[1, 2]",
    "display": "INFO",
    "word": '"quoted"',
    "other": "1.5",
    "error": "reading: opening",
    "http.status": 200,
    "with space": 1,
    "sum": 5,
    "cast": "0",
    "range": "1..3",
    "both": True,
    "negative": -1,
    "unsized_value": "te",
    "through_a_macro": 3,
}


USUAL = set(logging.makeLogRecord({}).__dict__) | {"message", "asctime", "nan"}


@pytest.fixture(autouse=True)
def all_on():
    logging.getLogger().setLevel(1)


@pytest.fixture
def records(both_records):
    return both_records


def own_attributes(record):
    return {key: value for key, value in record.__dict__.items() if key not in USUAL}


def check_values(record):
    found = own_attributes(record)
    assert found == CONVERSIONS
    assert {key: type(value) for key, value in found.items()} == {
        key: type(value) for key, value in CONVERSIONS.items()
    }
    assert math.isnan(record.nan)
    assert record.getMessage() == "many values of text"


def test_every_conversion(records):
    for _ in range(3):
        _native.log_values(OBJECT)
    for record in records:
        check_values(record)
        assert record.object is OBJECT and record.kept is OBJECT


CONTAINERS = {
    "ids": [1, 2, 3],
    "array": [0.5, 1.5],
    "slice": ["a", "b"],
    "optional": [1, None],
    "nested": [[True], []],
    "empty": [],
    "chunks": [b"\x01\x02", b"\x03\x04"],
    "no_bytes": b"",
    "cow": [1],
    "signed_bytes": [1, 2],
    "references": [7],
    "pair": (1, "one"),
    "single": (2.5,),
    "twelve": tuple(range(1, 13)),
    "by_name": {"one": 1},
    "by_number": {1: [], 2: ["two"]},
    "by_pair": {(1, True): None},
    "unique": {"x"},
    "ordered": {1, 3},
    "points": [{"x": 1, "label": "a"}, {"x": 2, "label": "b"}],
    "shared": [1, 2],
}

DATE = datetime.date(2024, 2, 29)
TIME = datetime.time(23, 59, 58)
MOMENT = datetime.datetime.combine(DATE, TIME)
EAST = datetime.timezone(datetime.timedelta(hours=1))
EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.timezone.utc)
JSON = {
    "text": "a",
    "whole": -7,
    "big": 2**64 - 1,
    "float": 0.5,
    "yes": True,
    "nothing": None,
    "list": [1, {"deep": []}],
}
OF_OTHER_CRATES = {
    "date": DATE,
    "time": TIME,
    "moment": MOMENT,
    "utc": MOMENT.replace(tzinfo=datetime.timezone.utc),
    "east": MOMENT.replace(tzinfo=datetime.timezone.utc).astimezone(EAST),
    "delta": datetime.timedelta(seconds=90),
    "no_date_in_python": "+262142-12-31",
    "by_date": {DATE: 1},
    "jiff_date": DATE,
    "jiff_time": TIME,
    "jiff_moment": MOMENT,
    "timestamp": EPOCH,
    "zoned": EPOCH.astimezone(EAST),
    "duration": datetime.timedelta(seconds=90),
    "uuid": uuid.UUID(int=7),
    "map": JSON,
    "json": JSON,
}
ELAPSED = datetime.timedelta(seconds=90, microseconds=1)
PATH = pathlib.Path("/tmp/ä")
OF_THE_STANDARD_LIBRARY = {
    "elapsed": ELAPSED,
    "moment": EPOCH + ELAPSED,
    "no_duration_in_python": "18446744073709551615.999999999s",
    "path": PATH,
    "buffer": PATH,
    "parent": PATH.parent,
    "last": "ä",
    "string": os.path.join("/tmp", "ä"),
    "paths": [PATH],
    "by_path": {PATH: datetime.timedelta()},
}


def with_types(value):
    """The value with the type of each of its parts: `1 == True == 1.0` in Python."""
    if isinstance(value, dict):
        parts = [(with_types(key), with_types(item)) for key, item in value.items()]
        return dict, sorted(parts, key=repr)
    if isinstance(value, (list, tuple, set)):
        return type(value), [with_types(item) for item in value]
    if isinstance(value, datetime.datetime):
        return datetime.datetime, value, value.utcoffset()
    return type(value), value


@pytest.mark.parametrize(
    "log, expected",
    [
        (_native.log_containers, CONTAINERS),
        (_native.log_std_types, OF_THE_STANDARD_LIBRARY),
        (_native.log_types_of_other_crates, OF_OTHER_CRATES),
    ],
)
@pytest.mark.parametrize("capacity", [None, 100])
def test_containers_and_the_types_of_other_crates_and_of_the_standard_library(records, capacity, log, expected):
    _native.set_queue(capacity)
    try:
        log()
        assert _native.flush()
    finally:
        _native.set_queue()
    assert len(records) == 2
    for record in records:
        found = own_attributes(record)
        assert list(found) == list(expected)
        for key, value in expected.items():
            assert with_types(found[key]) == with_types(value), key


def test_values_are_evaluated_once_and_only_if_the_call_logs(records):
    assert _native.count_evaluations(3) == 3
    first = records[0].value
    assert [record.value for record in records] == [first, first + 1, first + 2]
    logging.getLogger(PREFIX).setLevel(logging.ERROR)
    assert _native.count_evaluations(3) == 0


@needs_fast_path
def test_values_do_not_need_python_to_make_the_record():
    called = []
    _native.count_evaluations(1)
    sys.setprofile(lambda frame, event, _: event == "call" and called.append(frame.f_code.co_name))
    try:
        _native.count_evaluations(1)
    finally:
        sys.setprofile(None)
    assert "handle" in called and "makeRecord" not in called


def test_one_call_does_not_leave_its_values_to_the_next(records):
    for number in (1, 2, 3):
        _native.count_evaluations(1)
    values = [record.value for record in records]
    assert len(set(values)) == 3
    _native.log_handled()
    _native.log_handled()
    assert all(not own_attributes(record) for record in records[3:])


def test_every_destination(records):
    for number in (1, 2):
        _native.log_pair(logging.getLogger("given"), number)
    names = [PREFIX, "values.target", "values.dynamic", "given", "given"]
    assert [record.name for record in records] == names * 2
    assert [record.number for record in records] == [1] * 5 + [2] * 5
    with_exception = records[3]
    assert with_exception.exc_info[0] is ValueError and str(with_exception.exc_info[1]) == "bad"
    assert "test_every_destination" in with_exception.stack_info


class TestTransport:
    """Values keep their types when a record is copied, pickled, queued, sent or formatted."""

    def test_copy_and_pickle(self, records):
        for _ in range(2):
            _native.log_values(OBJECT)
        for record in records:
            check_values(copy.copy(record))
            check_values(pickle.loads(pickle.dumps(record)))

    def test_queue_handler(self):
        collector = Collector()
        channel = queue.SimpleQueue()
        listener = logging.handlers.QueueListener(channel, collector)
        logger = logging.getLogger(PREFIX)
        handler = logging.handlers.QueueHandler(channel)
        logger.addHandler(handler)
        listener.start()
        for _ in range(2):
            _native.log_values(OBJECT)
        listener.stop()
        logger.removeHandler(handler)
        assert len(collector.records) == 2
        for record in collector.records:
            check_values(record)

    def test_socket_handler(self):
        received = queue.SimpleQueue()

        class Receive(socketserver.StreamRequestHandler):
            def handle(self):
                while length := self.rfile.read(4):
                    data = self.rfile.read(struct.unpack(">L", length)[0])
                    received.put(logging.makeLogRecord(pickle.loads(data)))

        with socketserver.TCPServer(("127.0.0.1", 0), Receive) as server:
            thread = threading.Thread(target=server.handle_request)
            thread.start()
            handler = logging.handlers.SocketHandler(*server.server_address)
            logger = logging.getLogger(PREFIX)
            logger.addHandler(handler)
            for _ in range(2):
                _native.log_values(OBJECT)
            logger.removeHandler(handler)
            handler.close()
            thread.join()
        for _ in range(2):
            check_values(received.get_nowait())

    def test_python_json_logger(self):
        json_formatter = pytest.importorskip("pythonjsonlogger.json").JsonFormatter
        stream = io.StringIO()
        handler = logging.StreamHandler(stream)
        handler.setFormatter(json_formatter())
        logger = logging.getLogger(PREFIX)
        logger.addHandler(handler)
        _native.count_evaluations(2)
        logger.removeHandler(handler)
        lines = [json.loads(line) for line in stream.getvalue().splitlines()]
        assert [line["message"] for line in lines] == ["counted"] * 2
        assert all(type(line["value"]) is int for line in lines)

    def test_structlog(self):
        structlog = pytest.importorskip("structlog")
        seen = []

        def keep(_, __, event):
            seen.append(event)
            return ""

        handler = logging.StreamHandler(io.StringIO())
        handler.setFormatter(
            structlog.stdlib.ProcessorFormatter(
                foreign_pre_chain=[structlog.stdlib.ExtraAdder()], processors=[keep]
            )
        )
        logger = logging.getLogger(PREFIX)
        logger.addHandler(handler)
        for _ in range(2):
            _native.log_values(OBJECT)
        logger.removeHandler(handler)
        for event in seen:
            values = {key: event[key] for key in CONVERSIONS}
            assert values == CONVERSIONS
            assert all(type(values[key]) is type(CONVERSIONS[key]) for key in values)


def raise_deep():
    def deeper():
        raise LookupError("down here")

    try:
        deeper()
    except LookupError as error:
        raise RuntimeError("on the way") from error


def formatted(record):
    return logging.Formatter("%(message)s").format(record)


class TestExcInfo:
    def test_exceptions_raised_by_python(self, records):
        for _ in range(2):
            _native.log_raised(raise_deep)
        assert len(records) == 14
        for record in records:
            kind, value, trace = record.exc_info
            assert kind is type(value)
            # The traceback has the lines of the Python code.
            text = formatted(record)
            assert "in deeper" in text and "LookupError: down here" in text
            assert 'raise RuntimeError("on the way") from error' in text
            if record.getMessage() != "as the cause of an error":
                assert kind is RuntimeError and trace is value.__traceback__ is not None
            else:
                assert kind.__name__ == "Failure"
                assert type(value.__cause__) is RuntimeError

    def test_a_plain_exception_has_its_traceback(self, records):
        def plain():
            raise ValueError("plain")

        def deeper():
            plain()

        for _ in range(2):
            _native.log_raised(deeper)
        for record in records:
            text = formatted(record)
            assert "in deeper" in text and "in plain" in text and "ValueError: plain" in text

    def test_the_exception_that_is_being_handled(self, records):
        for _ in range(2):
            try:
                raise KeyError("handled")
            except KeyError as error:
                _native.log_handled()
                handled = records[-3]
                assert handled.exc_info == (KeyError, error, error.__traceback__)
                assert records[-2].exc_info is None and records[-1].exc_info is None
        _native.log_handled()
        # Python's own logger does the same.
        assert records[-3].exc_info == (None, None, None)

    def test_rust_errors(self, records):
        for _ in range(2):
            _native.log_rust_errors()
        deep, parse, dynamic, boxed, half = records[:5]
        assert str(half.exc_info[1]) == "half"
        kind, value, trace = deep.exc_info
        assert (kind.__module__, kind.__name__) == ("pylog_test_extension.values", "Failure")
        assert issubclass(kind, Exception) and trace is value.__traceback__
        assert trace.tb_next is None
        chain = []
        while value is not None:
            chain.append((type(value).__name__, str(value)))
            value = value.__cause__
        assert chain == [("Failure", "reading"), ("RustError", "opening"), ("RustError", "gone")]
        # The line of the call is below a frame, where the file is found.
        place = f'Traceback (most recent call last):\n  File "{deep.pathname}", line {deep.lineno}, in {deep.funcName}\n'
        without_source = re.sub("^    .*\n", "", formatted(deep), flags=re.MULTILINE)
        assert without_source == (
            "three deep\n"
            f"{place}pylog.RustError: gone\n\n"
            "The above exception was the direct cause of the following exception:\n\n"
            f"{place}pylog.RustError: opening\n\n"
            "The above exception was the direct cause of the following exception:\n\n"
            f"{place}pylog_test_extension.values.Failure: reading"
        )
        assert formatted(parse).endswith(".ParseIntError: invalid digit found in string")
        assert [type(record.exc_info[1]).__name__ for record in (dynamic, boxed)] == ["RustError"] * 2
        # The class is the same each time, so that records can be grouped by it.
        assert records[5].exc_info[0] is kind

    def test_everything_that_is_an_error(self, records):
        def chain(value):
            while value is not None:
                yield type(value).__name__, str(value)
                value = value.__cause__

        raised = LookupError("from Python")
        kinds = collections.Counter()
        _native.log_error_types(raised)
        for record in records:
            what = record.getMessage()
            kinds[what] += 1
            _, value, _ = record.exc_info or (None, None, None)
            text = record.error
            source = ("RustError", "gone")
            if what == "none":
                assert value is None and text is None
            elif what == "raised":
                assert value is raised and text == "LookupError: from Python"
            elif what in ("Borrowing", "generic"):
                assert list(chain(value)) == [("Borrowing", "borrowed")] and text == "borrowed"
            elif what == "Failure":
                assert list(chain(value)) == [("Failure", "reading"), source]
                assert text == "reading: gone"
            elif what in ("Box", "Arc", "anyhow", "eyre"):
                assert list(chain(value)) == [("RustError", "reading"), source]
                assert text == "reading: gone"
            elif what == "context":
                first = ("RustError", "with context")
                assert list(chain(value)) == [first, ("RustError", "reading"), source]
                assert text == "with context: reading: gone"
            else:
                assert what == "&dyn Error"
                expected = [("RustError", text.split(": ")[0])] + [source] * (": " in text)
                assert list(chain(value)) == expected
        assert kinds == {
            "Failure": 7,
            "Borrowing": 3,
            "generic": 3,
            "Box": 7,
            "Arc": 1,
            "anyhow": 4,
            "context": 1,
            "eyre": 2,
            "none": 4,
            "raised": 8,
            "&dyn Error": 4,
        }

    def test_an_exception_is_not_left_to_later_records(self, records):
        _native.log_rust_errors()
        _native.log_handled()
        assert sys.exc_info() == (None, None, None)
        assert records[-1].exc_text is None


class TestStackInfo:
    def test_the_python_code_that_led_here(self, records):
        for _ in range(2):
            _native.log_stack()
        own, without, thread = records[3:]
        assert own.stack_info.startswith("Stack (most recent call last):\n  File ")
        expected = "".join(traceback.format_stack()).rstrip("\n").rsplit("\n", 2)[0]
        assert own.stack_info.split("\n", 1)[1].startswith(expected[: expected.rindex("  File")])
        assert "_native.log_stack()\n" in own.stack_info
        assert without.stack_info is None
        # There is no Python code, only the call.
        assert thread.stack_info.count("  File ") == 1
        assert formatted(own).startswith("with\nStack (most recent call last):")


class TestLimits:
    """One test, since the calls are counted as long as the process lives."""

    def test_limits(self):
        logger = logging.getLogger("limited")
        seen = {}
        handler = Collector()
        handler.after = lambda record: seen.setdefault(record.name, []).append(
            (record.msg, record.suppressed)
        )
        logger.addHandler(handler)
        given = logging.getLogger("limited.given")
        try:
            # Calls that are off don't count.
            logger.setLevel(logging.ERROR)
            assert _native.log_limited(50, 4, given) == 0
            assert seen == {}
            logger.setLevel(logging.INFO)
            assert _native.log_limited(10, 4, given) == 2
            assert seen == {
                "limited.first": [("0 0", 0), ("1 1", 0)],
                "limited.nth": [("0", 0), ("4", 3), ("8", 3)],
                "limited.hourly": [("0", 0)],
                "limited.given": [("0", 0), ("5", 4)],
            }
            # The counts go on from there.
            seen.clear()
            assert _native.log_limited(5, 4, given) == 0
            assert seen == {"limited.nth": [("2", 3)], "limited.given": [("0", 4)]}
        finally:
            logger.removeHandler(handler)


class TestAdapters:
    class Adding(logging.LoggerAdapter):
        def process(self, message, kwargs):
            self.seen = dict(kwargs)
            kwargs.setdefault("extra", {})["added"] = True
            kwargs["stack_info"] = True
            return f"[{message}]", kwargs

    def test_what_an_adapter_adds_arrives(self, records):
        adapter = self.Adding(logging.getLogger("adapted"), {})
        _native.log_pair(adapter, 7)
        first, second = records[3:]
        assert (first.number, first.added, first.msg) == (7, True, "[to a logger]")
        assert set(adapter.seen) == {"extra"}
        assert first.exc_info[0] is ValueError
        assert "test_what_an_adapter_adds_arrives" in first.stack_info
        assert (second.number, second.added, second.levelno) == (7, True, 25)
        assert second.stack_info is not None

    def test_an_object_with_its_own_log(self):
        class Duck:
            def __init__(self):
                self.seen = []

            def isEnabledFor(self, level):
                return True

            def log(self, level, message, *args, **kwargs):
                self.seen.append((level, message, args, kwargs))

        class Overriding(logging.LoggerAdapter, Duck):
            log = Duck.log

            def __init__(self):
                super().__init__(logging.getLogger("adapted"), {})
                self.seen = []

        for logger in (Duck(), Overriding()):
            _native.log_pair(logger, 7)
            (level, message, args, kwargs), second = logger.seen
            assert (level, message, args) == (20, "to a logger", ())
            assert set(kwargs) == {"extra", "exc_info", "stack_info"}
            assert kwargs["extra"] == {"number": 7}
            assert second == (25, "at a level", (), {"extra": {"number": 7}})

    def test_process_may_return_any_mapping(self, records):
        class Mapped(logging.LoggerAdapter):
            def process(self, message, kwargs):
                return message, types.MappingProxyType({"extra": {"mapped": 1}})

        _native.log_pair(Mapped(logging.getLogger("adapted"), {}), 7)
        assert [record.mapped for record in records[3:]] == [1, 1]

    def test_an_adapter_drops_or_merges_extra_as_in_python(self, records):
        options = {"merge_extra": True} if sys.version_info >= (3, 13) else {}
        adapter = logging.LoggerAdapter(logging.getLogger("adapted"), {"theirs": 1}, **options)
        _native.log_pair(adapter, 7)
        adapter.info("python", extra={"number": 7})
        assert own_attributes(records[3]) == own_attributes(records[-1])


def test_a_key_that_the_factory_sets_gets_another_name(unraisable):
    made = []

    def factory(*args, **kwargs):
        record = logging.LogRecord(*args, **kwargs)
        record.number = "theirs"
        made.append(record)
        return record

    logging.setLogRecordFactory(factory)
    _native.log_pair(logging.getLogger("given"), 7)
    kept = [record for record in made if hasattr(record, "number_")]
    assert [(record.number, record.number_) for record in kept] == [("theirs", 7)] * 5
    assert unraisable == []


def test_a_record_that_has_an_answer_for_every_name(unraisable):
    """`Logger.makeRecord` looks into its `__dict__`, too."""

    class Answering(logging.LogRecord):
        def __init__(self, *args, **kwargs):
            super().__init__(*args, **kwargs)
            self.number = "theirs"
            made.append(self)

        def __getattr__(self, name):
            return f"an answer for {name}"

    made = []
    logging.setLogRecordFactory(Answering)
    _native.log_pair(logging.getLogger("given"), 7)
    kept = [vars(record) for record in made if "number_" in vars(record)]
    assert [(attributes["number"], attributes["number_"]) for attributes in kept] == [("theirs", 7)] * 5
    logging.getLogger("given").info("by Python")
    assert set(kept[0]) - {"number_"} == set(vars(made[-1]))
    assert unraisable == []


def test_a_key_that_exists_raises_as_it_does_in_python(unraisable):
    """The adapter adds the key, so the macro can't find the mistake at compile time."""

    class Overwriting(logging.LoggerAdapter):
        def process(self, message, kwargs):
            kwargs["extra"] = {"message": "mine"}
            return message, kwargs

    _native.log_to(Overwriting(logging.getLogger("adapted"), {}), 20, "message")
    assert [type(error) for error, _ in unraisable] == [KeyError] * 2
