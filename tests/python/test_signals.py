"""Signals whose Python handlers run while a record is handled.

Python runs a signal handler between two steps of Python code, so also in the middle of a logging handler. Here
the logging handler sends the signal itself, so that it always happens.
"""

import functools
import gc
import io
import logging
import signal
import sys
import threading
import traceback

import pytest
from programs.collecting import Collector
from processes import finish, start
from pylog_probe import _native as native
from waiting import fails_in_pypy, needs_nested_records, wait_until

LOGGER = native.__name__


class Timeout(Exception):
    """What a signal handler raises to end something that takes too long."""


@pytest.fixture
def signalled():
    """Installs signal handlers, and sends a signal with each record that is handled."""
    before = {}
    handler = Collector()
    logger = logging.getLogger(LOGGER)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)

    def install(number, action):
        before.setdefault(number, signal.signal(number, action))
        # Not in `emit`, where `Handler.handleError` would take an `Exception`, as Python's own would.
        handler.addFilter(lambda record: signal.raise_signal(number) or True)

    yield install
    for number, action in before.items():
        signal.signal(number, action)
    logger.removeHandler(handler)
    logger.setLevel(logging.NOTSET)


def raises(error, calls):
    def handle(number, frame):
        calls.append(number)
        raise error

    return handle


@pytest.mark.parametrize("error", [SystemExit(3), KeyboardInterrupt(), Timeout(), GeneratorExit()])
@pytest.mark.parametrize(
    "nested",
    [pytest.param(False, id="outermost"), pytest.param(True, id="nested", marks=needs_nested_records)],
)
def test_the_program_gets_the_same_object_once(signalled, unraisable, error, nested):
    calls = []
    signalled(signal.SIGTERM, raises(error, calls))
    if nested:
        log = logging.getLogger("of.python")
        log.addHandler(Collector())
        log.handlers[0].before = lambda record: native.log_message("nested")
        log.propagate = False
        log.setLevel(logging.INFO)
    with pytest.raises(type(error)) as caught:
        log.info("outer") if nested else native.log_message("hello")
        wait_until(lambda: False)
    assert caught.value is error
    assert calls == [signal.SIGTERM]
    assert unraisable == []


def raise_timeout(number, frame):
    raise Timeout


def uninstall_and_raise(number, frame):
    signal.signal(number, signal.SIG_DFL)
    raise Timeout


def call_another(number, frame):
    raise_timeout(number, frame)


class TimeoutRaiser:
    def __call__(self, number, frame):
        raise Timeout

    def method(self, number, frame):
        raise Timeout


@pytest.mark.parametrize(
    "handler",
    [
        pytest.param(raise_timeout, id="function"),
        pytest.param(call_another, id="calls another"),
        pytest.param(TimeoutRaiser().method, id="bound method"),
        pytest.param(functools.partial(raise_timeout), id="partial"),
        pytest.param(TimeoutRaiser(), id="callable object"),
        pytest.param(uninstall_and_raise, id="uninstalls itself"),
    ],
)
def test_an_exception_of_each_kind_of_signal_handler_reaches_the_program(signalled, unraisable, handler):
    signalled(signal.SIGALRM, handler)
    with pytest.raises(Timeout):
        native.log_message("hello")
        for _ in range(1000):
            pass
    assert unraisable == []


def test_ctrl_c_runs_the_handler_of_the_program_once(signalled, unraisable):
    calls = []
    signalled(signal.SIGINT, raises(KeyboardInterrupt(), calls))
    with pytest.raises(KeyboardInterrupt):
        native.log_message("hello")
        wait_until(lambda: False)
    assert calls == [signal.SIGINT]


def test_an_interrupt_by_another_signal_while_sigint_is_ignored(signalled):
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        signalled(signal.SIGTERM, raises(KeyboardInterrupt("by SIGTERM"), []))
        with pytest.raises(KeyboardInterrupt, match="by SIGTERM"):
            native.log_message("hello")
            wait_until(lambda: False)
    finally:
        signal.signal(signal.SIGINT, before)


def test_nothing_is_left_of_the_exception(signalled):
    """It would keep the frames that it was raised in alive."""
    error = SystemExit()
    signalled(signal.SIGTERM, raises(error, []))
    with pytest.raises(SystemExit):
        native.log_message("hello")
        wait_until(lambda: False)
    error.__traceback__ = None
    gc.collect()
    classes = [referrer for referrer in gc.get_referrers(error) if isinstance(referrer, type)]
    assert classes == []


def test_records_after_it_in_a_rust_loop_are_not_lost(signalled):
    """No Python code of the program runs between the calls, so the exception waits for the end of the loop."""
    arrived = Collector()
    logging.getLogger(LOGGER).addHandler(arrived)
    calls = []

    def handle(number, frame):
        calls.append(number)
        if len(calls) == 1:
            raise SystemExit(3)

    signalled(signal.SIGTERM, handle)
    with pytest.raises(SystemExit):
        native.log_in_stages(10)
        wait_until(lambda: False)
    logging.getLogger(LOGGER).removeHandler(arrived)
    assert len(calls) == 10
    assert len(arrived.records) >= 9


LOOP = 1000


@pytest.fixture
def stock():
    """A stock handler that runs no Python code for a record, but for one that `stock.interrupt(act)` names: there
    the stream calls `act`, which may raise.
    """

    class Stream(io.StringIO):
        def write(self, text):
            handler.stream = handler.real
            handler.act()

    logger = logging.getLogger(LOGGER)
    handler = logging.StreamHandler(io.StringIO())
    handler.real = handler.stream
    logger.setLevel(logging.INFO)
    logger.propagate = False

    def interrupt(act):
        # Without the handlers of pytest, which are written in Python.
        logger.handlers = [handler]
        handler.act = act
        handler.stream = Stream()

    handler.interrupt = interrupt
    yield handler
    logger.handlers = []
    logger.setLevel(logging.NOTSET)
    logger.propagate = True


def exit_by_signal():
    signal.raise_signal(signal.SIGTERM)


def exit_at_once():
    sys.exit(3)


@pytest.mark.parametrize("act", [exit_by_signal, exit_at_once])
def test_an_exception_outlasts_a_thousand_records_of_stock_handlers(stock, unraisable, act):
    before = signal.signal(signal.SIGTERM, raises(SystemExit(3), []))
    try:
        stock.interrupt(act)
        with pytest.raises(SystemExit):
            native.log_in_stages(LOOP)
            wait_until(lambda: False)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stock.real.getvalue().count("\n") == LOOP - 1
    assert unraisable == []


@fails_in_pypy("`check_signals` raises nothing in a loop of Rust code")
@pytest.mark.skipif(sys.version_info < (3, 10), reason="Python simulates no signal but SIGINT")
@pytest.mark.parametrize("act", [exit_by_signal, exit_at_once])
def test_a_rust_loop_that_checks_signals_ends(stock, unraisable, act):
    handlers = [signal.getsignal(number) for number in signal.valid_signals()]
    before = signal.signal(signal.SIGTERM, raises(SystemExit(3), []))
    try:
        stock.interrupt(act)
        with pytest.raises(SystemExit):
            native.log_and_check_signals(LOOP)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stock.real.getvalue() == ""
    assert unraisable == []
    assert [signal.getsignal(number) for number in signal.valid_signals()] == handlers


@pytest.mark.parametrize("act", [exit_by_signal, exit_at_once])
def test_check_signals_ends_a_rust_loop_on_each_python(stock, unraisable, act):
    before = signal.signal(signal.SIGTERM, raises(SystemExit(3), []))
    try:
        stock.interrupt(act)
        with pytest.raises(SystemExit):
            native.log_and_check(LOOP)
        # Nothing is left to be raised.
        native.log_and_check(1)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert stock.real.getvalue() == "record 0\n"
    assert unraisable == []


def test_check_signals_ends_a_rust_loop_in_another_thread(stock, unraisable):
    reached = []

    def work():
        try:
            native.log_and_check(LOOP)
        except SystemExit as error:
            reached.append(error.code)

    stock.interrupt(exit_at_once)
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert (reached, stock.real.getvalue(), unraisable) == ([3], "", [])


@fails_in_pypy("no `gc.callbacks`")
def test_check_signals_runs_the_collector_before_anything_is_raised(stock, unraisable):
    """From Python 3.12 on, `PyErr_CheckSignals` collects garbage, which runs Python code."""
    reached = []

    def act():
        gc.set_threshold(1)
        gc.callbacks.append(callback)
        sys.exit(3)

    def callback(phase, info):
        pass

    def work():
        try:
            native.log_and_check(LOOP)
        except SystemExit as error:
            reached.append(error.code)

    before = gc.get_threshold()
    stock.interrupt(act)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        gc.set_threshold(*before)
        gc.callbacks.remove(callback)
    assert (reached, stock.real.getvalue(), unraisable) == ([3], "", [])


@fails_in_pypy("other frames")
def test_exceptions_of_several_classes_reach_the_program_in_order(stock, unraisable):
    """A Ctrl-C that the program catches must not cost the SIGTERM that comes after it."""
    interrupt, end, second = KeyboardInterrupt(), SystemExit(3), SystemExit(4)

    def act():
        stock.interrupt(act_again)
        raise_by_signal(interrupt)

    def act_again():
        stock.interrupt(lambda: raise_by_signal(second))
        raise_by_signal(end)

    def raise_by_signal(error):
        signal.signal(signal.SIGTERM, raises(error, []))
        signal.raise_signal(signal.SIGTERM)

    before = signal.getsignal(signal.SIGTERM)
    try:
        stock.interrupt(act)
        with pytest.raises(SystemExit) as caught:
            try:
                native.log_in_stages(LOOP)
                wait_until(lambda: False)
            except KeyboardInterrupt:
                wait_until(lambda: False)
    finally:
        signal.signal(signal.SIGTERM, before)
    assert caught.value is end
    # The second one may be raised before the first step of the `except` clause.
    raised_in = {entry.name for entry in traceback.extract_tb(interrupt.__traceback__)}
    assert "test_exceptions_of_several_classes_reach_the_program_in_order" in raised_in
    # The first of each class.
    assert [error for error, _ in unraisable] == [second]


class WithoutSubclasses(BaseException):
    def __init_subclass__(cls):
        raise TypeError("no subclasses")


def run_in_thread(work, raising):
    """Runs `work` in a Python thread, with a logging handler that raises."""
    handler = Collector()
    handler.before = lambda record: raising()
    logger = logging.getLogger(LOGGER)
    logger.addHandler(handler)
    logger.setLevel(logging.INFO)
    try:
        thread = threading.Thread(target=work)
        thread.start()
        thread.join()
    finally:
        logger.removeHandler(handler)
        logger.setLevel(logging.NOTSET)


def test_an_exception_whose_class_refuses_subclasses_reaches_another_thread(unraisable):
    error, caught = WithoutSubclasses(), []

    def raising():
        raise error

    def work():
        try:
            native.log_message("hello")
            wait_until(lambda: False)
        except BaseException as raised:
            caught.append(raised)

    run_in_thread(work, raising)
    assert (caught, unraisable) == ([error], [])


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_system_exit_ends_the_python_thread_that_it_belongs_to(unraisable):
    reached, after = [], []

    def work():
        reached.append(1)
        native.log_message("hello")
        for _ in range(1000):
            pass
        after.append(1)

    run_in_thread(work, lambda: sys.exit(3))
    assert (reached, after, unraisable) == ([1], [], [])


@pytest.mark.parametrize("delivery", ["direct", "queued"])
@pytest.mark.parametrize("by", ["python", "pylog", "loop"])
def test_a_service_that_logs_can_be_stopped(by, delivery):
    """SIGTERM at any moment, to a program that logs in a loop."""
    processes = [start("service", by, delivery) for _ in range(5)]
    for process in processes:
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGTERM)
    for process in processes:
        stdout, stderr = finish(process, status=7)
        assert stderr == ""


def test_a_signal_while_pylog_imports_a_module():
    finish(start("signal_in_import"), status=7)


def test_signal_handlers_run_during_a_loop_of_rust_code():
    finish(start("signal_between_records"))
