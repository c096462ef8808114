"""Runs an application with two workers of a server. Each request logs by pylog and by Python's own logger.

The workers of gunicorn and uWSGI are forks of the process that has imported the extension, by Python and by C code. Those of
uvicorn are processes of their own, with an event loop.

Run: python tests/python/programs/with_server.py gunicorn|uvicorn|uwsgi DELIVERY DIRECTORY
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
import logging, os
from deliveries import DELIVERIES
from pylog_probe import _native as native

logging.basicConfig(level=logging.INFO, format="%(process)d %(name)s %(message)s", filename="log")
DELIVERIES["{delivery}"]()
native.log_at("of::rust", logging.INFO, "imported")


def answer(path):
    for detached in (False, True):
        native.log_numbered([("of::rust", logging.INFO, path)], detached)
    assert native.flush()
    logging.getLogger("of.python").info(path)
    return str(os.getpid()).encode()


def application(environ, start_response):
    start_response("200 OK", [])
    return [answer(environ["PATH_INFO"])]


async def asgi(scope, receive, send):
    if scope["type"] == "http":
        await send({{"type": "http.response.start", "status": 200}})
        await send({{"type": "http.response.body", "body": answer(scope["path"])}})
"""

COMMANDS = {
    "gunicorn": ["-m", "gunicorn", "--preload", "--workers=2", "--bind=unix:socket", "application"],
    "uvicorn": ["-m", "uvicorn", "--workers=2", "--uds=socket", "--lifespan=off", "application:asgi"],
    "uwsgi": [
        *("-c", "import sys, pyuwsgi; pyuwsgi.run(sys.argv[1:])"),
        *("--http-socket=socket", "--module=application", "--processes=2", "--master"),
    ],
}


class Connection(http.client.HTTPConnection):
    def connect(self):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(LIMIT)
        self.sock.connect("socket")


def request(path):
    """Returns the worker's process id."""
    end = time.monotonic() + LIMIT
    while True:
        try:
            connection = Connection("localhost")
            connection.request("GET", path)
            return connection.getresponse().read().decode()
        except (ConnectionError, FileNotFoundError):
            assert time.monotonic() < end and server.poll() is None, "the server doesn't answer"
            time.sleep(0.01)


def lines_of_log():
    return pathlib.Path("log").read_text().splitlines()


def imports():
    return [line for line in lines_of_log() if line.endswith("of.rust imported")]


kind, delivery, directory = sys.argv[1:]
# uvicorn imports the application in each worker.
NUMBER_OF_IMPORTS = 2 if kind == "uvicorn" else 1
here = os.path.dirname(os.path.abspath(__file__))
os.chdir(directory)
pathlib.Path("application.py").write_text(APPLICATION.format(delivery=delivery))
environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], here, directory])}
with open("stderr", "w") as stderr:
    server = subprocess.Popen([sys.executable, *COMMANDS[kind]], env=environment, stdout=stderr, stderr=stderr, start_new_session=True)
try:
    workers = {f"/{number}": request(f"/{number}") for number in range(6)}
    if kind != "uwsgi":
        # One worker may have answered all requests.
        end = time.monotonic() + LIMIT
        while len(imports()) < NUMBER_OF_IMPORTS:
            assert time.monotonic() < end, "a worker doesn't import the application"
            time.sleep(0.01)
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=LIMIT)
        # uvicorn ends by the signal that it has handled.
        assert server.returncode in (0, -signal.SIGTERM), server.returncode
finally:
    # uWSGI is only killed: now and then it waits for its workers for a minute, also without pylog.
    if server.poll() is None:
        os.killpg(server.pid, signal.SIGKILL)
    print(pathlib.Path("stderr").read_text())
lines = lines_of_log()
expected = imports()
assert len(expected) == NUMBER_OF_IMPORTS, lines
for path, worker in workers.items():
    expected += [f"{worker} of.rust {path}"] * 2 + [f"{worker} of.python {path}"]
assert sorted(lines) == sorted(expected), lines
