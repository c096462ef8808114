"""Compares the threads that records name, when gevent has replaced threads by greenlets.

To Python each greenlet is a thread then; to Rust they are all one. gevent can't be switched off again.

gevent is switched on before the extension is imported (early) or after its first records (late). The handler lets
other greenlets run in the middle of a record (switches) or doesn't (keeps).

Run: python tests/python/programs/with_gevent.py DELIVERY THREAD early|late keeps|switches
"""

import faulthandler
import sys

import gevent
import gevent.monkey

faulthandler.dump_traceback_later(300, exit=True)
delivery, thread, when, handling = sys.argv[1:]
if when == "early":
    gevent.monkey.patch_all()

import logging
import threading

import twins
from collecting import UnlockedCollector

collector = UnlockedCollector()
logging.basicConfig(level=logging.INFO, handlers=[collector])
twins.arguments()
if handling == "switches":
    collector.before = lambda record: gevent.sleep(0)


def observe(log, site):
    collector.records.clear()
    log(thread, twins.calls_of(site))
    return [(record.getMessage(), record.thread, record.threadName) for record in collector.records]


def compare(site):
    # A greenlet that isn't a `Thread` gets a name when Python first asks for it.
    expected, actual = observe(twins.log_by_python, site), observe(twins.log_by_pylog, site)
    if thread in ("python", "python detached", "rust"):
        # Two threads with the same name, each with an ident of its own.
        actual, expected = ([(message, name) for message, _, name in seen] for seen in (actual, expected))
    assert actual == expected, f"{site}\npylog:  {actual}\npython: {expected}"
    assert len(actual) == 3, actual
    compared.append(threading.current_thread().name)


compared = []
compare("one")
gevent.monkey.patch_all()
compare("one")
gevent.spawn(compare, "two.deep").get()
of_gevent = threading.Thread(target=compare, args=("one",), name="of gevent")
of_gevent.start()
of_gevent.join()
compare("bridge")
assert len(compared) == 5 and "of gevent" in compared, compared

# Several at once, each in the middle of a record of its own if the handler switches. A detached call that attaches
# must not switch: PyO3 counts what is attached by native thread, and greenlets end in another order.
if handling == "keeps" or "detached" not in thread:
    collector.records.clear()
    greenlets = [
        gevent.spawn(twins.log_by_pylog, thread, [("one", 20, f"{n} {i}") for i in range(20)])
        for n in range(5)
    ]
    gevent.joinall(greenlets, raise_error=True)
    messages = [record.getMessage() for record in collector.records]
    for n in range(5):
        assert [m for m in messages if m.startswith(f"{n} ")] == [f"{n} {i}" for i in range(20)], messages
    assert len(messages) == 100, messages
