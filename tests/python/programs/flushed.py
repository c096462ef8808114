"""What is queued is delivered before Python code that ends logging, or that removes a handler, goes on.

Run: python tests/python/programs/flushed.py DELIVERY HOW

DELIVERY is one of `deliveries.DELIVERIES`, or `python` for Python's own logger. HOW is `shutdown`, `by name`,
`dictConfig`, or `job`: each job has a handler of its own, which is removed after it.
"""

import logging
import logging.config
import os
import sys
import tempfile
import threading

from deliveries import DELIVERIES
from pylog_probe import _native as native

LOGGER = logging.getLogger(native.__name__)


def log_by_python(number):
    thread = threading.Thread(target=LOGGER.info, args=(f"detached {number}",))
    thread.start()
    thread.join()
    LOGGER.info(f"attached {number}")


def log_by_pylog(number):
    native.log_in_worker(f"detached {number}")
    native.log_message(f"attached {number}")
    native.log_to_target("dependency", f"of a dependency {number}")


def handler():
    """Closing it loses what comes later."""
    path = os.path.join(directory, str(len(os.listdir(directory))))
    return logging.FileHandler(path, mode="w")


def flush():
    """Without knowing the extension. Older Pythons have no `getHandlerByName`."""
    by_name = getattr(logging, "getHandlerByName", logging._handlers.get)
    if by_name("pylog"):
        by_name("pylog").flush()


def lines(path):
    with open(path) as file:
        return sum(1 for _ in file)


delivery, how = sys.argv[1:]
directory = tempfile.mkdtemp()
log, per_step = (log_by_python, 2) if delivery == "python" else (log_by_pylog, 3)
logging.root.setLevel(logging.INFO)
if delivery != "python":
    DELIVERIES[delivery]()
for job in range(3):
    of_job = handler()
    logging.root.addHandler(of_job)
    for number in range(20):
        log(number)
    if how == "shutdown":
        logging.shutdown()
    elif how == "dictConfig":
        # It closes and forgets all handlers. The second time it has to find the records, too.
        logging.config.dictConfig({"version": 1, "disable_existing_loggers": False, "root": {"level": "INFO"}})
    else:
        flush()
    logging.root.removeHandler(of_job)
    of_job.close()
    print(lines(of_job.baseFilename) - 20 * per_step, flush=True)
flush()
os._exit(0)
