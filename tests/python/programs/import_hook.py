"""Replaces `__import__` by a function that logs, and then logs for the first time.

Run: python tests/python/programs/import_hook.py
"""

import builtins
import logging

from pylog_probe import _native as native

logging.basicConfig(level=logging.INFO, format="%(message)s")
original = builtins.__import__


def logging_import(name, *arguments):
    native.log_message("importing")
    return original(name, *arguments)


builtins.__import__ = logging_import
native.call("alpha", logging.INFO)
