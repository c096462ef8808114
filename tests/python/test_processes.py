"""What needs an interpreter of its own: its end, its forks, and CPython's own tests."""

import signal
import subprocess
import sys
import textwrap
import warnings

import pytest


def run(code, *arguments, **options):
    """Runs `code` in a new interpreter. Returns what it wrote to stderr."""
    command = [sys.executable, "-c", textwrap.dedent(code), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, **options)
    assert done.returncode == 0, f"exit status {done.returncode}\n{done.stdout}\n{done.stderr}"
    return done.stderr


def test_logging_before_during_and_after_the_ends_of_things():
    stderr = run(
        """
        import atexit, logging
        from pylog_probe import _native as native

        class AtTheEnd:
            def __del__(self):
                native.log_message("in __del__ while modules are torn down")

        atexit.register(native.log_message, "in atexit")
        kept, noisy = AtTheEnd(), native.Noisy()
        logging.basicConfig(level=logging.INFO, format="%(message)s")
        native.log_message("while running")
        """
    )
    lines = stderr.splitlines()
    assert lines[:2] == ["while running", "in atexit"]
    assert "Traceback" not in stderr and "panicked" not in stderr, stderr


@pytest.mark.skipif(
    sys.version_info < (3, 12) or "free-threading" in sys.version,
    reason="this Python doesn't tell of changes, or not in time",
)
def test_nothing_of_logging_runs_where_nothing_was_changed():
    run(
        """
        import logging, sys
        from pylog_probe import _native as native

        class Handler(logging.Handler):
            def handle(self, record):
                records.append(record)

        records, called = [], []
        logging.basicConfig(level=logging.INFO, handlers=[Handler()])
        for _ in range(2):
            native.call("alpha", logging.INFO)
        sys.setprofile(lambda frame, event, _: event == "call" and called.append(frame.f_code.co_qualname))
        native.call("alpha", logging.INFO)
        sys.setprofile(None)
        assert len(records) == 3
        assert called == ["Handler.handle"], called
        """
    )


def test_a_handler_that_logs_what_it_handles():
    """Ends when Python's own would, rather than with the stack."""
    run(
        """
        import logging, sys, threading
        from pylog_probe import _native as native

        class Endless(logging.Handler):
            def emit(self, record):
                calls.append(record)
                call()

        def by_rust():
            native.call("alpha", logging.INFO)

        def by_python():
            logging.getLogger("pylog_probe._native.calls.alpha").info("")

        def depth(by):
            global call
            calls.clear()
            call = by
            thread = threading.Thread(target=by)
            thread.start()
            thread.join()
            return len(calls)

        calls, raised = [], []
        logging.basicConfig(level=logging.INFO, handlers=[Endless()])
        threading.excepthook = sys.unraisablehook = lambda args: raised.append(args.exc_type)
        own = depth(by_python)
        for _ in range(3):
            assert own < depth(by_rust) < 2 * own
        assert set(raised) == {RecursionError}, raised
        """
    )


@pytest.mark.parametrize("patched", ["first", "late"])
def test_gevent(patched):
    """Greenlets are threads to Python then, and all of them one to Rust."""
    pytest.importorskip("gevent")
    run(
        f"""
        import gevent, gevent.monkey

        def patch():
            gevent.monkey.patch_all()

        if {patched == "first"}:
            patch()
        import logging, threading
        from pylog_probe import _native as native

        class Handler(logging.Handler):
            def handle(self, record):
                records.append((record.thread, record.threadName))

        records = []
        logging.basicConfig(level=logging.INFO, handlers=[Handler()])

        def compare():
            records.clear()
            for _ in range(3):
                logging.getLogger("pylog_probe._native.calls.alpha").info("")
                native.call("alpha", logging.INFO)
            assert len(records) == 6 and len(set(records)) == 1, records

        compare()
        patch()
        compare()
        gevent.spawn(compare).get()
        thread = threading.Thread(target=compare, name="of gevent")
        thread.start()
        thread.join()
        compare()
        """
    )


def test_time_machine():
    pytest.importorskip("time_machine")
    run(
        """
        import logging, time_machine
        from pylog_probe import _native as native

        class Handler(logging.Handler):
            def handle(self, record):
                times.append(int(record.created))

        times = []
        logging.basicConfig(level=logging.INFO, handlers=[Handler()])

        def by_both():
            times.clear()
            logging.getLogger("pylog_probe._native.calls.alpha").info("")
            native.call("alpha", logging.INFO)
            native.call("alpha", logging.INFO)
            return times

        by_both()
        with time_machine.travel(10**9, tick=False):
            assert by_both() == [10**9] * 3, times
        assert min(by_both()) > 10**9
        """
    )


@pytest.mark.parametrize("handlers", [2, 3])
def test_handlers_that_log_what_they_handle(handlers):
    """In Python the first `RecursionError` ends them all."""
    run(
        f"""
        import io, logging, sys
        from pylog_probe import _native as native

        class Formatter(logging.Formatter):
            def format(self, record):
                native.call("alpha", logging.INFO)
                return super().format(record)

        raised = []
        logging.basicConfig(level=logging.INFO, handlers=[])
        for _ in range({handlers}):
            handler = logging.StreamHandler(io.StringIO())
            handler.setFormatter(Formatter())
            logging.root.addHandler(handler)
        sys.unraisablehook = lambda args: raised.append(args.exc_type)
        for n in range(1, 4):
            native.call("alpha", logging.INFO)
            assert raised == [RecursionError] * n, raised
        """
    )


def test_what_a_class_can_no_longer_tell():
    """CPython 3.13 and later tell of about a thousand changes of a class."""
    run(
        """
        import logging
        from pylog_probe import _native as native

        records, called = [], []
        logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
        for n in range(1100):
            logging.Logger.changed = n
            assert logging.Logger.changed == n
        for _ in range(2):
            native.call("alpha", logging.INFO)
        logging.Logger.callHandlers = lambda self, record: called.append(record)
        native.call("alpha", logging.INFO)
        assert len(called) == 1
        """
    )


@pytest.mark.parametrize("attempt", range(5))
def test_rust_threads_that_log_while_the_interpreter_ends(attempt):
    """Below Python 3.13 attaching then would abort the process."""
    run(
        """
        import logging, threading, time
        from pylog_probe import _native as native

        logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])

        def work():
            while True:
                native.call_in_thread("alpha", logging.INFO)
                native.call("alpha", logging.INFO, True)

        for _ in range(4):
            threading.Thread(target=work, daemon=True).start()
        time.sleep(0.05)
        """
    )


def test_a_forked_child_logs_on_and_follows_its_own_configuration():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        stderr = run(
            """
            import logging, os
            from pylog_probe import _native as native

            logging.basicConfig(level=logging.WARNING, format="%(process)d %(message)s")
            native.log_message("off")
            child = os.fork()
            if child == 0:
                logging.root.setLevel(logging.INFO)
                native.log_message("from the child")
                os._exit(0)
            os.waitpid(child, 0)
            native.log_message("still off")
            logging.warning("%d", child)
            """
        )
    message, child = stderr.splitlines()[-2:]
    assert message.split(" ", 1) == [child.split()[1], "from the child"]


def test_an_import_hook_that_logs():
    stderr = run(
        """
        import builtins, logging
        from pylog_probe import _native as native

        logging.basicConfig(level=logging.INFO, format="%(message)s")
        original = builtins.__import__

        def traced(name, *arguments):
            native.log_message("importing")
            return original(name, *arguments)

        builtins.__import__ = traced
        native.call("alpha", logging.INFO)
        """
    )
    assert stderr.splitlines()[-1] == "level 20"


def test_a_child_forked_while_others_log_ends_at_once():
    run(
        """
        import logging, os, threading, time
        from pylog_probe import _native as native

        class Slow(logging.NullHandler):
            def handle(self, record):
                if threading.current_thread() is not threading.main_thread():
                    time.sleep(0.5)

        logging.basicConfig(level=logging.INFO, handlers=[Slow()])
        native.call("alpha", logging.INFO)
        thread = threading.Thread(target=native.call, args=("alpha", logging.INFO))
        thread.start()
        time.sleep(0.1)
        child = os.fork()
        if child == 0:
            raise SystemExit
        start = time.monotonic()
        assert os.waitpid(child, 0)[1] == 0
        assert time.monotonic() - start < 0.9, "it waited for threads that it doesn't have"
        thread.join()
        """
    )


def test_what_is_queued_is_delivered_before_handlers_are_closed(tmp_path):
    """`logging.shutdown` closes the file at exit; what is queued by then is in it."""
    path = tmp_path / "log"
    run(
        """
        import atexit, logging, sys

        # After what pylog does at exit, and before Python closes the handlers.
        logging_shutdown = logging.shutdown
        atexit.unregister(logging_shutdown)
        atexit.register(logging_shutdown)
        atexit.register(lambda: native.log_in_stages(1))
        from pylog_probe import _native as native

        class File(logging.FileHandler):
            is_closed = False
            def close(self):
                File.is_closed = True
                super().close()
            def emit(self, record):
                assert not File.is_closed
                super().emit(record)

        logging.basicConfig(level=logging.INFO, handlers=[File(sys.argv[1])], format="%(message)s")
        native.set_queue(50_000)
        atexit.register(native.log_in_stages, 2)
        native.flood(4, 1000)
        """,
        path,
    )
    lines = path.read_text().splitlines()
    expected = [f"flood {thread} {n}" for thread in range(4) for n in range(1000)]
    assert sorted(lines) == sorted(expected + ["stage 0", "stage 1", "stage 0"])


def test_drops_are_reported_at_exit():
    stderr = run(
        """
        import logging, time
        from pylog_probe import _native as native

        class Slow(logging.StreamHandler):
            def emit(self, record):
                time.sleep(0.01)
                super().emit(record)

        logging.basicConfig(level=logging.INFO, handlers=[Slow()], format="%(message)s")
        native.set_queue(5)
        native.flood(1, 100)
        """
    )
    lines = stderr.splitlines()
    dropped = [int(line.split()[0]) for line in lines if "dropped" in line]
    assert len(lines) - len(dropped) + sum(dropped) == 100


@pytest.mark.parametrize("delivery", ["None", "1000"])
def test_a_slow_handler_is_waited_for_at_exit(delivery):
    stderr = run(
        f"""
        import logging, threading, time
        from pylog_probe import _native as native

        class Slow(logging.StreamHandler):
            def emit(self, record):
                time.sleep(1.5)
                super().emit(record)

        logging.basicConfig(level=logging.INFO, handlers=[Slow()], format="%(message)s")
        native.set_queue({delivery})
        threading.Thread(target=native.log_in_stages, args=(1,), daemon=True).start()
        time.sleep(0.2)
        """
    )
    assert stderr == "stage 0\n"


MULTIPROCESSING = """
import logging, multiprocessing, sys
{at_import}

def log():
    from pylog_probe import _native
    logging.basicConfig(level=logging.INFO, format="%(processName)s %(message)s", force=True)
    {in_child}
    _native.flood(1, 100)

if __name__ == "__main__":
    context = multiprocessing.get_context(sys.argv[1])
    for _ in range(3):
        child = context.Process(target=log, name="child")
        child.start()
        child.join()
        assert child.exitcode == 0
"""


@pytest.mark.parametrize("method", ["fork", "forkserver", "spawn"])
@pytest.mark.parametrize(
    "at_import, in_child",
    [
        ("", "_native.set_queue(1000)"),
        ("from pylog_probe import _native", "_native.set_queue(1000)"),
        ("from pylog_probe import _native; _native.set_queue(1000)", ""),
        ("import multiprocessing.util, pylog_probe._native as n; n.set_queue(1000)", ""),
    ],
)
def test_children_of_multiprocessing_deliver_what_is_queued(method, at_import, in_child, tmp_path):
    """They end without `atexit`."""
    script = tmp_path / "script.py"
    script.write_text(MULTIPROCESSING.format(at_import=at_import, in_child=in_child))
    command = [sys.executable, "-W", "ignore", script, method]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == [f"child flood 0 {n}" for n in range(100)] * 3


@pytest.mark.parametrize("delivery", ["None", "10_000"])
def test_signal_handlers_that_log_while_others_do(delivery):
    """A signal's handler runs between any two steps of Python code, those of a logging handler too."""
    stderr = run(
        f"""
        import logging, signal, threading, time
        from pylog_probe import _native as native

        arrived = []
        class Collect(logging.Handler):
            def handle(self, record):
                for _ in range(50):
                    pass
                arrived.append(record.getMessage())

        logging.basicConfig(level=logging.INFO, handlers=[Collect()])
        native.set_queue({delivery})
        signals = 0
        def handle(number, frame):
            global signals
            signals += 1
            native.log_in_stages(2)

        signal.signal(signal.SIGALRM, handle)
        signal.setitimer(signal.ITIMER_REAL, 0.0005, 0.0005)
        thread = threading.Thread(target=native.flood, args=(2, 500))
        thread.start()
        calls = 0
        while signals < 200:
            native.log_message("attached")
            native.log_in_worker("worker")
            calls += 1
        signal.setitimer(signal.ITIMER_REAL, 0)
        thread.join()
        assert native.flush()
        assert arrived.count("stage 0") == arrived.count("stage 1") == signals
        assert arrived.count("attached") == arrived.count("worker") == calls
        assert len(arrived) == 2 * signals + 2 * calls + 1000
        """
    )
    assert stderr == ""


def test_an_interrupted_process_ends_as_python_would():
    """Ctrl-C, while threads log and a handler is running in the drain thread."""
    code = """
    import logging, signal, sys, time
    from pylog_probe import _native as native

    class Slow(logging.NullHandler):
        def handle(self, record):
            time.sleep(0.001)

    logging.basicConfig(level=logging.INFO, handlers=[Slow()])
    native.set_queue(100)
    native.log_forever(2)
    try:
        print("ready", flush=True)
        while True:
            time.sleep(0.001)
    except KeyboardInterrupt:
        sys.exit(7)
    """
    for _ in range(10):
        process = subprocess.Popen(
            [sys.executable, "-c", textwrap.dedent(code)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout.readline() == "ready\n"
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=30)
        assert (process.returncode, stderr) == (7, "")


# Runs CPython's own tests and prints each one's outcome.
CPYTHON = """
import sys, unittest
if {live}:
    from pylog_probe import _native
    import logging, pylog_oldest
    calls = [module.call for module in (_native, pylog_oldest)]
    def log():
        for call in calls:
            for level in (10, 20, 30):
                call("alpha", level)
                call("elsewhere.place", level)
else:
    def log():
        pass

class Result(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.outcome = "ok"
        log()
    def addError(self, test, error):
        self.outcome = "error"
    def addFailure(self, test, error):
        self.outcome = "failure"
    def addSkip(self, test, reason):
        self.outcome = "skipped"
    def stopTest(self, test):
        super().stopTest(test)
        print(test.id(), self.outcome)

import logging
logging.lastResort.setLevel(100)
suite = unittest.defaultTestLoader.loadTestsFromName("test.test_logging")
suite.run(Result())

if {live}:
    # And pylog is right after it.
    logging.root.handlers = [logging.NullHandler()]
    made = []
    factory = logging.getLogRecordFactory()
    logging.setLogRecordFactory(lambda *args, **kwargs: (made.append(1), factory(*args, **kwargs))[1])
    for threshold in (10, 40, 20, 30, 10):
        for name in ("", "pylog_probe", "oldest.calls.alpha"):
            logging.getLogger(name).setLevel(threshold)
            for module, logger in ((_native, _native.__name__), (pylog_oldest, "oldest")):
                for level in (10, 20, 30, 40):
                    before = len(made)
                    module.call("alpha", level)
                    expected = logging.getLogger(logger + ".calls.alpha").isEnabledFor(level)
                    assert (len(made) > before) == expected, (threshold, name, module, level)
    print("after", len(made))
"""


def test_cpythons_own_tests_of_logging_give_the_same_results(tmp_path_factory, report):
    try:
        import test.test_logging  # noqa: F401
    except ImportError:
        pytest.skip("this Python comes without its own tests")
    outcomes = {}
    processes = {
        live: subprocess.Popen(
            [sys.executable, "-W", "ignore", "-c", CPYTHON.format(live=live)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path_factory.mktemp("live" if live else "alone"),  # They write files there.
        )
        for live in (False, True)
    }
    for live, process in processes.items():
        stdout, stderr = process.communicate(timeout=300)
        assert process.returncode == 0, stderr[-3000:]
        outcomes[live] = [line for line in stdout.splitlines() if line.startswith(("test.", "after"))]
    assert outcomes[True][-1].startswith("after ") and outcomes[True][-1] != "after 0"
    assert outcomes[True][:-1] == outcomes[False]
    assert len(outcomes[False]) > 150
    report(f"test.test_logging: {len(outcomes[False])} tests, the same outcomes with pylog live")
