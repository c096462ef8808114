"""What is queued is delivered before Python code ends the process, or forks it.

Run: python tests/python/programs/queue_before_an_end.py {exit_functions,fork} {queued,all-queued}

After `exit_functions` the handlers are closed, but the program goes on. A child of `fork` doesn't have the drain thread
that could free the objects of its parent's records, through which Python finds an unflushed file.
"""

import atexit
import logging
import os
import sys
import tempfile

from deliveries import DELIVERIES
from pylog_probe import _native as native


class Print(logging.Handler):
    def emit(self, record):
        print(record.getMessage(), flush=True)

    def close(self):
        print("closed", flush=True)


end, delivery = sys.argv[1:]
logging.basicConfig(level=logging.INFO, handlers=[Print()])
DELIVERIES[delivery]()
native.log_message("first")
assert native.flush()
native.log_in_worker("queued", attached=True)
if delivery == "all-queued":
    native.log_keywords("with a stack")
if end == "exit_functions":
    atexit._run_exitfuncs()
    os._exit(0)
path = os.path.join(tempfile.mkdtemp(), "unflushed")
child = os.fork()
if child == 0:
    unflushed = open(path, "w")
    unflushed.write("data")
    logging.root.handlers.clear()
    sys.exit(0)
os.waitpid(child, 0)
print(open(path).read(), flush=True)
os._exit(0)
