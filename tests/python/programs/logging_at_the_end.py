"""Logs in `atexit` and in destructors that run while Python clears its modules.

Run: python tests/python/programs/logging_at_the_end.py
"""

import atexit
import logging

from pylog_probe import _native as native


class AtTheEnd:
    def __del__(self):
        native.log_message("in __del__ while modules are cleared")


atexit.register(native.log_message, "in atexit")
kept, noisy = AtTheEnd(), native.Noisy()
logging.basicConfig(level=logging.INFO, format="%(message)s")
native.log_message("while running")
