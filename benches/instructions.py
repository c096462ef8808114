"""Counts the instructions of a call with valgrind. The result is the same in each run.

    python instructions.py PEER CALL HANDLER ITERATIONS

makes that many calls. With the handler `changing` something that doesn't matter changes before each call. It runs under valgrind with a small and with a large number of iterations: the
difference is due to the calls alone.
"""

import logging
import os
import re
import shutil
import subprocess
import sys

import peers
from figures import row

FEW, MANY = 1_000, 3_000
LOGGERS = ("pylog", "bridge", "pyo3-log", "python")
QUESTIONS = [
    ("off", "off", "null", ("pylog", "bridge", "log", "tracing", "nothing")),
    ("NullHandler, arguments 1", "arguments 1", "null", LOGGERS),
    ("StreamHandler with the time, arguments 1", "arguments 1", "stream", LOGGERS),
    ("StreamHandler with the time, `sys.ps1` changes before each call", "arguments 1", "changing", LOGGERS),
    ("event of tracing, off", "event off", "null", ("pylog", "bridge", "tracing", "nothing")),
]


def count(peer, call, handler, iterations):
    """Returns the number of instructions of the whole process."""
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += [sys.executable, __file__, peer, call, handler, str(iterations)]
    environment = dict(os.environ, PYTHONHASHSEED="0")
    output = subprocess.run(command, env=environment, capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", output.stderr)
    if output.returncode != 0 or counted is None:
        sys.exit(output.stderr)
    return int(counted[1])


def rows():
    if shutil.which("valgrind") is None:
        print("No instructions are counted: valgrind is not installed.")
        return
    for title, call, handler, names in QUESTIONS:
        values = {}
        for peer in names:
            few, many = (count(peer, call, handler, iterations) for iterations in (FEW, MANY))
            values[peer] = (many - few) / (MANY - FEW)
        yield row(f"{title}, with the loop", "instructions", values)


def main():
    peer, call, handler, iterations = sys.argv[1:]
    if handler == "null":
        peers.set_handler(logging.NullHandler())
    else:
        stream = logging.StreamHandler(open(os.devnull, "w"))
        stream.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s %(message)s"))
        peers.set_handler(stream)
    peers.benches.set_log_max_level("info")
    if handler == "changing":
        for number in range(int(iterations)):
            sys.ps1 = number
            peers.measure(peer, call, 1)
    else:
        peers.measure(peer, call, int(iterations))


if __name__ == "__main__":
    main()
