"""Packages that change what becomes of records: each makes of a record of Rust what it makes of Python's own.

Each is switched on before the first record of a callsite, after it, and off again. The programs do that in an
interpreter of their own, since the packages replace parts of the library.
"""

import importlib.util

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


def needs(module):
    """Skips a test where the package has no wheel for this Python."""
    return pytest.mark.skipif(not is_installed(module), reason=f"{module} isn't installed: see xtask/src/test.rs")


@needs("freezegun")
@pytest.mark.parametrize("delivery, thread", combinations("freezegun"))
def test_freezegun(delivery, thread):
    run("with_freezegun", delivery, thread)


@needs("time_machine")
@pytest.mark.parametrize("delivery, thread", combinations("time_machine"))
def test_time_machine(delivery, thread):
    run("with_time_machine", delivery, thread)


@needs("gevent")
@pytest.mark.parametrize("when, handling", [("early", "keeps"), ("late", "keeps"), ("early", "switches")])
@pytest.mark.parametrize("delivery, thread", combinations("gevent"))
def test_gevent(delivery, thread, when, handling):
    run("with_gevent", delivery, thread, when, handling)


@needs("sentry_sdk")
@pytest.mark.parametrize("delivery, thread", combinations("sentry"))
def test_sentry(delivery, thread):
    run("with_sentry", delivery, thread)


@needs("structlog")
@pytest.mark.parametrize("delivery, thread", combinations("structlog"))
def test_structlog(delivery, thread):
    run("with_structlog", delivery, thread)


@needs("ddtrace")
@pytest.mark.parametrize("delivery, thread", combinations("ddtrace"))
def test_ddtrace(delivery, thread):
    run("with_ddtrace", delivery, thread)


@needs("opentelemetry.instrumentation.logging")
@pytest.mark.parametrize("delivery, thread", combinations("opentelemetry"))
def test_opentelemetry(delivery, thread):
    run("with_opentelemetry", delivery, thread)
