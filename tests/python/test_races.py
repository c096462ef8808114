"""Threads that log while others reconfigure: with a GIL they take turns, without they don't."""

import contextlib
import logging
import random
import threading

import pytest
from pylog_probe import _native as native

LEVELS = (logging.DEBUG, logging.INFO, logging.WARNING)
SITES = ("alpha", "alpha.inner", "beta.deep.er", "elsewhere.place", "dynamic.place", "logged")
ROUNDS = 1000


def logger_of(site):
    is_elsewhere = site.endswith(".place")
    return logging.getLogger(site if is_elsewhere else f"{native.__name__}.calls.{site}")


class Count(logging.Handler):
    """Without the handler's lock: that would keep threads apart."""

    def __init__(self):
        super().__init__()
        self.records = []

    def handle(self, record):
        self.records.append(record)


class LoggingThreads:
    """Threads that log from all sites at all levels, attached and detached, but rest when told to."""

    def __init__(self, count, seed):
        self.working, self.is_over = threading.Event(), False
        # They and whoever tells them: at rest, and back at work.
        self.resting, self.rested = threading.Barrier(count + 1), threading.Barrier(count + 1)
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
    """One of the roads by which a level changes."""
    name = chance.choice(["", native.__name__, logger_of(chance.choice(SITES)).name])
    if chance.random() < 0.2:
        logging.disable(chance.choice([logging.NOTSET, logging.DEBUG, logging.INFO]))
    else:
        logging.getLogger(name).setLevel(chance.choice((logging.NOTSET, *LEVELS)))


@pytest.mark.parametrize("delivery", [None, 10_000], ids=["direct", "queued"])
def test_when_they_rest_each_call_obeys(delivery, report):
    seed = random.randrange(1_000_000)
    chance = random.Random(seed)
    handler = Count()
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
    report(f"{ROUNDS} rounds of 3 threads against changes, {calls} calls afterwards, 0 wrong")
