"""Runs tasks in the forked workers of celery. Each task logs by pylog and by Python's own logger.

Run: python tests/python/programs/with_celery.py DELIVERY DIRECTORY
"""

import os
import pathlib
import signal
import subprocess
import sys
import time

LIMIT = 60
TASKS = 20

APPLICATION = """
import logging
from celery import Celery
from deliveries import DELIVERIES
from pylog_probe import _native as native

logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s", filename="log")
DELIVERIES["{delivery}"]()
native.log_at("of::rust", logging.INFO, "imported")
app = Celery(broker="filesystem://")
app.conf.broker_transport_options = {{"data_folder_in": "queue", "data_folder_out": "queue", "control_folder": "control"}}
app.conf.worker_hijack_root_logger = False


@app.task
def work(number):
    for detached in (False, True):
        native.log_numbered([("of::rust", logging.INFO, str(number))], detached)
    logging.getLogger("of.python").info(number)
"""


def lines():
    """The lines of the application."""
    log = pathlib.Path("log")
    return [line for line in log.read_text().splitlines() if line.startswith("of.")] if log.exists() else []


delivery, directory = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
os.chdir(directory)
pathlib.Path("queue").mkdir()
pathlib.Path("application.py").write_text(APPLICATION.format(delivery=delivery))
environment = {**os.environ, "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], here, directory])}
send = f"from application import work; [work.delay(number) for number in range({TASKS})]"
subprocess.run([sys.executable, "-c", send], env=environment, check=True, timeout=LIMIT)
pathlib.Path("log").unlink()
# celery sets the level of the root logger to its own.
command = [sys.executable, "-m", "celery", "--app=application", "worker", "--loglevel=INFO"]
command += ["--pool=prefork", "--concurrency=2", "--without-mingle", "--without-gossip", "--without-heartbeat"]
with open("stderr", "w") as stderr:
    worker = subprocess.Popen(command, env=environment, stdout=stderr, stderr=stderr, start_new_session=True)
try:
    end = time.monotonic() + LIMIT
    while len(lines()) < 1 + 3 * TASKS:
        assert time.monotonic() < end and worker.poll() is None, "the tasks don't run"
        time.sleep(0.05)
    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=LIMIT)
finally:
    if worker.poll() is None:
        os.killpg(worker.pid, signal.SIGKILL)
    print(pathlib.Path("stderr").read_text())
expected = ["of.rust imported"]
for number in range(TASKS):
    expected += [f"of.rust {number}"] * 2 + [f"of.python {number}"]
assert worker.returncode == 0, worker.returncode
assert sorted(lines()) == sorted(expected), lines()
