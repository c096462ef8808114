"""Logs in children of `multiprocessing`, which end without `atexit`.

WHERE says where pylog is imported and its queue is set: "child", "import then child" or "import", or
"import after util" for a program that has imported `multiprocessing.util` before.

Run: python tests/python/programs/with_multiprocessing.py fork|forkserver|spawn WHERE
"""

import logging
import multiprocessing
import sys

method, where = sys.argv[1:]
if where == "import after util":
    import multiprocessing.util
if where != "child":
    from pylog_probe import _native as native
if where in ("import", "import after util"):
    native.set_queue(1000)


def log():
    from pylog_probe import _native as native

    logging.basicConfig(level=logging.INFO, format="%(processName)s %(message)s", force=True)
    if where in ("child", "import then child"):
        native.set_queue(1000)
    native.flood(1, 100)


if __name__ == "__main__":
    context = multiprocessing.get_context(method)
    for _ in range(3):
        child = context.Process(target=log, name="child")
        child.start()
        child.join()
        assert child.exitcode == 0
