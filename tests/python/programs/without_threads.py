"""No thread can be started, as where a container limits their number: nothing that is queued is lost, and nothing waits for
a thread.

Run: python tests/python/programs/without_threads.py DELIVERY FILE shutdown|flush|exit
"""

import logging
import os
import resource
import sys
import threading

from deliveries import DELIVERIES
from pylog_probe import _native as native

delivery, path, end = sys.argv[1:]
logging.basicConfig(filename=path, format="%(message)s", level=logging.INFO)
written = open(path)
DELIVERIES[delivery]()
if os.getuid() == 0:
    # The limit doesn't hold for root.
    os.setuid(65534)
resource.setrlimit(resource.RLIMIT_NPROC, (1, 1))
try:
    threading.Thread(target=print).start()
    print("a thread was started")
    os._exit(0)
except RuntimeError:
    pass
expected = []
for number in range(10):
    native.log_to_target("dependency", f"dependency {number}")
    native.log_numbered([("one", logging.INFO, f"own {number}")], number % 2 == 0)
    expected += [f"dependency {number}", f"own {number}"]
if end == "shutdown":
    logging.shutdown()
if end == "flush":
    assert native.flush()
if end != "exit":
    assert sorted(written.read().split("\n")[:-1]) == sorted(expected)
