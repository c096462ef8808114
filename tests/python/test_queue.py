"""Queued delivery, threads that log, and the contexts that they log in."""

import asyncio
import collections
import contextvars
import gc
import itertools
import logging
import random
import signal
import sys
import threading
import time
from unittest import mock

import pytest
from processes import run
from pylog_probe import _native as native
from waiting import HAS_GIL, LIMIT, blocked, fails_in_pypy, needs_nested_records, wait_until

NAME = native.__name__ + ".threads"


@pytest.fixture
def one_at_a_time():
    """With a GIL, a thread keeps it until it lets go of it, so no other is ever half-way through a delivery."""
    before = sys.getswitchinterval()
    sys.setswitchinterval(1000)
    yield
    sys.setswitchinterval(before)


def decide_level():
    """From then on the callsite of `flood` has Python's decision about its level."""
    for _ in range(2):  # The first call is enough if the logger is the same as before.
        native.flood(1, 1)
        assert native.flush()


@pytest.fixture
def queue():
    """Queued delivery with room for many records."""
    native.set_queue(100_000)
    yield
    assert native.flush()
    native.set_queue()


@pytest.fixture
def all_queued():
    """Delivery in which attached threads queue their records, too."""
    native.set_queue(100_000, every_thread=True)
    yield
    assert native.flush()
    native.set_queue()


@pytest.fixture(params=["direct", "queued", "all-queued"])
def delivery(request):
    if request.param != "direct":
        native.set_queue(100_000, every_thread=request.param == "all-queued")
    yield request.param
    assert native.flush()
    native.set_queue()


class TestDeadlocks:
    """Calls that would hang if they waited for the GIL."""

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

    def test_a_lock_that_the_handler_wants(self, queue, arrived, unraisable):
        """A thread logs while it holds a Rust lock, for which the handler waits with the GIL."""
        arrived.before = lambda record: native.with_lock()
        names = [f"thread {number}" for number in range(8)]
        threads = [threading.Thread(target=native.log_with_lock, args=(name,)) for name in names]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert native.flush()
        expected = [f"{name} {which}" for name in names for which in ("first", "second")]
        assert sorted(arrived.messages) == sorted(expected)
        assert unraisable == []

    def test_flush_in_a_handler_gives_up(self, queue, arrived):
        """It would wait for the record that is being handled: longer than the test waits for it."""
        flushed = []
        arrived.after = lambda record: flushed.append(native.flush(2 * LIMIT))
        native.log_in_worker("one")
        assert native.flush(LIMIT)
        assert flushed == [False]

    def test_calls_go_on_while_a_handler_does_not_return(self, queue, arrived):
        with blocked(arrived):
            native.log_in_worker("one")
            for _ in range(100):
                native.join_while_attached()
            assert not native.flush(0.05)
            assert not native.flush(0.05, detached=True)
            assert arrived.records == []
        assert native.flush()
        assert len(arrived.records) == 301


class TestReentrantCalls:
    """Calls from where Python interrupts other code to call back."""

    @fails_in_pypy("no `gc.callbacks`")
    def test_a_callback_of_the_garbage_collector(self, delivery, arrived):
        def callback(phase, info):
            native.log_in_stages(2)

        gc.callbacks.append(callback)
        try:
            for _ in range(10):
                gc.collect()
        finally:
            gc.callbacks.remove(callback)
        assert native.flush()
        assert arrived.messages == ["stage 0", "stage 1"] * 20

    @needs_nested_records
    def test_a_finalizer_that_the_collector_runs_within_a_call(self, delivery, arrived):
        class Finalized:
            def __init__(self):
                self.cycle = self

            def __del__(self):
                native.log_in_stages(2)

        def collect_garbage(record):
            if record.msg == "outer":
                for _ in range(20):
                    Finalized()
                gc.collect()

        arrived.before = collect_garbage
        native.log_in_worker("outer")
        native.log_message("outer")
        # Without a GIL, a finalizer's record may be put behind those that are being flushed.
        wait_until(lambda: native.flush() and len(arrived.records) >= 82)
        assert arrived.messages.count("outer") == 2
        for stage in ("stage 0", "stage 1"):
            assert arrived.messages.count(stage) == 40

    @needs_nested_records
    def test_a_handler_that_logs(self, delivery, arrived):
        def handle(record):  # Without the handler's lock, for which another thread would wait.
            arrived.emit(record)
            if len(record.msg) < 5:
                native.log_in_worker(record.msg + "+")
                native.log_message(record.msg + "-")

        arrived.handle = handle
        native.log_in_worker("a")
        wait_until(lambda: native.flush() and len(arrived.records) >= 31)
        expected = ["a"]
        for text in expected:
            if len(text) < 5:
                expected += [text + "+", text + "-"]
        assert sorted(arrived.messages) == sorted(expected)


class TestRecords:
    @pytest.mark.parametrize("made", ["by pylog", "by Python", "by a subclass"])
    @pytest.mark.parametrize(
        "followed_by",
        [
            "a flush",
            pytest.param(
                "a call", marks=pytest.mark.skipif(not HAS_GIL, reason="this thread may deliver the record")
            ),
        ],
    )
    def test_a_record_has_the_time_and_the_thread_of_its_call(
        self, queue, arrived, one_at_a_time, made, followed_by
    ):
        if made == "by Python":
            logging.setLogRecordFactory(lambda *args, **kwargs: logging.LogRecord(*args, **kwargs))
        elif made == "by a subclass":
            logging.setLogRecordFactory(type("Mine", (logging.LogRecord,), {}))

        def log():
            """Returns when the time of the call is over."""
            before, after, ident = native.log_in_worker("hello", attached=True)
            while time.time_ns() < after + 1_000_000:
                pass
            return before, after, ident

        deliverers = []
        arrived.after = lambda record: deliverers.append(threading.get_ident())
        for _ in range(2):
            arrived.records.clear()
            if followed_by == "a flush":
                with blocked(arrived) as is_waiting:
                    native.flood(1, 1)
                    assert is_waiting.wait(LIMIT)
                    before, after, ident = log()
                assert native.flush()
            else:
                before, after, ident = log()
                native.log_message("behind")
                assert native.flush()
            assert threading.get_ident() not in deliverers
            (record,) = (record for record in arrived.records if record.msg == "hello")
            assert record.name == NAME
            assert (record.answer, record.text) == (42, "hello")
            assert before / 1e9 - 1e-6 <= record.created <= after / 1e9 + 1e-6
            assert int(record.msecs) == int(record.created * 1000) % 1000
            expected = (record.created - logging._startTime) * 1000
            if isinstance(logging._startTime, int):  # From Python 3.13.
                expected = (record.created * 1e9 - logging._startTime) / 1e6
            assert record.relativeCreated == pytest.approx(expected, abs=0.01)
            assert (record.thread, record.threadName) == (ident or record.thread, "worker")
            assert getattr(record, "taskName", None) is None
        assert not [thread for thread in threading.enumerate() if "Dummy" in thread.name]

    def test_a_thread_of_pythons_keeps_its_name(self, queue, arrived):
        is_over = threading.Event()

        def work():
            native.log_in_stages(3)
            is_over.wait(LIMIT)

        thread = threading.Thread(target=work, name="a Python thread")
        thread.start()
        wait_until(lambda: native.flush() and len(arrived.records) >= 3)
        assert {record.threadName for record in arrived.records} == {"a Python thread"}
        assert {record.thread for record in arrived.records} == {thread.ident}
        is_over.set()
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

    def test_calls_that_need_python_are_delivered_at_once_and_in_order(self, queue, arrived):
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
    def test_python_is_asked_at_delivery_if_the_callsite_does_not_know(self, queue, arrived):
        logging.root.setLevel(logging.WARNING)
        for _ in range(2):
            native.join_while_attached()
            assert native.flush()
        assert arrived.messages == ["to another target"] * 2
        assert native.log_max_level() == "WARN", "`log` rejects by itself what no logger accepts"

    def test_calls_below_a_known_level_are_not_queued(self, queue, arrived, monkeypatch):
        logging.root.setLevel(logging.WARNING)
        decide_level()
        entered = []
        original = logging.Logger.filter

        def filter(self, record):
            entered.append(record)
            return original(self, record)

        monkeypatch.setattr(logging.Logger, "filter", filter)
        native.flood(4, 1000)
        assert native.flush()
        assert arrived.records == entered == []

    def test_a_level_is_that_of_the_call(self, queue, arrived):
        decide_level()
        arrived.records.clear()
        with blocked(arrived):
            native.flood(1, 3)
            logging.root.setLevel(logging.ERROR)
            native.flood(1, 3)
        assert native.flush()
        assert arrived.messages == [f"flood 0 {n}" for n in range(3)]

    @pytest.mark.parametrize("limit", ["first_n", "every_n", "every"])
    def test_a_limited_call_that_python_refuses_later_does_not_count(self, all_queued, arrived, limit):
        logging.root.setLevel(logging.WARNING)
        for _ in range(3):
            native.log_once(limit)
        assert native.flush()
        logging.root.setLevel(logging.INFO)
        for _ in range(3):
            native.log_once(limit)
        assert native.flush()
        assert arrived.messages == [limit]

    def test_enabled_asks_python_once(self, queue, arrived):
        """The answer is yes while it isn't known. Asking again would take up the room in the queue."""
        native.set_queue(4)
        logging.root.setLevel(logging.WARNING)
        native.flood_and_err(100, ask=True)
        assert native.flush()
        assert arrived.messages == ["the important one"]


class TestOrder:
    def test_a_thread_keeps_its_order_attached_and_detached(self, delivery, arrived):
        for _ in range(50):
            native.log_in_stages(20)
            assert native.flush()
            assert arrived.messages == [f"stage {n}" for n in range(20)]
            arrived.records.clear()

    def test_a_thread_keeps_its_order_while_others_deliver(self, queue, arrived):
        def handle(record):  # Without the handler's lock, for which another thread would wait.
            if threading.get_ident() not in {thread.ident for thread in threads}:
                time.sleep(0.002)  # The drain thread lets go of the GIL in the midst of a delivery.
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
        """Each arrives once, or is in the count that was reported; those of a thread are in order."""
        numbers_of = collections.defaultdict(list)
        dropped = []

        def emit(record):
            if hasattr(record, "dropped"):
                dropped.append(record.dropped)
                assert (record.levelname, record.name) == ("WARNING", native.__name__)
            else:
                _, thread, number = record.msg.split()
                numbers_of[thread].append(int(number))

        arrived.emit = emit
        # A root cache of an earlier test invalidates all levels when it is collected. The drops of a
        # callsite whose level isn't known may be reported only after its next call.
        gc.collect()
        gc.disable()
        native.set_queue(65_536)
        try:
            nanoseconds = native.flood(8, 125_000)
            assert native.flush()
        finally:
            native.set_queue()
            gc.enable()
        assert len(numbers_of) == 8
        for numbers in numbers_of.values():
            assert all(one < next for one, next in zip(numbers, numbers[1:]))
        count = sum(map(len, numbers_of.values()))
        assert count + sum(dropped) == 1_000_000
        report(
            f"1,000,000 records of 8 threads: {count:,} arrived, in order a thread, "
            f"{sum(dropped):,} dropped and reported by {len(dropped)} warnings; "
            f"{nanoseconds} ns each in a debug build"
        )

    @fails_in_pypy("the answer about the level comes after more calls than half of the queue has room for")
    def test_none_is_dropped_where_there_is_room(self, arrived):
        native.set_queue(80_000)
        decide_level()
        arrived.records.clear()
        try:
            native.flood(8, 10_000)
            assert native.flush()
        finally:
            native.set_queue()
        assert len(arrived.records) == 80_000
        assert not [record for record in arrived.records if hasattr(record, "dropped")]

    def test_a_thread_keeps_its_order_when_delivery_changes(self, arrived):
        expected = []
        for number in range(20):
            native.set_queue(1000 if number % 2 == 0 else None)
            native.call("alpha", 100 + number, True)
            expected.append(f"level {100 + number}")
        assert native.flush()
        assert arrived.messages == expected

    @pytest.mark.skipif(not HAS_GIL, reason="a call may find another thread delivering")
    def test_threads_that_follow_each_other_keep_their_order_when_delivery_changes(
        self, arrived, one_at_a_time
    ):
        expected = []
        for number in range(20):
            native.set_queue(1000 if number % 2 == 0 else None)
            native.log_in_worker(f"round {number}")
            expected.append(f"round {number}")
        assert native.flush()
        assert arrived.messages == expected

    def test_a_direct_call_goes_behind_those_of_its_thread_that_are_queued(self, queue, arrived):
        with blocked(arrived) as is_waiting:
            native.log_in_stages(1)
            for _ in range(4):
                native.flood(1, 1)
            native.log_in_stages(1)
            assert is_waiting.wait(LIMIT)
            native.set_queue()
            native.log_message("direct")
        assert native.flush()
        expected = ["stage 0", *["flood 0 0"] * 4, "stage 0", "direct"]
        assert arrived.messages == expected


class TestDrops:
    def test_the_newest_are_dropped_and_counted(self, arrived):
        native.set_queue(10)
        decide_level()
        arrived.records.clear()
        try:
            with blocked(arrived):
                native.flood(1, 25)
            assert native.flush()
            # It comes before or after the others, depending on when the drain thread began.
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

    def test_refused_calls_leave_half_of_the_queue_to_those_that_are_known_to_be_accepted(
        self, arrived
    ):
        logging.root.setLevel(logging.WARNING)
        native.set_queue(1000)
        try:
            for _ in range(3):
                # This decides the level of the one call, and that of the others stays unknown.
                for calls in (0, 0, 5000):
                    native.flood_and_err(calls)
                    assert native.flush()
                # Every decision is void after this.
                logging.getLogger("some.other").setLevel(logging.DEBUG)
            assert arrived.messages == ["the important one"] * 9
        finally:
            native.set_queue()

    def test_refused_calls_do_not_count_as_dropped(self, arrived):
        logger = logging.getLogger(NAME)
        logger.disabled = True  # Python is asked at each call then.
        native.set_queue(1000)
        try:
            with blocked(arrived) as is_waiting:
                native.call("alpha", logging.INFO, True)
                assert is_waiting.wait(LIMIT)
                native.flood(1, 5000)
            assert native.flush()
        finally:
            native.set_queue()
            logger.disabled = False
        assert arrived.messages == ["level 20"]

    def test_refused_calls_do_not_count_as_dropped_behind_accepted_ones(self, arrived):
        """Accepted calls, which can use all of the queue, have taken the half of those without an answer."""
        native.set_queue(10)
        try:
            logging.root.setLevel(logging.INFO)
            decide_level()
            with blocked(arrived) as is_waiting:
                native.flood(1, 9)
                assert is_waiting.wait(LIMIT)
                native.flood_and_err(20)
                native.flood_and_err(20, ask=True)
            assert native.flush()
        finally:
            native.set_queue()
        dropped = [record.dropped for record in arrived.records if hasattr(record, "dropped")]
        assert sum(dropped) == 2  # Those at the level ERROR.

    def test_dropped_calls_are_reported_although_the_handler_raises(self, arrived, unraisable):
        def fail_once(record):
            arrived.before = lambda record: None
            raise ValueError("once")

        logging.root.setLevel(logging.INFO)
        arrived.before = fail_once
        native.set_queue(20, every_thread=True)
        try:
            native.log_under_a_lock("mutex")
            assert native.flush()
        finally:
            native.set_queue()
        dropped = [record.dropped for record in arrived.records if hasattr(record, "dropped")]
        assert len(unraisable) == 1
        assert len(arrived.records) - len(dropped) + sum(dropped) == 200 - 1

    @pytest.mark.parametrize("limit", ["first_n", "every_n", "every"])
    def test_a_limited_call_without_room_does_not_count(self, limit):
        run("limited_without_room", limit)

    def test_calls_without_room_count_as_dropped_if_python_accepts_them_later(self, arrived):
        logging.root.setLevel(logging.DEBUG)
        native.set_queue(1000)
        try:
            with blocked(arrived):
                native.flood_and_err(5000)
            assert native.flush()
        finally:
            native.set_queue()
        dropped = [record.dropped for record in arrived.records if hasattr(record, "dropped")]
        assert sum(dropped) > 0
        assert len(arrived.records) - len(dropped) + sum(dropped) == 5001


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


class TestAllQueued:
    """No call runs Python code."""

    def switches(self, calls=300):
        """How often another thread ran Python code in the middle of a call, by kind of call."""
        is_over = threading.Event()
        steps = [0]

        def count():
            while not is_over.is_set():
                steps[0] += 1

        class Finalized:
            def __init__(self):
                self.cycle = self

            def __del__(self):
                for _ in range(10):
                    pass

        threads = [threading.Thread(target=count) for _ in range(3)]
        interval, threshold = sys.getswitchinterval(), gc.get_threshold()
        for thread in threads:
            thread.start()
        sys.setswitchinterval(1e-6)
        gc.set_threshold(1)
        switches = collections.Counter()
        try:
            for _ in range(calls):
                for _ in range(10):
                    Finalized()
                logging.root.setLevel(logging.root.level)  # No level is known.
                try:
                    raise ValueError("handled")
                except ValueError as error:
                    switches += native.count_switches(steps, error, logging.getLogger(NAME))
        finally:
            gc.set_threshold(*threshold)
            sys.setswitchinterval(interval)
            is_over.set()
            for thread in threads:
                thread.join()
        return switches

    @fails_in_pypy("no `gc.get_threshold`")
    @pytest.mark.skipif(not HAS_GIL, reason="threads run at the same time")
    def test_no_other_thread_runs_within_a_call(self, all_queued, arrived):
        native.set_queue(1_000_000, every_thread=True)
        assert self.switches() == {}
        assert native.flush()
        assert len(arrived.records) == 300 * 9

    @fails_in_pypy("no `gc.get_threshold`")
    @pytest.mark.skipif(not HAS_GIL, reason="threads run at the same time")
    def test_other_threads_run_within_a_call_otherwise(self, arrived):
        wait_until(lambda: len(self.switches(calls=20)) > 2)

    @fails_in_pypy("a call that runs no Python code can't ask there what belongs to the thread")
    def test_a_record_takes_along_what_belongs_to_the_thread(self, all_queued, arrived):
        variable = contextvars.ContextVar("variable", default="none")
        arrived.before = lambda record: setattr(record, "variable", variable.get())
        value = object()

        async def log():
            variable.set("of the task")
            try:
                raise ValueError("handled")
            except ValueError as error:
                native.log_keywords(value)
                return error, asyncio.current_task().get_name()

        error, task = asyncio.run(log())
        assert native.flush()
        (record,) = arrived.records
        assert record.value is value
        assert record.exc_info == (ValueError, error, error.__traceback__)
        assert "    native.log_keywords(value)\n" in record.stack_info
        assert record.stack_info.startswith("Stack (most recent call last):\n")
        assert record.variable == "of the task"
        assert (record.thread, record.threadName) == (threading.get_ident(), "MainThread")
        assert sys.version_info < (3, 12) or record.taskName == task

    @fails_in_pypy("a call that runs no Python code can't ask there what belongs to the thread")
    def test_a_call_of_many_records_can_use_all_of_the_queue(self, arrived):
        native.set_queue(402, every_thread=True)  # With room for two questions.
        logging.root.setLevel(logging.INFO)  # No level is known.
        native.log_under_a_lock("mutex")
        native.log_under_a_lock("dependency")
        assert native.flush()
        native.set_queue()
        assert len(arrived.records) == 400

    @fails_in_pypy("objects are not visited")
    def test_a_call_while_the_garbage_collector_visits_objects(self, all_queued, arrived):
        """There PyO3 allows no Python, and an object that is made would join those that are being visited."""
        native.log_message("before")  # The thread is known from now on.
        assert native.flush()
        variable = contextvars.ContextVar("variable", default="none")
        arrived.before = lambda record: setattr(record, "variable", variable.get())
        variable.set("of the caller")
        visited = [native.LogsWhenVisited([]) for _ in range(100)]
        gc.collect()
        assert native.flush()
        messages = collections.Counter(arrived.messages[1:])
        assert messages["visited"] == messages["visited, with log"] >= len(visited)
        del arrived.records[0]
        # Copying the context of the thread would make an object.
        assert {record.variable for record in arrived.records} == {"none"}
        assert {record.threadName for record in arrived.records} == {"MainThread"}

    @fails_in_pypy("a call that runs no Python code can't ask there what belongs to the thread")
    def test_a_thread_that_has_ended_keeps_its_name(self, all_queued, arrived):
        for number in range(3):
            thread = threading.Thread(target=native.log_keywords, args=(number,), name=f"short {number}")
            thread.start()
            thread.join()
        assert native.flush()
        names = [(record.value, record.threadName) for record in arrived.records]
        assert names == [(number, f"short {number}") for number in range(3)]

    @fails_in_pypy("a call that runs no Python code can't ask there what belongs to the thread")
    @pytest.mark.parametrize("logger_class", ["stock", "subclass"])
    def test_a_level_is_that_of_the_call(self, all_queued, arrived, logger_class):
        """Although Python isn't asked before the delivery."""
        name = f"{native.__name__}.all_queued"
        if logger_class == "subclass":
            logging.root.manager.loggerDict.pop(name, None)
            logging.setLoggerClass(type("Mine", (logging.Logger,), {}))
        logger = logging.getLogger(name)
        names = ["", "pylog_probe", native.__name__, name]
        chance = random.Random(5)
        accepted = []
        for number in range(200):
            changed = logging.getLogger(chance.choice(names))
            changed.setLevel(chance.choice([logging.NOTSET, logging.INFO, logging.WARNING]))
            logging.disable(logging.INFO if chance.random() < 0.1 else logging.NOTSET)
            native.log_keywords(number)
            if logger.isEnabledFor(logging.INFO):
                accepted.append(number)
            logging.disable(logging.NOTSET)
            root_level = logging.root.level
            logging.root.setLevel(chance.choice([logging.INFO, logging.WARNING]))
            assert native.flush()
            logging.root.setLevel(root_level)
        for name in names:
            logging.getLogger(name).setLevel(logging.NOTSET)
        assert [record.value for record in arrived.records] == accepted
        assert 20 < len(accepted) < 180

    @fails_in_pypy("a call that runs no Python code can't ask there what belongs to the thread")
    def test_a_logger_that_does_not_exist_yet(self, all_queued, arrived):
        """It inherits the level, but it isn't disabled as its parent may be."""
        name = f"{native.__name__}.all_queued"
        parent = logging.getLogger(native.__name__)
        for is_disabled, level in (True, logging.INFO), (False, logging.WARNING), (False, logging.INFO):
            logging.root.manager.loggerDict.pop(name, None)
            parent.disabled = is_disabled
            parent.setLevel(level)
            native.log_keywords(level)
            parent.setLevel(logging.NOTSET)
            assert native.flush()
        parent.disabled = False
        assert [record.value for record in arrived.records] == [logging.INFO] * 2

    @pytest.mark.parametrize("is_enabled", [True, False])
    def test_a_question_leaves_the_garbage_collector_as_it_is(self, all_queued, arrived, is_enabled):
        was_enabled = gc.isenabled()
        (gc.enable if is_enabled else gc.disable)()
        try:
            # The logger doesn't exist when the call is made.
            logging.root.manager.loggerDict.pop(f"{native.__name__}.all_queued", None)
            native.log_keywords(logging.WARNING)
            assert gc.isenabled() == is_enabled
        finally:
            (gc.enable if was_enabled else gc.disable)()
        assert native.flush()
        assert [record.value for record in arrived.records] == [logging.WARNING]

    def test_a_logger_with_an_answer_of_its_own_is_asked_at_the_delivery(self, all_queued, arrived):
        class Picky(logging.Logger):
            def isEnabledFor(self, level):
                asked.append(threading.current_thread().name)
                return level != refused and super().isEnabledFor(level)

        asked, refused = [], logging.INFO
        # It doesn't exist when the call is made.
        logging.root.manager.loggerDict.pop(f"{native.__name__}.all_queued", None)
        logging.setLoggerClass(Picky)
        native.log_keywords(1)
        assert native.flush()
        refused = None
        native.log_keywords(2)
        assert native.flush()
        assert [record.value for record in arrived.records] == [2]
        assert asked and threading.current_thread().name not in asked

    @pytest.mark.parametrize("kind", ["mutex", "lazy", "dependency"])
    def test_threads_that_log_under_a_lock(self, kind):
        """Eight threads of Python's, whose handler lets go of the GIL."""
        output, _ = run("log_under_a_lock", "all-queued", kind)
        assert output == f"{200 * (1 if kind == 'lazy' else 8)} records\n"


class TestErrors:
    @pytest.mark.parametrize("place", Raising.PLACES)
    @pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
    def test_of_every_kind_in_every_place(self, delivery, arrived, unraisable, place, attached):
        """Nothing leaves the macro but what the caller raises itself."""
        errors = [
            ValueError("a value"),
            SystemError("error return without exception set"),
            MemoryError(),
            RecursionError(),
            StopIteration(),
            Unprintable(),
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
        assert native.flush()
        assert arrived.messages[-1] == "afterwards"

    @pytest.mark.parametrize("place", Raising.PLACES)
    @pytest.mark.parametrize("attached", [True, False], ids=["attached", "detached"])
    def test_other_exceptions_reach_the_program(self, delivery, arrived, unraisable, place, attached):
        """Exceptions that are no `Exception`: the program gets the same object, once."""
        for error in [
            SystemExit(3),
            KeyboardInterrupt("of a handler"),
            GeneratorExit(),
            asyncio.CancelledError(),
            BaseException("of the base class"),
        ]:
            with pytest.raises(type(error)) as caught:
                with Raising(place, arrived, error):
                    native.call("alpha", logging.INFO, not attached)
                    wait_until(lambda: False)
            assert caught.value is error
        assert native.flush()
        assert unraisable == []

    @fails_in_pypy("`sys.unraisablehook` isn't told of the call")
    @pytest.mark.parametrize("error", [ValueError, RecursionError, SystemError, MemoryError])
    def test_a_handler_that_raises(self, delivery, arrived, unraisable, error):
        def fail(record):
            raise error("in a handler")

        arrived.after = fail
        native.log_in_worker("one")
        native.log_in_worker("two")
        assert native.flush()
        assert arrived.messages == ["one", "two"]
        assert [str(value) for value, _ in unraisable] == ["in a handler"] * 2
        assert all("threads.rs" in place for _, place in unraisable)

    def test_a_keyboard_interrupt_reaches_the_main_thread(self, delivery, arrived, interruptible):
        def interrupt(record):
            raise KeyboardInterrupt

        arrived.before = interrupt
        with pytest.raises(KeyboardInterrupt):
            native.log_in_worker("one")
            wait_until(lambda: False)


request_id = contextvars.ContextVar("request_id", default="none")


class TestDeliveringThread:
    """A record doesn't depend on the thread that delivers it."""

    def test_its_context_and_task_are_not_those_of_the_record(self, queue, arrived):
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

    @fails_in_pypy("a detached thread can't find out whether Python made it")
    def test_a_later_thread_with_the_same_ident_does_not_name_the_record(self, queue, arrived):
        is_over = threading.Event()
        with blocked(arrived):
            for number in range(3):
                thread = threading.Thread(target=native.log_in_stages, args=(1,), name=f"old {number}")
                thread.start()
                thread.join()
            # The system gives it the ident that the others had.
            later = threading.Thread(target=is_over.wait, args=(LIMIT,), name="later")
            later.start()
        assert native.flush()
        assert len(arrived.records) == 3
        assert "later" not in {record.threadName for record in arrived.records}
        is_over.set()
        later.join()

    @pytest.mark.parametrize("moment", ["before", "after"])
    def test_an_interrupt_loses_no_record_of_the_queue(
        self, queue, arrived, one_at_a_time, interruptible, moment
    ):
        interrupted = []

        def interrupt(record):
            if len(arrived.records) == 50 and not interrupted:
                interrupted.append(record.getMessage())
                signal.raise_signal(signal.SIGALRM)
                for _ in range(1000):  # Python runs a signal's handler between two steps of its code.
                    pass

        setattr(arrived, moment, interrupt)
        previous = signal.signal(signal.SIGALRM, signal.default_int_handler)
        try:
            with pytest.raises(KeyboardInterrupt):
                native.log_in_pool_while_attached(100)
                native.log_message("behind them")
                wait_until(lambda: False)
        finally:
            signal.signal(signal.SIGALRM, previous)
        assert native.flush()
        expected = [f"doubling {n}" for n in range(100)]
        expected += [f"doubling {n}, with log" for n in range(100)]
        lost = {*expected, "behind them"} - set(arrived.messages)
        assert len(arrived.messages) == 201 - len(lost)
        assert interrupted
        assert lost <= {"behind them"}  # The interrupt may come before this thread's own record.


class TestContext:
    @pytest.mark.parametrize("seen_by", ["filter", "factory", "subclass", "logger"])
    def test_context_variables_are_those_of_the_captured_context(self, delivery, arrived, seen_by):
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
                record.request = [variable.get()]
                variable.set("of the first")

        variable = contextvars.ContextVar("variable", default="none")
        arrived.before = lambda record: record.request.append(variable.get())
        logging.getLogger(NAME).handlers.insert(0, First())
        context = contextvars.copy_context()
        context.run(variable.set, "a")
        for _ in range(2):
            context.run(native.log_in_context, "a")
        assert native.flush()
        # A thread enters the context anew for each pair of records.
        inside = collections.Counter(
            (*record.request, record.msg.endswith("with log"))
            for record in arrived.records
            if "inside" in record.msg
        )
        changed = "of the first"
        assert inside == {("a", changed, False): 8, (changed, changed, True): 8}
        assert context[variable] == "a"

    def test_a_thread_has_one_context(self, delivery, arrived):
        """As in Python, where it is that of the thread."""
        seen = collections.defaultdict(list)

        def count(record):
            seen[record.thread].append(records.get())
            records.set(records.get() + 1)

        records = contextvars.ContextVar("records", default=0)
        arrived.before = count
        native.flood(2, 100)
        assert native.flush()
        # The second thread may have the ident of the first.
        assert sorted(itertools.chain(*seen.values())) == sorted([*range(100)] * 2)
        assert records.get() == 0

    @needs_nested_records
    def test_records_that_a_handler_logs_are_in_the_context_too(self, delivery, arrived):
        def log_nested(record):
            record.request = variable.get()
            if "inside" in record.msg and not record.msg.startswith("nested"):
                variable.set("changed")
                native.log_message("nested " + record.msg)

        variable = contextvars.ContextVar("variable", default="none")
        arrived.after = log_nested
        context = contextvars.copy_context()
        context.run(variable.set, "a")
        context.run(native.log_in_context, "a")
        assert native.flush()
        requests = {
            kind: {record.request for record in arrived.records if is_one(record.msg)}
            for kind, is_one in {
                "nested": lambda msg: msg.startswith("nested"),
                "first": lambda msg: msg.startswith("a ") and msg.endswith("inside"),
                "second": lambda msg: msg.startswith("a ") and msg.endswith("with log"),
                "outside": lambda msg: "outside" in msg,
            }.items()
        }
        assert requests == {
            "nested": {"changed"},
            "first": {"a"},
            "second": {"changed"},
            "outside": {"none"},
        }
        assert context[variable] == "a"
