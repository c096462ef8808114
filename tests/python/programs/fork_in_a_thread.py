"""A thread forks. The child ends with its only thread, as it does without pylog.

Run: python tests/python/programs/fork_in_a_thread.py DELIVERY {return,exit,thread}

DELIVERY is one of `deliveries.DELIVERIES`, or `python` for Python's own logger. The thread of the child returns, exits, or
leaves another thread behind, which logs later. Run it with PYLOG_WATCHDOG=1, too.
"""

import logging
import os
import sys
import threading
import time

from deliveries import DELIVERIES
from pylog_probe import _native as native


def log(message):
    if delivery == "python":
        logging.getLogger("dependency").info(message)
    else:
        native.log_to_target("dependency", message)


def log_later():
    time.sleep(0.5)
    log("later")


def fork():
    child = os.fork()
    if child:
        _, status = os.waitpid(child, 0)
        ended.append(status)
        return
    log("in the child")
    if how == "thread":
        threading.Thread(target=log_later).start()
    elif how == "exit":
        sys.exit()


delivery, how = sys.argv[1:]
logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
if delivery != "python":
    DELIVERIES[delivery]()
log("in the parent")
ended = []
thread = threading.Thread(target=fork)
thread.start()
thread.join()
print(ended)
