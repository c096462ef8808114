"""Imports the extension, configures `logging`, and flushes the queue by the name of pylog's handler.

Run: python tests/python/programs/configured.py {dictConfig,"no level","a name is taken"}
"""

import logging
import logging.config
import sys

from pylog_probe import _native as native

(how,) = sys.argv[1:]
handlers = {"stdout": {"class": "logging.StreamHandler", "stream": "ext://sys.stdout"}}
if how == "a name is taken":
    handlers["pylog"] = {"class": "logging.NullHandler"}
configuration = {
    "version": 1,
    "disable_existing_loggers": False,
    "handlers": handlers,
    "root": {"level": "INFO", "handlers": list(handlers)},
}
if how == "no level":
    # Without a change of levels, nothing tells pylog of the configuration but the end of the handlers.
    logging.root.setLevel(configuration["root"].pop("level"))
native.set_default_delivery()
for _ in range(2):
    native.log_to_target("dependency", "the handler is the newest one then")
    assert native.flush()
    logging.config.dictConfig(configuration)
    assert (type(logging._handlers["pylog"]) is logging.NullHandler) == (how == "a name is taken")
# The holder of the GIL waits for the thread, so that the record is handled behind that.
native.wait_for_scope(True, 1, 1)
logging._handlers["pylog"].flush()
if how == "a name is taken":
    assert native.flush()
