"""Forks within spans. The child and the parent log on, the parent until its end.

Run: python tests/python/programs/child_in_spans.py direct|queued|all-queued
"""

import logging
import os
import sys

import pylog_tracing as native


def fork():
    child = os.fork()
    if child == 0:
        logging.root.setLevel(logging.WARNING)
        native.log_in_span("off in the child")
        logging.root.setLevel(logging.INFO)
        native.log_in_span("child")
        assert native.flush()
        os._exit(0)
    _, status = os.waitpid(child, 0)
    assert status == 0


def print_span_names(record):
    names = [span["name"] for span in record.spans]
    print(record.getMessage(), *names, flush=True)


handler = logging.Handler()
handler.emit = print_span_names
logging.basicConfig(level=logging.INFO, handlers=[handler])
if sys.argv[1] != "direct":
    native.set_queue(100, every_thread=sys.argv[1] == "all-queued")
native.in_spans(fork)
native.log_in_span("last")
