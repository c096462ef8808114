"""Runs an application below gunicorn, whose workers are forks of the process that has imported the extension. Each request
logs by pylog and by Python's own logger.

Run: python tests/python/programs/with_gunicorn.py DELIVERY DIRECTORY
"""

import http.client
import os
import pathlib
import signal
import socket
import subprocess
import sys
import time

LIMIT = 60

APPLICATION = """
import logging, os, sys
from deliveries import DELIVERIES
from pylog_probe import _native as native

logging.basicConfig(level=logging.INFO, format="%(process)d %(name)s %(message)s", filename="log")
DELIVERIES["{delivery}"]()
native.log_at("of::rust", logging.INFO, "preloaded")


def application(environ, start_response):
    for detached in (False, True):
        native.log_numbered([("of::rust", logging.INFO, environ["PATH_INFO"])], detached)
    assert native.flush()
    logging.getLogger("of.python").info(environ["PATH_INFO"])
    start_response("200 OK", [])
    return [str(os.getpid()).encode()]
"""


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect("socket")


def request(path):
    """Returns the worker's process id."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            connection = Connection("localhost")
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except OSError:
            assert time.monotonic() < end and server.poll() is None, "the server doesn't answer"
            time.sleep(0.01)


delivery, directory = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
os.chdir(directory)
pathlib.Path("application.py").write_text(APPLICATION.format(delivery=delivery))
environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], here, directory])}
command = [sys.executable, "-m", "gunicorn", "--preload", "--workers=2", "--bind=unix:socket", "application"]
server = subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)
try:
    workers = {f"/{number}": request(f"/{number}") for number in range(6)}
    server.send_signal(signal.SIGTERM)
    _, stderr = server.communicate(timeout=LIMIT)
finally:
    server.kill()
assert server.returncode == 0, stderr
lines = pathlib.Path("log").read_text().splitlines()
assert lines.pop(0).endswith("of.rust preloaded"), lines
expected = []
for path, worker in workers.items():
    expected += [f"{worker} of.rust {path}"] * 2 + [f"{worker} of.python {path}"]
assert sorted(lines) == sorted(expected), f"{lines}\n{stderr}"
