"""Runs a function as AWS Lambda does: Lambda's own runtime asks this program for invocations. Each invocation logs in every
kind of thread, by pylog and by Python's own logger.

Run: python tests/python/programs/with_lambda.py DELIVERY FORMAT DIRECTORY
FORMAT is that of Lambda: Text or JSON.
"""

import http.server
import json
import os
import pathlib
import queue
import re
import subprocess
import sys
import threading

from twins import THREADS

LIMIT = 60

APPLICATION = """
import logging
from deliveries import DELIVERIES
from twins import calls_of, log_by_pylog, log_by_python

logging.getLogger().setLevel(logging.INFO)
DELIVERIES["{delivery}"]()


def handle(event, context):
    for log in (log_by_pylog, log_by_python):
        print("by", log.__name__, flush=True)
        log(event["thread"], calls_of("one"))
    return context.aws_request_id
"""

# The request id and the body of each invocation, and what the function has returned.
invocations = queue.Queue()
answers = queue.Queue()


class Api(http.server.BaseHTTPRequestHandler):
    """The API of Lambda by which a runtime asks for work."""

    protocol_version = "HTTP/1.1"

    def do_GET(self):
        request, body = invocations.get()
        # The runtime, which is written in C++, crashes where one of them is missing.
        headers = {
            "Content-Type": "application/json",
            "Lambda-Runtime-Aws-Request-Id": request,
            "Lambda-Runtime-Deadline-Ms": "9999999999999",
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:xx:1:function:it",
            "Lambda-Runtime-Trace-Id": "trace",
        }
        self.reply(200, json.dumps(body), headers)

    def do_POST(self):
        length = int(self.headers.get("Content-Length", 0))
        answers.put((self.path, self.rfile.read(length).decode()))
        self.reply(202, "{}", {})

    def reply(self, status, text, headers):
        self.send_response(status)
        for name, value in {**headers, "Content-Length": str(len(text))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(text.encode())

    def log_message(self, *arguments):
        pass


def without_times(line):
    """A line of a log without what differs between two records."""
    return re.sub(r"\d{4}-\d\d-\d\dT[\d:.]+Z", "TIME", line)


delivery, form, directory = sys.argv[1:]
here = os.path.dirname(os.path.abspath(__file__))
pathlib.Path(directory, "application.py").write_text(APPLICATION.format(delivery=delivery))
server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Api)
server.daemon_threads = True
threading.Thread(target=server.serve_forever, daemon=True).start()
environment = {
    **os.environ,
    "AWS_LAMBDA_RUNTIME_API": f"127.0.0.1:{server.server_port}",
    "AWS_LAMBDA_FUNCTION_NAME": "it",
    "AWS_LAMBDA_LOG_FORMAT": form,
    "PYTHONPATH": os.pathsep.join([os.environ["PYTHONPATH"], here, directory]),
}
log = pathlib.Path(directory, "log")
with log.open("w") as output:
    command = [sys.executable, "-m", "awslambdaric", "application.handle"]
    runtime = subprocess.Popen(command, env=environment, stdout=output, stderr=output, cwd=directory)
try:
    for number, thread in enumerate(THREADS):
        request = f"request-{number}"
        invocations.put((request, {"thread": thread}))
        path, answer = answers.get(timeout=LIMIT)
        assert path.endswith(f"{request}/response") and json.loads(answer) == request, (path, answer)
finally:
    runtime.kill()
    runtime.wait()
    print(log.read_text())

parts = re.split(r"^by (log_by_\w+)\n", log.read_text(), flags=re.MULTILINE)[1:]
logs = [[without_times(line) for line in part.splitlines()] for part in parts[1::2]]
assert parts[::2] == ["log_by_pylog", "log_by_python"] * len(THREADS), parts[::2]
for number, thread in enumerate(THREADS):
    actual, expected = logs[2 * number : 2 * number + 2]
    assert actual == expected, f"{thread}\npylog:  {actual}\npython: {expected}"
    assert len(expected) == 3 and all(f"request-{number}" in line for line in expected), expected
