"""Runs cells in a kernel of Jupyter. Each cell logs in one kind of thread, by pylog and by Python's own logger.

Run: python tests/python/programs/with_jupyter.py DELIVERY
"""

import os
import sys

from jupyter_client.manager import KernelManager
from twins import THREADS

LIMIT = 60

SETUP = """
import logging
from deliveries import DELIVERIES
from twins import calls_of, log_by_pylog, log_by_python

# Without `force`, the handler of the kernel would be left.
logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s %(message)s", force=True)
DELIVERIES["{delivery}"]()
"""

CELL = """
for log in (log_by_pylog, log_by_python):
    log("{thread}", calls_of("one"))
"""


def outputs_of(cell):
    """What a notebook would show below the cell."""
    outputs = []

    def add(message):
        kind, content = message["msg_type"], message["content"]
        if kind == "stream":
            outputs.append((content["name"], content["text"]))
        elif kind == "error":
            outputs.append((kind, "\n".join(content["traceback"])))

    client.execute_interactive(cell, timeout=LIMIT, output_hook=add)
    streams = {name for name, _ in outputs}
    return {stream: "".join(text for name, text in outputs if name == stream) for stream in streams}


(delivery,) = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
manager = KernelManager()
path = os.pathsep.join([os.environ["PYTHONPATH"], here])
manager.start_kernel(env={**os.environ, "PYTHONPATH": path, "PYDEVD_DISABLE_FILE_VALIDATION": "1"})
client = manager.blocking_client()
try:
    client.start_channels()
    client.wait_for_ready(timeout=LIMIT)
    shown = outputs_of(SETUP.format(delivery=delivery))
    assert not shown, shown
    for thread in THREADS:
        shown = outputs_of(CELL.format(thread=thread))
        assert shown.keys() == {"stderr"}, (thread, shown)
        lines = shown["stderr"].splitlines()
        assert len(lines) == 6 and lines[:3] == lines[3:], (thread, lines)
finally:
    client.stop_channels()
    manager.shutdown_kernel(now=True)
