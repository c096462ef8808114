"""Queued delivery, threads that log, and the contexts that they log in."""

import asyncio
import collections
import contextvars
import gc
import logging
import signal
import sys
import threading
import time
from unittest import mock

import pytest
from pylog_probe import _native as native

NAME = native.__name__ + ".threads"


class Arrived(logging.Handler):
    """What arrives, in order."""

    def __init__(self):
        super().__init__()
        self.records = []

    def emit(self, record):
        self.records.append(record)

    @property
    def messages(self):
        return [record.getMessage() for record in self.records]


@pytest.fixture
def arrived():
    handler = Arrived()
    logging.root.addHandler(handler)
    logging.root.setLevel(logging.INFO)
    yield handler
    logging.root.setLevel(logging.WARNING)


def make_known():
    """From then on it is known that Python accepts what `flood` logs, or that it doesn't."""
    for _ in range(2):  # From the first on, if the logger is the same as before.
        native.flood(1, 1)
        assert native.flush()


@pytest.fixture
def queue():
    """Queued delivery with room for many records."""
    native.set_queue(100_000)
    yield
    assert native.flush()
    native.set_queue()


@pytest.fixture(params=["direct", "queued"])
def delivery(request):
    if request.param == "queued":
        native.set_queue(100_000)
    yield request.param
    assert native.flush()
    native.set_queue()


class TestNobodyWaits:
    """What hangs where a call that logs waits for the GIL."""

    def test_a_thread_that_is_joined_by_the_holder_of_the_gil(self, queue, arrived):
        """pyo3-log's own example of a deadlock. The calls' loggers are seen for the first time."""
        native.join_while_attached()
        assert native.flush()
        assert arrived.messages == [
            "from a joined thread",
            "from a joined thread, with log",
            "to another target",
        ]
        assert [record.name for record in arrived.records] == [NAME, NAME, "joined.thread"]

    def test_a_rayon_pool_that_the_holder_of_the_gil_waits_for(self, queue, arrived):
        assert native.log_in_pool_while_attached(1000) == 999_000
        assert native.flush()
        expected = [f"doubling {n}" for n in range(1000)]
        expected += [f"doubling {n}, with log" for n in range(1000)]
        assert sorted(arrived.messages) == sorted(expected)

    def test_a_drop_in_the_garbage_collector_that_joins_a_thread(self, queue, arrived):
        class Cycle:
            pass

        cycle = Cycle()
        cycle.itself, cycle.joins = cycle, native.JoinsWhenDropped()
        del cycle
        gc.collect()
        assert native.flush()
        assert sorted(arrived.messages) == ["before the drop ends", "dropping"]

    def test_a_lock_that_the_handler_wants(self, queue, arrived):
        """The thread logs while it holds a Rust lock, for which the handler waits with the GIL."""
        arrived.emit = lambda record, emit=arrived.emit: (native.with_lock(), emit(record))
        threads = [
            threading.Thread(target=native.log_with_lock, args=(f"thread {n}",)) for n in range(8)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert native.flush()
        assert sorted(arrived.messages) == [f"thread {n}" for n in range(8)]

    def test_a_handler_that_flushes(self, queue, arrived):
        flushed = []
        arrived.emit = lambda record: flushed.append(native.flush())
        start = time.monotonic()
        native.log_in_worker("one")
        assert native.flush()
        assert flushed == [False]
        assert time.monotonic() - start < 10

    def test_a_thread_that_does_not_end(self, queue, arrived):
        """The caller goes on at once while the handler takes its time."""
        let_go = threading.Event()
        arrived.emit = lambda record: let_go.wait(20)
        start = time.monotonic()
        native.log_in_worker("one")
        for _ in range(100):
            native.join_while_attached()
        assert not native.flush(0.05)
        assert not native.flush(0.05, detached=True)
        assert time.monotonic() - start < 10
        let_go.set()
        assert native.flush()


class TestFromAnywhere:
    """Calls from where Python calls back in the midst of something else."""

    def test_a_callback_of_the_garbage_collector(self, delivery, arrived):
        def callback(phase, info):
            native.log_in_stages(2)

        gc.callbacks.append(callback)
        try:
            for _ in range(10):
                gc.collect()
        finally:
            gc.callbacks.remove(callback)
        assert arrived.messages == ["stage 0", "stage 1"] * 20

    def test_a_finalizer_that_the_collector_runs_within_a_call(self, delivery, arrived):
        class Finalized:
            def __init__(self):
                self.cycle = self

            def __del__(self):
                native.log_in_stages(2)

        def emit(record, emit=arrived.emit):
            if record.msg == "outer":
                for _ in range(20):
                    Finalized()
                gc.collect()
            emit(record)

        arrived.emit = emit
        native.log_in_worker("outer")
        native.log_message("outer")
        end = time.monotonic() + 10
        # Without a GIL, what a finalizer logs may go behind.
        while len(arrived.records) < 82 and time.monotonic() < end:
            assert native.flush()
        assert arrived.messages.count("outer") == 2
        for stage in ("stage 0", "stage 1"):
            assert arrived.messages.count(stage) == 40

    def test_a_handler_that_logs(self, delivery, arrived):
        def handle(record):  # Without the handler's lock, which another thread would wait for.
            arrived.emit(record)
            if len(record.msg) < 5:
                native.log_in_worker(record.msg + "+")
                native.log_message(record.msg + "-")

        arrived.handle = handle
        native.log_in_worker("a")
        end = time.monotonic() + 20
        while len(arrived.records) < 31 and time.monotonic() < end:
            assert native.flush()
        expected = ["a"]
        for text in expected:
            if len(text) < 5:
                expected += [text + "+", text + "-"]
        assert sorted(arrived.messages) == sorted(expected)


class TestRecords:
    @pytest.mark.parametrize("made", ["by pylog", "by Python", "by a subclass"])
    def test_a_record_is_of_its_own_time_and_thread(self, queue, arrived, made):
        if made == "by Python":
            logging.setLogRecordFactory(lambda *args, **kwargs: logging.LogRecord(*args, **kwargs))
        elif made == "by a subclass":
            logging.setLogRecordFactory(type("Mine", (logging.LogRecord,), {}))
        for attempt in range(3):
            if attempt == 2:
                # Delivered by a thread that Python knows, behind another record.
                arrived.emit = lambda record, emit=arrived.emit: (time.sleep(0.1), emit(record))
            before, after, ident = native.log_in_worker("hello")
            time.sleep(0.02)
            assert native.flush()
            record = arrived.records[attempt]
            assert (record.name, record.getMessage()) == (NAME, "hello")
            assert (record.answer, record.text) == (42, "hello")
            assert before / 1e9 - 1e-6 <= record.created <= after / 1e9 + 1e-6
            assert int(record.msecs) == int(record.created * 1000) % 1000
            expected = (record.created - logging._startTime) * 1000
            if isinstance(logging._startTime, int):  # From Python 3.13.
                expected = (record.created * 1e9 - logging._startTime) / 1e6
            assert record.relativeCreated == pytest.approx(expected, abs=0.01)
            assert (record.thread, record.threadName) == (ident, "worker")
            assert getattr(record, "taskName", None) is None
        assert not [thread for thread in threading.enumerate() if "Dummy" in thread.name]

    def test_a_thread_of_pythons_keeps_its_name(self, queue, arrived):
        done = threading.Event()

        def work():
            native.log_in_stages(3)
            done.wait(20)

        thread = threading.Thread(target=work, name="a Python thread")
        thread.start()
        while len(arrived.records) < 3:
            assert native.flush()
        assert {record.threadName for record in arrived.records} == {"a Python thread"}
        assert {record.thread for record in arrived.records} == {thread.ident}
        done.set()
        thread.join()

    def test_switches_of_logging_hold(self, queue, arrived):
        logging.logThreads = logging.logProcesses = False
        try:
            native.log_in_worker("hello")
            assert native.flush()
        finally:
            logging.logThreads = logging.logProcesses = True
        record = arrived.records[0]
        assert (record.thread, record.threadName, record.process) == (None, None, None)

    def test_a_replaced_clock_is_asked(self, queue, arrived):
        times = {"time": lambda: 1234.5, "time_ns": lambda: 1_234_500_000_000}
        kept = {name: getattr(time, name) for name in times}
        for name, function in times.items():
            setattr(time, name, function)
        try:
            native.log_in_worker("hello")
            assert native.flush()
        finally:
            for name, function in kept.items():
                setattr(time, name, function)
        assert arrived.records[0].created == 1234.5

    def test_what_only_python_can_tell_is_delivered_at_once_and_in_order(self, queue, arrived):
        logger = logging.getLogger("elsewhere")
        try:
            raise ValueError("raised")
        except ValueError as error:
            native.log_what_needs_python(error, logger)
            raised = error
        assert native.flush()
        assert arrived.messages == [
            "first", "an exception", "between", "a stack", "an object", "a logger", "last",
        ]  # fmt: skip
        assert arrived.records[1].exc_info[1] is raised
        assert "log_what_needs_python" in arrived.records[3].stack_info
        assert arrived.records[4].object is raised
        assert arrived.records[5].name == "elsewhere"

    def test_a_display_that_panics(self, queue, arrived):
        assert native.log_a_panic()
        assert native.flush()
        assert arrived.messages == ["after the panic"]


class TestLevels:
    def test_what_is_not_known_is_asked_later(self, queue, arrived):
        logging.root.setLevel(logging.WARNING)
        for _ in range(2):
            native.join_while_attached()
            assert native.flush()
        assert arrived.messages == ["to another target"] * 2
        assert native.log_max_level() == "WARN", "what nobody wants, `log` rejects by itself"

    def test_what_is_known_is_not_queued(self, queue, arrived):
        logging.root.setLevel(logging.WARNING)
        native.flood(1, 1)
        assert native.flush()
        entered = []
        logging.Logger.filter, original = (
            lambda self, record: entered.append(record) or original(self, record),
            logging.Logger.filter,
        )
        try:
            native.flood(4, 1000)
            assert native.flush()
        finally:
            logging.Logger.filter = original
        assert arrived.records == entered == []

    def test_a_level_is_that_of_the_call(self, queue, arrived):
        make_known()
        arrived.records.clear()
        arrived.emit = lambda record, emit=arrived.emit: (time.sleep(0.05), emit(record))
        native.flood(1, 3)
        logging.root.setLevel(logging.ERROR)
        native.flood(1, 3)
        assert native.flush()
        assert arrived.messages == [f"flood 0 {n}" for n in range(3)]

    def test_enabled_is_asked_once(self, queue, arrived):
        """The answer is yes while it isn't known, and does not fill the queue."""
        native.set_queue(3)
        logging.root.setLevel(logging.ERROR)
        for _ in range(100):
            native.join_while_attached()
        assert native.flush()
        assert arrived.messages == []


class TestOrder:
    def test_an_attached_thread_delivers_what_is_ahead_of_it(self, delivery, arrived):
        for _ in range(50):
            native.log_in_stages(20)
            # It ended attached, so everything is there.
            assert arrived.messages == [f"stage {n}" for n in range(20)]
            arrived.records.clear()

    def test_also_while_others_deliver(self, queue, arrived):
        def handle(record):  # Without the handler's lock.
            if threading.get_ident() not in threading._active:
                time.sleep(0.002)  # The drain thread lets go of the GIL and takes its time.
            arrived.emit(record)

        arrived.handle = handle
        threads = [
            threading.Thread(target=native.log_in_stages, args=(60,), name=str(n)) for n in range(4)
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert native.flush()
        of_thread = collections.defaultdict(list)
        for record in arrived.records:
            of_thread[record.thread].append(record.getMessage())
        assert len(arrived.records) == 240
        for messages in of_thread.values():
            # Threads that followed each other may have the same ident.
            expected = [f"stage {n}" for n in range(60)] * (len(messages) // 60)
            assert messages == expected

    def test_a_million_records_of_eight_threads(self, arrived, report):
        """Each arrives once, or is in the count that was reported; in order a thread."""
        arrived.messages_of = collections.defaultdict(list)
        dropped = []

        def emit(record):
            if hasattr(record, "dropped"):
                dropped.append(record.dropped)
                assert (record.levelname, record.name) == ("WARNING", native.__name__)
            else:
                _, thread, number = record.msg.split()
                arrived.messages_of[thread].append(int(number))

        arrived.emit = emit
        native.set_queue(65_536)
        try:
            nanoseconds = native.flood(8, 125_000)
            assert native.flush()
        finally:
            native.set_queue()
        assert len(arrived.messages_of) == 8
        for numbers in arrived.messages_of.values():
            assert all(one < next for one, next in zip(numbers, numbers[1:]))
        count = sum(map(len, arrived.messages_of.values()))
        assert count + sum(dropped) == 1_000_000
        report(
            f"1,000,000 records of 8 threads: {count:,} arrived, in order a thread, "
            f"{sum(dropped):,} dropped and reported by {len(dropped)} warnings; "
            f"{nanoseconds} ns each in a debug build"
        )

    def test_none_is_dropped_where_there_is_room(self, arrived):
        native.set_queue(80_000)
        make_known()
        arrived.records.clear()
        try:
            native.flood(8, 10_000)
            assert native.flush()
        finally:
            native.set_queue()
        assert len(arrived.records) == 80_000
        assert not [record for record in arrived.records if hasattr(record, "dropped")]

    def test_the_switch_keeps_the_order(self, arrived):
        expected = []
        for round in range(20):
            native.set_queue(1000 if round % 2 == 0 else None)
            native.log_in_worker(f"round {round}")
            expected.append(f"round {round}")
        assert native.flush()
        assert arrived.messages == expected


class TestDrops:
    def test_the_newest_are_dropped_and_counted(self, arrived):
        let_go = threading.Event()
        native.set_queue(10)
        make_known()
        arrived.records.clear()
        emit = arrived.emit
        arrived.emit = lambda record: (let_go.wait(20), emit(record))
        try:
            native.flood(1, 25)
            let_go.set()
            assert native.flush()
            # How soon it is said depends on how soon the drain thread began.
            (record,) = (record for record in arrived.records if hasattr(record, "dropped"))
            assert record.getMessage() == "15 records were dropped: the queue of 10 was full"
            assert (record.name, record.levelname, record.dropped) == (native.__name__, "WARNING", 15)
            arrived.records.remove(record)
            assert arrived.messages == [f"flood 0 {n}" for n in range(10)]
            native.flood(1, 1)
            assert native.flush()
            assert arrived.messages[10:] == ["flood 0 0"]
        finally:
            native.set_queue()


class Raising:
    """Puts an exception into each place where Python code of others runs for a record."""

    PLACES = ("handler", "filter of the handler", "filter of the logger", "factory", "logger")

    def __init__(self, place, handler, error):
        logger = logging.getLogger(native.__name__ + ".calls.alpha")

        def fail(*args, **kwargs):
            raise error

        if place == "handler":
            self.patch = mock.patch.object(handler, "emit", fail)
        elif place == "filter of the handler":
            self.patch = mock.patch.object(handler, "filters", [fail])
        elif place == "filter of the logger":
            self.patch = mock.patch.object(logger, "filters", [fail])
        elif place == "factory":
            self.patch = mock.patch.object(logging, "_logRecordFactory", fail)
        else:
            self.patch = mock.patch.object(logger, "isEnabledFor", fail)

    def __enter__(self):
        self.patch.__enter__()
        logging.root.setLevel(logging.root.level)  # Patches are seen from then on.

    def __exit__(self, *exception):
        self.patch.__exit__(*exception)
        logging.root.setLevel(logging.root.level)


class Unprintable(Exception):
    def __str__(self):
        raise ValueError("no text")


    def test_what_is_refused_takes_no_room_from_others(self, arrived):
        logging.root.setLevel(logging.WARNING)
        native.set_queue(1000)
        try:
            for _ in range(3):
                native.flood_and_err(5000)
                assert native.flush()
                # What was known of levels is void.
                logging.getLogger("some.other").setLevel(logging.DEBUG)
            logger = logging.getLogger(NAME)
            logger.disabled = True  # As dictConfig leaves it. Python is asked each time.
            native.flood_and_err(5000)
            assert native.flush()
            logger.disabled = False
            assert arrived.messages == ["the important one"] * 3
            # Where it turns out that they were wanted, those without room count as dropped.
            logging.root.setLevel(logging.DEBUG)
            native.flood_and_err(5000)
            assert native.flush()
            dropped = sum(getattr(record, "dropped", 0) for record in arrived.records)
            of_flood = [record for record in arrived.records if record.msg.startswith("flood")]
            assert dropped > 0 and dropped + len(of_flood) == 5000
        finally:
            native.set_queue()


class TestErrors:
    @pytest.mark.parametrize("place", Raising.PLACES)
    @pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
    def test_of_every_kind_in_every_place(self, delivery, arrived, unraisable, place, attached):
        """Nothing leaves the macro but what the caller raises itself."""
        errors = [
            ValueError("a value"),
            SystemError("error return without exception set"),
            SystemExit(3),
            GeneratorExit(),
            MemoryError(),
            RecursionError(),
            StopIteration(),
            asyncio.CancelledError(),
            Unprintable(),
            BaseException("of the base class"),
        ]
        for error in errors:
            with Raising(place, arrived, error):
                if attached:
                    in_flight = KeyError("the caller's own")
                    with pytest.raises(KeyError) as caught:
                        native.log_while_raising(in_flight, "alpha", logging.INFO)
                    assert caught.value is in_flight and caught.value.__context__ is None
                else:
                    native.call("alpha", logging.INFO, True)
                assert native.flush()
        of_others = [value for value, _ in unraisable if value not in errors]
        assert of_others == []
        assert {id(value) for value, _ in unraisable} == {id(error) for error in errors}
        # And pylog works on.
        native.log_message("afterwards")
        assert arrived.messages[-1] == "afterwards"

    @pytest.mark.parametrize("error", [ValueError, SystemExit, SystemError, GeneratorExit])
    def test_a_handler_that_raises(self, delivery, arrived, unraisable, error):
        def emit(record):
            Arrived.emit(arrived, record)
            raise error("in a handler")

        arrived.emit = emit
        native.log_in_worker("one")
        native.log_in_worker("two")
        assert native.flush()
        assert arrived.messages == ["one", "two"]
        assert [str(value) for value, _ in unraisable] == ["in a handler"] * 2
        assert all("threads.rs" in place for _, place in unraisable)

    def test_a_keyboard_interrupt_reaches_the_main_thread(self, delivery, arrived):
        def emit(record):
            raise KeyboardInterrupt

        arrived.emit = emit
        with pytest.raises(KeyboardInterrupt):
            native.log_in_worker("one")
            native.flush()
            for _ in range(1000):
                time.sleep(0.001)


request_id = contextvars.ContextVar("request_id", default="none")


class TestWhoDelivers:
    """A record is what it was when the call was made, whoever delivers it."""

    def test_not_the_context_nor_the_task_of_the_deliverer(self, queue, arrived):
        arrived.addFilter(lambda record: setattr(record, "request", request_id.get()) or True)

        async def deliver():
            request_id.set("another's")
            native.log_message("of the task")

        for made_by_python in (False, True):
            if made_by_python:
                logging.setLogRecordFactory(lambda *args, **kw: logging.LogRecord(*args, **kw))
            arrived.records.clear()
            native.log_in_worker("queued")
            asyncio.run(deliver())
            assert native.flush()
            tasks = [getattr(record, "taskName", None) for record in arrived.records]
            assert [(record.msg, record.request) for record in arrived.records] == [
                ("queued", "none"),
                ("of the task", "another's"),
            ]
            assert tasks[0] is None
            assert sys.version_info < (3, 12) or tasks[1].startswith("Task-")

    def test_not_the_name_of_a_later_thread(self, queue, arrived):
        let_go = threading.Event()
        emit = arrived.emit
        arrived.emit = lambda record: (let_go.wait(20), emit(record))
        for number in range(3):
            thread = threading.Thread(target=native.log_in_stages, args=(1,), name=f"old {number}")
            thread.start()
            thread.join()
        # It has the number that the others had.
        later = threading.Thread(target=time.sleep, args=(0.3,), name="innocent")
        later.start()
        let_go.set()
        assert native.flush()
        assert len(arrived.records) == 3
        assert "innocent" not in {record.threadName for record in arrived.records}
        later.join()

    def test_an_interrupt_loses_nothing(self, queue, arrived):
        emit = arrived.emit

        def slowly(record):
            emit(record)
            for _ in range(20):
                time.sleep(0.0001)

        arrived.emit = slowly
        before = sys.getswitchinterval()
        sys.setswitchinterval(5)  # So that it is the main thread that delivers.
        signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            native.log_in_pool_while_attached(100)
            signal.setitimer(signal.ITIMER_REAL, 0.05)
            with pytest.raises(KeyboardInterrupt):
                native.log_message("after them")
                time.sleep(5)
        finally:
            sys.setswitchinterval(before)
            signal.signal(signal.SIGALRM, signal.SIG_DFL)
        assert native.flush()
        # One is lost if it comes before the handler has it, as with any handler.
        assert len(set(arrived.messages)) == len(arrived.messages) >= 200

    def test_the_order_of_a_thread_survives_the_switch(self, queue, arrived):
        arrived.emit = lambda record, emit=arrived.emit: (time.sleep(0.01), emit(record))
        native.log_in_stages(1)
        for _ in range(4):
            native.flood(1, 1)
        native.log_in_stages(1)
        native.set_queue()
        native.log_message("direct")
        assert native.flush()
        expected = ["stage 0", *["flood 0 0"] * 4, "stage 0", "direct"]
        assert arrived.messages == expected


class TestContext:
    @pytest.mark.parametrize("seen_by", ["filter", "factory", "subclass", "logger"])
    def test_context_variables_are_those_of_who_asked(self, delivery, arrived, seen_by):
        def stamp(record):
            record.request = request_id.get()
            return True

        if seen_by == "filter":
            arrived.addFilter(stamp)
        elif seen_by == "factory":
            factory = logging.getLogRecordFactory()

            def stamped(*args, **kwargs):
                record = factory(*args, **kwargs)
                stamp(record)
                return record

            logging.setLogRecordFactory(stamped)
        elif seen_by == "subclass":

            class Record(logging.LogRecord):
                def __init__(self, *args, **kwargs):
                    super().__init__(*args, **kwargs)
                    stamp(self)

            logging.setLogRecordFactory(Record)
        else:

            class Logger(logging.Logger):
                def isEnabledFor(self, level):
                    self.asked = request_id.get()
                    return super().isEnabledFor(level)

                def handle(self, record):
                    record.request = request_id.get()
                    super().handle(record)

            logging.root.manager.loggerDict.pop(NAME, None)
            logging.setLoggerClass(Logger)
            logging.getLogger(NAME)
        for request in ("a", "b"):
            context = contextvars.copy_context()
            context.run(request_id.set, request)
            context.run(native.log_in_context, request)
        assert native.flush()
        seen = sorted((record.getMessage(), record.request) for record in arrived.records)
        expected = []
        for request in ("a", "b"):
            for worker in range(4):
                expected += [
                    (f"{request} {worker} outside", "none"),
                    (f"{request} {worker} outside again", "none"),
                    (f"{request} {worker} inside", request),
                    (f"{request} {worker} inside, with log", request),
                ]
        assert seen == sorted(expected)

    def test_the_handlers_of_a_record_share_its_context(self, delivery, arrived):
        class First(logging.Handler):
            def handle(self, record):
                record.request = [request_id.get()]
                request_id.set("of the first")

        def emit(record):
            record.request.append(request_id.get())
            Arrived.emit(arrived, record)

        arrived.emit = emit
        logging.getLogger(NAME).handlers.insert(0, First())
        context = contextvars.copy_context()
        context.run(request_id.set, "a")
        for _ in range(2):
            context.run(native.log_in_context, "a")
        assert native.flush()
        inside = [record.request for record in arrived.records if "inside" in record.msg]
        assert inside == [["a", "of the first"]] * len(inside) and inside
        assert context[request_id] == "a"

    def test_what_a_handler_logs_is_in_the_context_too(self, delivery, arrived):
        def emit(record):
            record.request = request_id.get()
            Arrived.emit(arrived, record)
            if "inside" in record.msg and not record.msg.startswith("nested"):
                request_id.set("changed")
                native.log_message("nested " + record.msg)

        arrived.emit = emit
        context = contextvars.copy_context()
        context.run(request_id.set, "a")
        context.run(native.log_in_context, "a")
        assert native.flush()
        of_nested = {record.request for record in arrived.records if record.msg.startswith("nested")}
        of_others = {record.request for record in arrived.records if record.msg.startswith("a ")}
        assert (of_nested, of_others) == ({"changed"}, {"a", "none"})
        assert context[request_id] == "a"
