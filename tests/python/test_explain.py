"""What pylog says of the work that Python does on its records."""

import os
import subprocess
import sys

from processes import needs_interpreter
from pylog_probe import _native as native

PROGRAM = """
import logging
from pylog_probe import _native as native

logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
for _ in range(20):
    native.call("alpha", logging.INFO)
print("\\n".join(native.explain()))
"""

NO_FAST_PATH = "this extension is built without pylog's feature `fast-path`, so Python makes and handles the records"


@needs_interpreter
def test_the_environment_variable_tells_what_explain_returns():
    environment = {**os.environ, "PYLOG_EXPLAIN": "1"}
    command = [sys.executable, "-c", PROGRAM]
    explained = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    reasons = explained.stdout.split("\n")[:-1]
    assert explained.stderr == "".join(f"pylog: {reason}\n" for reason in reasons if reason), explained
    assert (NO_FAST_PATH in reasons) != native.has_fast_path()
