"""When objects are freed."""

import gc
import sys

IS_PYPY = sys.implementation.name == "pypy"


def free():
    """PyPy frees objects when its collector runs, those that C code has known in a later run than the others."""
    if IS_PYPY:
        for _ in range(3):
            gc.collect()
