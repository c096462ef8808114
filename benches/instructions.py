"""Instructions a call, counted by valgrind: the same number run after run.

    python instructions.py PEER CALL ITERATIONS

is what runs under valgrind. The difference between two numbers of iterations is what a call takes.
"""

import os
import re
import shutil
import subprocess
import sys

from figures import row

FEW, MANY = 1_000, 3_000


def count(peer, call, iterations):
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null"]
    command += [sys.executable, __file__, peer, call, str(iterations)]
    environment = dict(os.environ, PYTHONHASHSEED="0")
    output = subprocess.run(command, env=environment, capture_output=True, text=True)
    counted = re.search(r"Collected : (\d+)", output.stderr)
    if counted is None:
        sys.exit(output.stderr)
    return int(counted[1])


def rows(arguments):
    if shutil.which("valgrind") is None:
        print("No instructions are counted: valgrind is not installed.")
        return
    questions = [
        ("off", "off", ("pylog", "bridge", "log", "tracing", "nothing")),
        ("NullHandler, arguments 1", "arguments 1", ("pylog", "bridge", "pyo3-log", "python")),
    ]
    for title, call, peers in questions:
        values = {}
        for peer in peers:
            few, many = (count(peer, call, iterations) for iterations in (FEW, MANY))
            values[peer] = (many - few) / (MANY - FEW)
        yield row(f"{title}, with the loop", "instructions", values)


def main():
    import logging

    import bench

    peer, call, iterations = sys.argv[1:]
    bench.set_handler(logging.NullHandler())
    bench.benches.set_log_max_level("info")
    bench.measure(peer, call, int(iterations))


if __name__ == "__main__":
    main()
