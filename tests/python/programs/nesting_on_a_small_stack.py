"""A handler logs what it handles, in a thread with little stack: a `RecursionError` ends that, as in Python.

Run: python tests/python/programs/nesting_on_a_small_stack.py KIBIBYTES {handler,hook} {direct,queued}

With `hook` the handler always fails, and `sys.unraisablehook` logs. With `queued` that happens in the drain
thread, whose stack has 2 MiB.
"""

import logging
import sys
import threading

from pylog_probe import _native as native


class Failing(logging.Handler):
    def handle(self, record):
        if how == "handler":
            native.call("alpha", logging.INFO)
        else:
            raise ValueError("always")


def note(args):
    raised.append(args.exc_type)
    if how == "hook":
        native.call("alpha", logging.INFO)


kibibytes, how, delivery = sys.argv[1:]
raised = []
sys.unraisablehook = note
logging.basicConfig(level=logging.INFO, handlers=[Failing()])
if delivery == "queued":
    native.set_queue(1000)
threading.stack_size(int(kibibytes) * 1024)
for _ in range(2):
    thread = threading.Thread(target=native.call, args=("alpha", logging.INFO, delivery == "queued"))
    thread.start()
    thread.join()
    assert native.flush()
    assert raised.pop() is RecursionError
    # With `hook`, also what leads to it.
    assert set(raised) <= {ValueError}
    raised.clear()
