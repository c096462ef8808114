"""The default delivery: no call hangs because the holder of the GIL waits, and a join finds the records."""

import logging
import signal
import subprocess
import sys
import threading
import time

import pytest
from processes import run
from programs.deliveries import DELIVERIES
from pylog_probe import _native as native
from waiting import LIMIT, blocked

SCENES = ["scope", "many calls", "many threads", "tasks", "pool", "drop", "collector", "watcher"]


@pytest.fixture
def default():
    native.set_default_delivery()
    yield
    assert native.flush()
    native.set_queue()


@pytest.mark.parametrize("kind", ["own", "dependency"])
@pytest.mark.parametrize("scene", SCENES)
def test_the_holder_of_the_gil_waits_for_threads_that_log(scene, kind):
    run("waits", "default", scene, kind)


@pytest.mark.parametrize("kind", ["dependency", "lazy dependency"])
def test_a_dependency_logs_under_a_lock_in_eight_threads(kind):
    output, _ = run("log_under_a_lock", "default", kind)
    assert output == f"{200 * (1 if kind.startswith('lazy') else 8)} records\n"


@pytest.mark.parametrize("is_dependency", [False, True], ids=["own", "dependency"])
def test_all_records_are_there_after_a_join(default, arrived, is_dependency):
    time.sleep(1)  # An earlier test may have used up the time that calls may wait.
    for _ in range(20):
        native.wait_for_scope_detached(is_dependency, 2, 2)
        assert len(arrived.records) == 4
        arrived.records.clear()


def test_a_record_is_handled_by_another_thread(default, arrived):
    deliverers = []
    arrived.after = lambda record: deliverers.append(threading.get_ident())
    _, _, ident = native.log_in_worker("of a Rust thread")
    native.log_message("attached")
    native.call("alpha", logging.INFO, True)
    assert arrived.messages == ["of a Rust thread", "attached", "level 20"]
    (record, *_) = arrived.records
    assert (record.thread, record.threadName) == (ident, "worker")
    assert threading.get_ident() != deliverers[0] != ident
    assert deliverers[1] == threading.get_ident()
    # PyPy takes each detached thread for one that Rust has spawned.
    assert deliverers[2] == deliverers[0 if sys.implementation.name == "pypy" else 1]


def test_a_call_of_a_dependency_runs_no_python_code(default, arrived):
    with blocked(arrived) as is_waiting:
        native.log_to_target("dependency::part", "one")  # Returns although the handler doesn't.
        native.log_to_target("dependency::part", "two")
        assert is_waiting.wait(LIMIT)
        assert arrived.records == []
    native.log_message("three")  # Goes behind the others, and waits for its delivery.
    assert arrived.messages == ["one", "two", "three"]
    assert {record.threadName for record in arrived.records} == {"MainThread"}
    assert [record.name for record in arrived.records[:2]] == ["dependency.part"] * 2


def test_calls_go_on_while_a_handler_does_not_return(default, arrived):
    with blocked(arrived):
        for _ in range(100):
            native.join_while_attached()
        assert arrived.records == []
    assert native.flush()
    assert len(arrived.records) == 300


def test_waits_take_a_part_of_the_time(default, arrived):
    """Beside a thread that holds the GIL, a burst doesn't wait for each record."""
    interval = sys.getswitchinterval()
    sys.setswitchinterval(10)
    try:
        native.wait_for_scope(False, 1, 10_000)
    finally:
        sys.setswitchinterval(interval)
    assert native.flush()
    assert len(arrived.records) == 10_000


@pytest.mark.parametrize("how", ["shutdown", "by name", "dictConfig", "job"])
@pytest.mark.parametrize("delivery", ["python", *DELIVERIES])
def test_what_is_queued_is_delivered_first(delivery, how):
    if (sys.implementation.name, delivery) == ("pypy", "all-queued") and how in ("shutdown", "dictConfig"):
        pytest.skip("a call that runs no Python code can't make the handler that flushes the newest one there")
    output, _ = run("flushed", delivery, how)
    assert output == "0\n" * 3, "lines that are missing"


@pytest.mark.skipif(
    sys.implementation.name == "pypy", reason="an attached thread can't make the handler that flushes the newest one there"
)
def test_extensions_share_one_handler():
    """An extension that isn't pylog's can wait for all of them, and `logging.shutdown` closes it as the first."""
    pytest.importorskip("forms._native", reason="needs a second extension that queues")
    native.set_default_delivery()
    # From the first question on, changes of levels are reported.
    native.log_message("one")
    handler = logging._handlers["pylog"]
    assert len(handler._pylog_flushes) >= 2
    newer = logging.NullHandler()
    logging.root.setLevel(logging.root.level)
    references = [reference() for reference in logging._handlerList]
    assert references.index(handler) > references.index(newer)
    assert references.count(handler) == 1
    native.set_queue()


def test_a_flush_in_a_handler_gives_up(default, arrived):
    handler = logging._handlers["pylog"]
    arrived.after = lambda record: handler.flush()
    native.log_in_worker("one")
    native.log_message("two")
    assert native.flush(LIMIT)
    assert arrived.messages == ["one", "two"]


@pytest.mark.parametrize("how", ["dictConfig", "no level", "a name is taken"])
def test_the_handler_is_found_by_name_after_a_configuration(how):
    output, _ = run("configured", how)
    assert output.splitlines()[-1] == "0 0"


@pytest.mark.skipif(not hasattr(signal, "pthread_sigmask"), reason="this system has no masks of signals")
@pytest.mark.parametrize("watches", [False, True], ids=["", "watchdog"])
@pytest.mark.parametrize("how", ["sigwait", "section"])
@pytest.mark.parametrize("delivery", ["python", *DELIVERIES])
def test_signals_that_the_program_blocks(monkeypatch, delivery, how, watches):
    if watches:
        monkeypatch.setenv("PYLOG_WATCHDOG", "60")
    output, _ = run("blocked_signals", delivery, how)
    assert output == {"sigwait": "SIGUSR1\n", "section": "['SIGINT']\nKeyboardInterrupt\n"}[how]


@pytest.mark.parametrize("where", ["main", "thread", "pool"])
@pytest.mark.parametrize("delivery", ["python", *DELIVERIES])
def test_a_listener_that_is_stopped_at_exit_gets_all_records(delivery, where):
    output, _ = run("listener_at_exit", delivery, where)
    assert output.split() == [str(number) for number in range(10_000)]


def test_a_process_that_a_handler_starts_gets_signals(default, arrived):
    """The drain thread blocks signals while it waits, which a process would inherit."""
    ended = []

    def run_a_process(record):
        command = [sys.executable, "-c", f"import time; time.sleep({LIMIT})"]
        process = subprocess.Popen(command)
        process.terminate()
        ended.append(process.wait())

    arrived.after = run_a_process
    native.log_to_target("dependency", "in the drain thread")
    assert native.flush(LIMIT)
    assert ended == [-signal.SIGTERM]


def test_calls_under_a_lock_that_a_handler_takes_do_not_each_wait_for_it(default, arrived):
    """A dependency's record waits for the lock, and the thread's own go behind it: each would wait for 0.1 s."""
    lock, calls = threading.RLock(), 20_000
    arrived.before = lambda record: lock.acquire() and lock.release()
    with lock:
        native.log_to_target("dependency", "first")
        for number in range(calls):
            native.log_message(str(number))
    assert native.flush()
    assert arrived.messages == ["first", *map(str, range(calls))]
