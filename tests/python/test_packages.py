"""Packages that change what becomes of records: each makes of a record of Rust what it makes of Python's own.

Each is switched on before the first record of a callsite, after it, and off again. The programs do that in an
interpreter of their own, since the packages replace parts of the library.
"""

import importlib.util
import subprocess
import sys

import pytest
from processes import run
from programs.deliveries import DELIVERIES

# The kinds of `programs/twins.py`.
THREADS = ["attached", "detached", "python", "python detached", "rust"]

QUEUED = ("queued", "all-queued")
DETACHED = ("detached", "python detached")

LOST_CONTEXT = "the context of a thread in `py.detach` can't be read without the GIL"
COPIED_CONTEXT = "a record has a copy of the context, so that what a handler sets there is lost"
NATIVE_THREAD = "a record of a greenlet names the native thread"


def known(reason, deliveries, threads):
    return {(delivery, thread): reason for delivery in deliveries for thread in threads}


# Known differences from Python's own logger. The chapter on delivery tells of them.
KNOWN = {
    "ddtrace": known(LOST_CONTEXT, QUEUED, ["detached"]),
    "gevent": known(NATIVE_THREAD, ["queued"], DETACHED)
    | known(NATIVE_THREAD, ["all-queued"], [*DETACHED, "attached", "python"]),
    "opentelemetry": known(LOST_CONTEXT, QUEUED, ["detached"]),
    "sentry": known(LOST_CONTEXT, QUEUED, ["detached"])
    | known(COPIED_CONTEXT, ["all-queued"], ["attached", "python"]),
    "structlog": known(LOST_CONTEXT, QUEUED, ["detached"]),
}


def combinations(package):
    """Each delivery with each kind of thread."""

    def combination(delivery, thread):
        reason = KNOWN.get(package, {}).get((delivery, thread))
        marks = [pytest.mark.xfail(strict=True, reason=reason)] if reason else []
        return pytest.param(delivery, thread, marks=marks)

    return [combination(delivery, thread) for delivery in DELIVERIES for thread in THREADS]


def is_installed(module):
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:  # A package that should contain it is missing.
        return False


# Each package, and the module without which its test is skipped. The program is named after the package.
MODULES = {
    "ddtrace": "ddtrace",
    "freezegun": "freezegun",
    "opentelemetry": "opentelemetry.instrumentation.logging",
    "sentry": "sentry_sdk",
    "structlog": "structlog",
    "time_machine": "time_machine",
}


def compare(package, module, *arguments):
    """A package without a wheel for this Python isn't installed, and none is on Pythons that aren't the newest."""
    if not is_installed(module):
        pytest.skip(f"{module} isn't installed: see xtask/src/test.rs")
    run(f"with_{package}", *arguments)


@pytest.mark.parametrize(
    "package, delivery, thread",
    [pytest.param(package, *it.values, marks=it.marks) for package in MODULES for it in combinations(package)],
)
def test_package(package, delivery, thread):
    compare(package, MODULES[package], delivery, thread)


@pytest.mark.parametrize("when, handling", [("early", "keeps"), ("late", "keeps"), ("early", "switches")])
@pytest.mark.parametrize("delivery, thread", combinations("gevent"))
def test_gevent(delivery, thread, when, handling):
    compare("gevent", "gevent", delivery, thread, when, handling)


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize(
    "package, module",
    [
        ("loguru", "loguru"),
        ("opentelemetry", "opentelemetry.sdk._logs"),
        ("pythonjsonlogger", "pythonjsonlogger"),
        ("rich", "rich"),
        ("sentry", "sentry_sdk"),
        ("structlog", "structlog"),
    ],
)
def test_errors(package, module, delivery):
    """Each error of a chain has its frames, as with `raise … from …`."""
    if not is_installed(module):
        pytest.skip(f"{module} isn't installed: see xtask/src/test.rs")
    run("errors_in_packages", package, delivery)


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("server, module", [("gunicorn", "gunicorn"), ("uvicorn", "uvicorn"), ("uwsgi", "pyuwsgi")])
def test_server(server, module, delivery, tmp_path):
    if not is_installed(module):
        pytest.skip(f"{module} isn't installed: see xtask/src/test.rs")
    run("with_server", server, delivery, tmp_path)


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_celery(delivery, tmp_path):
    compare("celery", "celery", delivery, tmp_path)


# Not with "all-queued", whose records a native thread delivers: `logging` has a lock of eventlet's then, which loses
# waiters if two native threads compete for it. A native thread that uses Python's own logger hangs, too.
@pytest.mark.parametrize("delivery", [delivery for delivery in DELIVERIES if delivery != "all-queued"])
def test_eventlet(delivery):
    compare("eventlet", "eventlet", delivery)


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_jupyter(delivery):
    compare("jupyter", "ipykernel", delivery)


@pytest.mark.parametrize("delivery", DELIVERIES)
@pytest.mark.parametrize("form", ["Text", "JSON"])
def test_lambda(form, delivery, tmp_path):
    compare("lambda", "awslambdaric", delivery, form, tmp_path)


TEST_THAT_LOGS = """
import logging
from pylog_probe import _native as native

class Failing(logging.Handler):
    def emit(self, record):
        raise ValueError("in the handler")

def test_it():
    logging.getLogger().addHandler(Failing())
    native.call("alpha", logging.ERROR)
"""


@pytest.mark.parametrize("arguments, fails", [([], False), (["-W", "error::pytest.PytestUnraisableExceptionWarning"], True)])
def test_what_makes_an_exception_in_a_handler_fail_a_test(tmp_path, arguments, fails):
    (tmp_path / "test_it.py").write_text(TEST_THAT_LOGS)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *arguments, tmp_path]
    outcome = subprocess.run(command, capture_output=True, text=True, cwd=tmp_path)
    assert outcome.returncode == fails, outcome.stdout
    assert "in the handler" in outcome.stdout
