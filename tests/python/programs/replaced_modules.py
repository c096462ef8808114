"""A program replaces modules of the library while it logs, by pylog as by Python's own logger.

Run: python tests/python/programs/replaced_modules.py {python,pylog} SCENE
"""

import logging
import os
import sys
import time
import types
from unittest import mock

from pylog_probe import _native as native

by_python = logging.getLogger("of.python")
who, scene = sys.argv[1:]
# More than what Python makes before pylog does, and more than the first records of a handler.
MANY = 40


class Collector(logging.Handler):
    def emit(self, record):
        records.append(record)


def log(stack_info=False):
    if who == "python":
        for has_stack in (True, False, True) if stack_info else (False,):
            by_python.info("hello", stack_info=has_stack)
    elif stack_info:
        native.log_stack()
    else:
        native.log_message("hello")


def log_beside(name, replacement, **options):
    with mock.patch.dict(sys.modules, {name: replacement}):
        for _ in range(MANY):
            log(**options)


def swapped_clock():
    copy = types.ModuleType("time")
    vars(copy).update(vars(time))
    log_beside("time", copy)
    # A change after which everything is looked up again.
    with mock.patch.object(os, "getpid", lambda: 5):
        log()
    for _ in range(MANY):
        log()
    with mock.patch.object(time, "time", lambda: 1.0), mock.patch.object(time, "time_ns", lambda: 10**9):
        records.clear()
        log()
    return records[0].created


def number_of_another_form():
    import _frozen_importlib_external as importlib

    forms = [3495, 3531, 3571, 3627, 3666]
    number = forms[int(sys.argv[2][-1])].to_bytes(2, "little") + b"\r\n"
    # PyPy has no such name.
    with mock.patch.object(importlib, "MAGIC_NUMBER", number, create=True):
        log()


SCENES = {
    "types": lambda: log_beside("types", None),
    "another types": lambda: log_beside("types", types.ModuleType("types")),
    "traceback": lambda: log_beside("traceback", None, stack_info=True),
    "copy": lambda: log_beside("copy", object()),
    "handlers": lambda: log_beside("logging.handlers", object()),
    "swapped clock": swapped_clock,
    **{f"form {index}": number_of_another_form for index in range(5)},
}

records = []
logging.basicConfig(level=logging.DEBUG, handlers=[Collector()])
result = SCENES[scene]()
print(len(records), result)
