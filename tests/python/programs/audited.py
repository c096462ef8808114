"""No call of `queue_all` runs Python code: no audit hook, and no import of a module that waits for its first use.

Run: python tests/python/programs/audited.py
"""

import importlib.util
import logging
import sys

from deliveries import DELIVERIES
from pylog_probe import _native as native

logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
DELIVERIES["all-queued"]()
native.log_keywords("first")
assert native.flush()

spec = importlib.util.find_spec("asyncio")
spec.loader = importlib.util.LazyLoader(spec.loader)
lazy = importlib.util.module_from_spec(spec)
sys.modules["asyncio"] = lazy
spec.loader.exec_module(lazy)

events = []
is_audited = [True]
sys.addaudithook(lambda event, arguments: is_audited and events.append(event))
native.log_keywords("audited")
is_audited.clear()
assert events == [], events
assert type(lazy) is not type(sys), "the call has imported asyncio"
assert native.flush()
