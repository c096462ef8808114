"""Forks a child that changes its level and logs on. The parent's level stays as it was.

Run: python tests/python/programs/forked_child.py
"""

import logging
import os

from pylog_probe import _native as native

logging.basicConfig(level=logging.WARNING, format="%(process)d %(message)s")
native.log_message("off")
child = os.fork()
if child == 0:
    logging.root.setLevel(logging.INFO)
    native.log_message("from the child")
    os._exit(0)
os.waitpid(child, 0)
native.log_message("still off")
logging.warning("%d", child)
