"""Imports the extension in a subinterpreter that shares the GIL, and calls a function of the main interpreter there.

Run: python tests/python/programs/subinterpreter.py {direct,queued,all-queued}
"""

import logging
import sys

import deliveries
from pylog_probe import _native as native

try:
    import _interpreters as interpreters
except ImportError:
    import _xxsubinterpreters as interpreters


def new_interpreter():
    if sys.version_info >= (3, 13):
        return interpreters.create("legacy")
    if sys.version_info >= (3, 12):
        return interpreters.create(isolated=False)
    return interpreters.create()


deliveries.DELIVERIES[sys.argv[1]]()
logging.basicConfig(level=logging.INFO, stream=sys.stdout, format="%(message)s")
native.log_message("in main")
assert native.flush()
other = new_interpreter()
interpreters.run_string(
    other,
    f"""
import ctypes, logging, sys
logging.basicConfig(level=10, stream=sys.stdout, format="in the subinterpreter: %(message)s")
sys.path[:0] = {sys.path!r}
try:
    from pylog_probe import _native
except ImportError as error:
    print("refused:", error)
for number in range(3):
    ctypes.cast({id(native.log_message)}, ctypes.py_object).value(f"called there {{number}}")
logging.getLogger("own").warning("Python's own")
sys.stdout.flush()
""",
)
interpreters.destroy(other)
native.log_message("in main again")
assert native.flush()
