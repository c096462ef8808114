"""Names of threads that Python hasn't started."""

import _thread
import logging
import threading

import pytest
from pylog_probe import _native as native
from waiting import LIMIT

LOGGER = logging.getLogger(f"{native.__name__}.calls.alpha")


@pytest.fixture(params=["direct", "queued", "all-queued"])
def delivery(request):
    if request.param != "direct":
        native.set_queue(1000, every_thread=request.param == "all-queued")
    yield request.param
    assert native.flush()
    native.set_queue()


def in_unknown_thread(work):
    """Runs `work` in a thread that `threading` doesn't know until it asks for the current one."""
    ended = threading.Event()

    def run():
        try:
            work()
        finally:
            ended.set()

    _thread.start_new_thread(run, ())
    assert ended.wait(LIMIT)
    assert native.flush()


@pytest.mark.parametrize("detached", [False, True], ids=["attached", "detached"])
def test_a_name_that_the_program_has_set(delivery, both_records, detached):
    logging.root.setLevel(logging.INFO)

    def work():
        for name in ("named", "Dummy-", "Dummy-1a", "named again"):
            threading.current_thread().name = name
            native.call("alpha", logging.INFO, detached)
            assert native.flush()
            LOGGER.info("by Python")

    in_unknown_thread(work)
    names = [record.threadName for record in both_records]
    assert names[::2] == names[1::2] == ["named", "Dummy-", "Dummy-1a", "named again"]


def test_a_name_is_that_of_the_call(delivery, both_records):
    """A queued record is delivered when its thread has ended."""
    logging.root.setLevel(logging.INFO)

    def work():
        threading.current_thread().name = "named"
        native.call("alpha", logging.INFO)

    in_unknown_thread(work)
    assert [record.threadName for record in both_records] == ["named"]


def test_an_unnamed_thread_has_its_name_in_rust(delivery, both_records):
    logging.root.setLevel(logging.INFO)

    def work():
        threading.current_thread().name = "Dummy-1"
        native.call("alpha", logging.INFO)

    in_unknown_thread(work)
    (record,) = both_records
    assert record.threadName.startswith("ThreadId(")
