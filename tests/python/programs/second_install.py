"""Imports extensions that each install a logger for the `log` crate, one of them twice.

Run: python tests/python/programs/second_install.py
"""

import importlib
import sys
import warnings

warnings.simplefilter("error")
import pylog_probe._native

first = sys.modules.pop("pylog_probe._native")
importlib.reload(sys.modules["pylog_probe"])
import pylog_oldest

print("imported")
