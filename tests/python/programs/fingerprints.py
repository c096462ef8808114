"""Prints the functions of `logging` that pylog knows by their fingerprints, and which of them it doesn't know.

The fingerprints of another patch release are those of its modules, compiled by a Python of the same minor version: put a
directory with its `logging`, `copy.py` and `threading.py` before the other directories of PYTHONPATH.

Run: python [-OO] tests/python/programs/fingerprints.py
"""

import logging.handlers  # noqa: F401
import platform
import sys

from pylog_probe import _native as native

functions = native.stock_functions()
unknown = [(name, fingerprint) for name, fingerprint, is_known in functions if not is_known]
options = " -OO" if sys.flags.optimize == 2 else ""
print(f"Python {platform.python_version()}{options}: {len(functions) - len(unknown)} of {len(functions)} are known")
for name, fingerprint in unknown:
    print(f"    {name} 0x{fingerprint:016x}")
