"""Runs the programs of the folder `programs`, each in an interpreter of its own.

A person runs one by the command in its docstring, with PYTHONPATH as the tests have it: the directory of the
extension modules.
"""

import os
import pathlib
import subprocess
import sys

import pytest

PROGRAMS = pathlib.Path(__file__).with_name("programs")

IS_EMBEDDED = "PYLOG_TESTS_EMBEDDED" in os.environ
EMBEDDED = "this program embeds Python: another interpreter couldn't import the extension"
needs_interpreter = pytest.mark.skipif(IS_EMBEDDED, reason=EMBEDDED)

# No program needs that many seconds: it is there against hangs.
LIMIT = 1200


def start(name, *arguments, **options):
    """Starts the program `name` without waiting for it."""
    if IS_EMBEDDED:
        pytest.skip(EMBEDDED)
    # From Python 3.12 on, forks of processes with threads are deprecated.
    command = [sys.executable, "-W", "ignore::DeprecationWarning", PROGRAMS / f"{name}.py", *arguments]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, **options)


def finish(process, status=0):
    """Waits for the end of a process. Returns what it wrote to stdout and to stderr."""
    try:
        stdout, stderr = process.communicate(timeout=LIMIT)
    finally:
        process.kill()
    program = " ".join(map(str, process.args))
    assert process.returncode == status, f"{program}: {process.returncode}\n{stdout}\n{stderr}"
    return stdout, stderr


def run(name, *arguments):
    """Runs the program `name`. Returns what it wrote to stdout and to stderr."""
    return finish(start(name, *arguments))
