"""What needs an interpreter of its own: its end, its forks, signals, and CPython's own tests."""

import os
import signal
import sys

from freeing import IS_PYPY
import pytest
from processes import finish, run, start
from programs.deliveries import DELIVERIES
from waiting import (
    HANDLES,
    HAS_GIL,
    fails_in_pypy,
    needs_detached_threads_at_exit,
    needs_handling,
    needs_nested_records,
)


def test_logging_in_atexit_and_in_destructors_at_the_end():
    _, stderr = run("logging_at_the_end")
    lines = stderr.splitlines()
    assert lines[:2] == ["while running", "in atexit"]
    assert "Traceback" not in stderr and "panicked" not in stderr, stderr


@pytest.mark.parametrize("when", ["main", "first"])
@pytest.mark.parametrize("delivery", ["direct", "queued"])
def test_records_at_the_end_arrive_as_those_of_pythons_own_logger(delivery, when):
    expected = run("records_at_the_end", "python", when)
    # PyPy runs no finalizers at the end.
    assert IS_PYPY or len(expected[1].splitlines()) == (8 if when == "main" else 5)
    assert run("records_at_the_end", delivery, when) == expected


@pytest.mark.parametrize("what", ["filter", "handler", "formatter"])
@pytest.mark.parametrize("when", ["direct", "queued", "atexit"])
def test_a_file_that_is_not_closed_is_written_at_exit(tmp_path, when, what):
    run("unflushed_file", tmp_path / "file", when, what)
    assert (tmp_path / "file").read_text() == "data"


@fails_in_pypy("another text")
def test_system_exit_in_the_last_record_of_all_is_printed():
    """There may be no Python code that could raise it, or only code that has nothing to do with it."""
    _, stderr = run("exit_in_atexit")
    start = "Exception ignored in:\nTraceback" if IS_PYPY else "Traceback"
    assert stderr.startswith(start) and stderr.endswith("\nSystemExit: from the handler\n")


@pytest.mark.parametrize("first", ["thread", "signal"])
def test_records_of_threads_that_live_longer_than_the_main_thread(first):
    _, stderr = run("after_the_main_thread", first)
    assert stderr.splitlines() == ["first", "second"]


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="another way to limit the number of threads")
@pytest.mark.parametrize("end", ["shutdown", "flush", "exit"])
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_process_that_can_start_no_thread_loses_no_record(delivery, end, tmp_path):
    path = tmp_path / "log"
    stdout, _ = run("without_threads", delivery, path, end)
    if stdout:
        pytest.skip("this system has no such limit")
    assert len(path.read_text().split("\n")) == 21


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no forks")
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_a_handler_that_forks_in_the_drain_thread(delivery):
    run("fork_in_a_handler", delivery)


@fails_in_pypy("no subinterpreters")
@pytest.mark.skipif("free-threading" in sys.version, reason="pylog has no support for it")
def test_a_subinterpreter_that_is_left_open_at_exit():
    """Below Python 3.13, it is a fatal error if Python can't free the variable."""
    _, stderr = run("subinterpreter_at_exit")
    record, *warnings = stderr.splitlines()
    assert record == "INFO:pylog_probe._native.calls.alpha:level 20"
    # From Python 3.14 on.
    assert not warnings or "remaining subinterpreters" in warnings[0]


@fails_in_pypy("no subinterpreters")
@pytest.mark.skipif("free-threading" in sys.version, reason="pylog has no support for it")
@pytest.mark.parametrize("delivery", ["direct", "queued", "all-queued"])
def test_a_subinterpreter_that_shares_the_gil(delivery):
    stdout, stderr = run("subinterpreter", delivery)
    first, refused, *others = stdout.splitlines()
    assert first == "in main"
    assert refused.startswith("refused: this module can't be imported in a subinterpreter")
    # With a queue, the drain thread of the main interpreter may deliver what was called elsewhere.
    delivered = [line for line in others if line.startswith("called there")]
    assert [line for line in others if line not in delivered] == [
        "in the subinterpreter: Python's own",
        "in main again",
    ]
    assert not delivered or delivery != "direct"
    assert stderr == ""


@needs_handling
def test_no_python_code_runs_but_that_of_handlers_that_are_not_stock(tmp_path):
    """So it is while nothing in `logging` has been replaced."""
    stdout, _ = run("unchanged_logging", tmp_path / "log")
    *stock, (own, *called) = map(str.split, stdout.splitlines())
    assert [len(words) for words in stock] == [1] * 6, stdout
    assert own == "Own" and called[0] == "Handler.handle" and "Own.emit" in called


@pytest.mark.parametrize("ctypes", ["absent", "unused"])
def test_no_need_of_ctypes(ctypes):
    stdout, _ = run("without_ctypes", ctypes)
    if HANDLES:
        assert stdout == "handle\n", "the fast path, which calls the handler directly"


@needs_nested_records
def test_a_handler_that_logs_what_it_handles_ends_with_a_recursion_error():
    run("nested_logging")


@needs_nested_records
@pytest.mark.parametrize("handlers", ["2", "3"])
def test_one_recursion_error_ends_all_handlers_that_log_what_they_handle(handlers):
    run("nested_handlers", handlers)


@pytest.mark.parametrize("delivery", ["direct", "queued"])
@pytest.mark.parametrize("how", [pytest.param("handler", marks=needs_nested_records), "hook"])
@pytest.mark.parametrize("kibibytes", ["128", "192", "256", "512", "1024", "8192"])
def test_nesting_on_a_small_stack(kibibytes, how, delivery):
    run("nesting_on_a_small_stack", kibibytes, how, delivery)


@fails_in_pypy("less stack than the system gives")
@needs_nested_records
@pytest.mark.parametrize("delivery", ["direct", "queued"])
def test_a_handler_that_recurses_through_c_and_then_logs(delivery):
    stdout, _ = run("logging_at_the_bottom", delivery)
    assert stdout == "python logged, pylog logged\n"


@pytest.mark.parametrize("delivery", ["direct", "queued"])
def test_exit_functions_that_run_in_the_middle_of_a_program(delivery):
    stdout, _ = run("exit_functions", delivery)
    assert sorted(stdout.splitlines()) == ["level 20", "level 30", "level 40"]


def test_a_class_that_was_changed_more_often_than_cpython_tells_of():
    run("often_changed_class")


@needs_detached_threads_at_exit
@pytest.mark.parametrize("attempt", range(3))
@pytest.mark.parametrize("delivery", DELIVERIES)
def test_threads_that_log_while_the_interpreter_ends(delivery, attempt):
    """Below Python 3.13 a thread that attaches then would abort the process."""
    run("threads_at_exit", delivery)


def test_a_forked_child_logs_on_and_follows_its_own_configuration():
    _, stderr = run("forked_child")
    message, child = stderr.splitlines()[-2:]
    assert message.split(" ", 1) == [child.split()[1], "from the child"]


def test_a_child_that_is_forked_while_another_thread_registers_a_hook():
    run("fork_while_registering")


def test_an_import_hook_that_logs():
    _, stderr = run("import_hook")
    assert stderr.splitlines()[-1] == "level 20"


def test_the_end_of_a_forked_child_does_not_wait_for_threads_of_its_parent():
    run("fork_beside_a_handler")


@needs_nested_records
def test_a_handler_that_logs_the_records_that_are_queued_at_exit():
    _, stderr = run("queue_of_nested_records_at_exit")
    if not HAS_GIL:
        # The drain thread delivers at the same time as the finalizing one.
        stderr = stderr.replace("nested pylog ", "nested MainThread ")
    pairs = [[f"nested MainThread record {n}", f"outer MainThread record {n}"] for n in range(100)]
    assert stderr.splitlines() == [line for pair in pairs for line in pair]


@needs_nested_records
def test_a_handler_that_logs_while_the_interpreter_waits_for_it():
    _, stderr = run("nested_record_at_exit")
    assert stderr.splitlines() == ["nested by the handler", "outer at exit"]


@pytest.mark.parametrize("late", [[], ["late"]], ids=["", "late"])
def test_queued_records_are_delivered_before_handlers_are_closed(tmp_path, late):
    path = tmp_path / "log"
    run("queue_at_exit", path, *late)
    lines = path.read_text().splitlines()
    expected = [f"flood {thread} {n}" for thread in range(4) for n in range(1000)]
    assert sorted(lines) == sorted([*expected, "stage 0", "stage 1", *(["stage 0"] if late else [])])


def test_dropped_records_are_reported_at_exit():
    _, stderr = run("drops_at_exit")
    lines = stderr.splitlines()
    dropped = [int(line.split()[0]) for line in lines if "dropped" in line]
    assert sum(dropped) >= 95, "there was no room for them"
    assert len(lines) - len(dropped) + sum(dropped) == 100


@pytest.mark.parametrize("delivered", ["by the drain thread", "by the main thread"])
@pytest.mark.parametrize("delivery", ["queued", "all-queued"])
def test_a_signal_ends_the_wait_for_the_queue_at_the_end(delivery, delivered):
    stdout, _ = run("interrupted_at_the_end", delivery, delivered)
    records, dropped = stdout.split()
    assert len(records) + int(dropped) == 2000


@pytest.mark.parametrize("delivery", ["direct", "queued"])
def test_a_running_handler_is_waited_for_at_exit(delivery):
    _, stderr = run("handler_at_exit", delivery)
    assert stderr == "stage 0\n"


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize("where", ["child", "import then child", "import", "import after util"])
def test_children_of_multiprocessing_deliver_their_queue(method, where):
    _, stderr = run("with_multiprocessing", method, where)
    assert stderr.splitlines() == [f"child flood 0 {n}" for n in range(100)] * 3


@needs_nested_records
@pytest.mark.parametrize("delivery", ["direct", "queued"])
def test_signal_handlers_that_log_while_other_threads_do(delivery):
    _, stderr = run("signals_while_logging", delivery)
    assert stderr == ""


def test_an_interrupted_process_ends_as_python_would():
    for _ in range(10):
        process = start("interrupt")
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        assert finish(process, status=7) == ("", "")


def test_cpythons_own_tests_of_logging_give_the_same_results(tmp_path_factory, report):
    try:
        import test.test_logging  # noqa: F401
    except ImportError:
        pytest.skip("this Python comes without its own tests")
    # They write files into the current directory.
    processes = {
        how: start("tests_of_cpython", how, cwd=tmp_path_factory.mktemp(how))
        for how in ("alone", "live")
    }
    outcomes = {how: [] for how in processes}
    for how, process in processes.items():
        stdout, _ = finish(process)
        outcomes[how] = [line for line in stdout.splitlines() if line.startswith(("test.", "after"))]
    after = outcomes["live"].pop()
    assert after.startswith("after ") and after != "after 0"
    assert outcomes["live"] == outcomes["alone"]
    count = len(outcomes["alone"])
    assert count > 150
    report(f"test.test_logging: {count} tests, the same outcomes with pylog live")


def test_the_process_of_a_record_in_a_forked_child():
    run("process_of_a_fork")


@pytest.mark.parametrize("delivery", ["queued", "all-queued"])
def test_what_is_queued_is_delivered_before_exit_functions_end(delivery):
    stdout, _ = run("queue_before_an_end", "exit_functions", delivery)
    lines = stdout.splitlines()
    assert (lines[0], lines[-1]) == ("first", "closed")
    assert sorted(lines[1:-1]) == sorted(["queued", "keywords"][: 2 if delivery == "all-queued" else 1])


@pytest.mark.parametrize("delivery", ["queued", "all-queued"])
def test_a_child_frees_what_a_record_of_its_parent_held(delivery):
    stdout, _ = run("queue_before_an_end", "fork", delivery)
    assert stdout.splitlines()[-1] == "data"


def test_no_audit_hook_runs_within_a_call():
    run("audited")


@fails_in_pypy("`ctypes` can't call a function without letting go of the GIL")
@pytest.mark.parametrize("delivery", ["default", "direct", "queued", "all-queued"])
def test_a_child_that_c_code_has_forked(delivery):
    """uWSGI and mod_wsgi fork so: no hook of Python's runs."""
    stdout, _ = run("fork_in_c", delivery)
    of_child = ["child from a thread", "child attached"]
    of_parent = [f"parent of the parent {number}" for number in range(3)]
    assert stdout.splitlines() == of_child + (of_parent if delivery != "direct" else [])


forks_by_c = fails_in_pypy("`ctypes` can't call a function without letting go of the GIL")

# The threads that log run beside the fork, and any of them can be within a dict: Python's own hooks would wait for that.
needs_gil_in_forks_by_c = pytest.mark.skipif(
    not getattr(sys, "_is_gil_enabled", lambda: True)(),
    reason="without a GIL a child that C code forks can find any object of Python locked",
)


@pytest.mark.parametrize("by", ["python", pytest.param("c", marks=[needs_gil_in_forks_by_c, forks_by_c])])
@pytest.mark.parametrize("delivery", ["default", "queued", "all-queued"])
def test_a_fork_waits_for_the_record_that_is_being_delivered(delivery, by):
    """Otherwise the child finds the stream of the handler locked."""
    run("fork_beside_a_delivery", delivery, by)



@pytest.mark.parametrize("watches", [False, True], ids=["", "watchdog"])
@pytest.mark.parametrize("how", ["return", "exit", "thread"])
@pytest.mark.parametrize("delivery", ["python", *DELIVERIES])
def test_a_child_of_a_thread_ends_with_its_last_thread(monkeypatch, delivery, how, watches):
    if watches:
        monkeypatch.setenv("PYLOG_WATCHDOG", "1")
    output, _ = run("fork_in_a_thread", delivery, how)
    lines = ["in the parent", "in the child", *(["later"] if how == "thread" else []), "[0]"]
    assert output.splitlines() == lines
