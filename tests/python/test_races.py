"""Threads log while another one reconfigures. Without a GIL they do so at the same time."""

import contextlib
import logging
import random
import threading

import pytest
from programs.collecting import UnlockedCollector
from pylog_probe import _native as native
from waiting import LIMIT

LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING)
SITES = ("alpha", "alpha.inner", "beta.deep.er", "elsewhere.place", "dynamic.place", "logged")
ROUNDS = 1000


def logger_of(site):
    is_elsewhere = site.endswith(".place")
    return logging.getLogger(site if is_elsewhere else f"{native.__name__}.calls.{site}")


class LoggingThreads:
    """Threads that log from all sites at all levels, attached and detached, and rest within `rest`."""

    def __init__(self, count, seed):
        self.working, self.is_over = threading.Event(), False
        # The threads and the one that has them rest meet here, before and after the rest.
        self.resting, self.rested = (threading.Barrier(count + 1, timeout=LIMIT) for _ in range(2))
        chances = [random.Random(f"{seed} {number}") for number in range(count)]
        self.threads = [threading.Thread(target=self.log, args=(chance,)) for chance in chances]

    def log(self, chance):
        while not self.is_over:
            while self.working.is_set():
                site, level = chance.choice(SITES), chance.choice(LEVELS)
                native.call(site, level, chance.random() < 0.5)
                native.enabled(site, level)
            self.resting.wait()
            self.rested.wait()

    def __enter__(self):
        self.working.set()
        for thread in self.threads:
            thread.start()
        return self

    @contextlib.contextmanager
    def rest(self):
        self.working.clear()
        self.resting.wait()
        try:
            yield
        finally:
            self.working.set()
            self.rested.wait()

    def __exit__(self, *_):
        with self.rest():
            self.is_over = True
        for thread in self.threads:
            thread.join()


def reconfigure(chance):
    """Changes a level in one of the ways that there are."""
    name = chance.choice(["", native.__name__, logger_of(chance.choice(SITES)).name])
    if chance.random() < 0.2:
        logging.disable(chance.choice([logging.NOTSET, logging.DEBUG, logging.INFO]))
    else:
        logging.getLogger(name).setLevel(chance.choice((logging.NOTSET, *LEVELS)))


@pytest.mark.parametrize("delivery", [None, 10_000], ids=["direct", "queued"])
def test_calls_obey_python_when_the_threads_rest(delivery, report):
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    handler = UnlockedCollector()
    logging.root.addHandler(handler)
    native.set_queue(delivery)
    wrong, calls = [], 0
    try:
        with LoggingThreads(3, seed) as threads:
            for _ in range(ROUNDS):
                for _ in range(chance.randrange(1, 5)):
                    reconfigure(chance)
                with threads.rest():
                    assert native.flush()
                    for site in SITES:
                        for level in LEVELS:
                            handler.records.clear()
                            native.call(site, level)
                            calls += 1
                            if bool(handler.records) != logger_of(site).isEnabledFor(level):
                                wrong.append((site, level))
    finally:
        assert native.flush()
        native.set_queue()
        logging.root.removeHandler(handler)
    assert not wrong, f"seed {seed}: {wrong}"
    report(f"{ROUNDS} rounds of changes beside 3 threads, {calls} calls afterwards, 0 wrong")
