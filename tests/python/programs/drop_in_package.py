"""A drop-in package takes the place of `logging`, such as picologging: its loggers are written in C.

Run: python tests/python/programs/drop_in_package.py {direct,queued,all-queued}
"""

import sys
import types


class Logger:
    """Without a dict, without weak references, and without the methods behind `log`."""

    __slots__ = ("disabled", "level", "name")

    def __init__(self, name):
        self.name, self.level, self.disabled = name, 20, False

    def isEnabledFor(self, level):
        return level >= self.level

    def log(self, level, msg, *args, **kwargs):
        print(self.name, level, msg % args, sorted(kwargs), flush=True)


def getLogger(name="root"):
    return loggers.setdefault(name, Logger(name))


def getLevelName(level):
    raise ValueError(f"unknown level {level}")


loggers = {}
package = types.ModuleType("logging")
for function in (Logger, getLogger, getLevelName):
    setattr(package, function.__name__, function)
sys.modules["logging"] = package

from deliveries import DELIVERIES  # noqa: E402
from pylog_probe import _native as native  # noqa: E402

DELIVERIES[sys.argv[1]]()
for level in (5, 10, 20, 40):
    for _ in range(2):
        native.call("alpha", level)
    native.call("alpha", level, True)
    native.call_in_thread("alpha", level)
    assert native.flush()
getLogger("pylog_probe._native.calls.alpha").level = 30
native.call("alpha", 20)
native.log_pair(getLogger("given"), 7)
assert native.flush()
