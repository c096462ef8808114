"""`Context::scope`: tasks of async runtimes log within the context of the code that has started them."""

import asyncio
import contextvars
import logging

import pytest
from pylog_probe import _native as native
from programs.collecting import Collector

NAME = "pylog_probe._native.tasks"
NAMES = ["a", "b", "c"]
request_id = contextvars.ContextVar("request_id", default="none")


@pytest.fixture(params=["direct", "queued"])
def seen(request):
    """Returns the message and the request id of each record since the last time."""
    collector = Collector()
    found = []
    collector.after = lambda record: found.append((record.getMessage(), request_id.get()))
    logger = logging.getLogger(NAME)
    logger.setLevel(logging.INFO)
    logger.addHandler(collector)
    native.set_queue(100_000 if request.param == "queued" else None)

    def seen():
        assert native.flush()
        taken = list(found)
        found.clear()
        return taken

    yield seen
    native.set_queue()
    logger.removeHandler(collector)


def steps(names):
    return [(f"{name} {step}", name) for step in range(3) for name in names]


def test_tasks_that_take_turns_in_one_thread(seen):
    for _ in range(2):
        contextvars.copy_context().run(native.log_in_tasks, request_id.set, NAMES, 0)
        found = seen()
        assert found[:-3] == steps([*NAMES, "none"])
        # Tasks that never end are dropped with the runtime.
        assert sorted(found[-3:]) == [(f"{name} dropped", name) for name in NAMES]
    assert request_id.get() == "none"


def test_tasks_in_several_threads(seen):
    names = [f"task{number}" for number in range(20)]
    contextvars.copy_context().run(native.log_in_tasks, request_id.set, names, 2)
    found = seen()
    dropped = [(f"{name} dropped", name) for name in names]
    assert sorted(found) == sorted(steps([*names, "none"]) + dropped)


@pytest.mark.parametrize("log", [native.log_in_coroutine, native.log_in_future])
def test_awaitables(seen, log):
    async def request(name):
        request_id.set(name)
        await log(name)

    async def main():
        await asyncio.gather(*[request(name) for name in NAMES])

    for _ in range(2):
        asyncio.run(main())
        assert sorted(seen()) == sorted(steps(NAMES))
