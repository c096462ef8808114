"""Sends requests from several threads, each with a request id of its own, and shows what client and server log.

It checks each record, so it is also a test.
"""

import contextvars
import itertools
import logging
import sys
import threading

import fetch

THREADS, REQUESTS = 4, 3

numbers = itertools.count(1)
request_id = contextvars.ContextVar("request_id", default="-")


def add_request_id(record):
    """The server doesn't run in the context of the caller: there the request id is a field of the span."""
    if not hasattr(record, "request_id"):
        record.request_id = request_id.get()
    if not hasattr(record, "span"):
        record.span = "-"
    return True


class Handler(logging.StreamHandler):
    """Writes the records, and keeps them for the checks."""

    def __init__(self):
        super().__init__(sys.stdout)
        self.setFormatter(
            logging.Formatter("%(levelname)-7s %(name)-27s [%(request_id)s] %(span)s: %(message)s")
        )
        self.addFilter(add_request_id)
        self.records = []

    def emit(self, record):
        super().emit(record)
        self.records.append(record)

    def take(self):
        assert fetch.flush(60)
        taken, self.records = self.records, []
        return taken


def send(url):
    """Sends a request with a new number, which is in its path and in its request id."""
    number = next(numbers)
    request_id.set(f"r{number}")
    return fetch.get(f"{url}/{number}", headers={"x-request-id": request_id.get()})


def work(url, responses):
    for _ in range(REQUESTS):
        responses.append(send(url))


def logged(records):
    return sorted((record.request_id, record.levelname, record.name, record.getMessage()) for record in records)


def check(records, expected):
    """Compares the records with those of `expected`. Each must have the span and the request id of its request."""
    assert logged(records) == sorted(expected), logged(records)
    for record in records:
        (span,) = record.spans
        client = record.name == "fetch.client"
        assert record.span == span["name"] == ("get" if client else "request"), span
        path = span["url" if client else "path"]
        assert record.request_id == "r" + path.rpartition("/")[2], (record.request_id, span)


handler = Handler()
logging.basicConfig(level=logging.INFO, handlers=[handler])

url = fetch.serve()
assert logged(handler.take()) == [("-", "INFO", "fetch.server", "listening")]

print("\nRequests of several threads:")
responses = []
threads = [threading.Thread(target=work, args=(f"{url}/orders", responses)) for _ in range(THREADS)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
count = THREADS * REQUESTS
assert sorted(responses) == sorted((200, f"order {number + 1}") for number in range(count)), responses
FOUND = ("INFO", "fetch.server", "found the order")
RECEIVED = ("INFO", "fetch.client", "received 200 OK")
check(
    handler.take(),
    [(f"r{number + 1}", *record) for number in range(count) for record in (FOUND, RECEIVED)],
)

LOOKING = ("DEBUG", "fetch.server", "looking for the order")
for level, expected in [
    ("DEBUG", [LOOKING, FOUND, RECEIVED]),
    ("WARNING", [RECEIVED]),
    ("INFO", [FOUND, RECEIVED]),
]:
    print(f"\nThe server's logger at {level}:")
    logging.getLogger("fetch.server").setLevel(level)
    assert send(f"{url}/orders")[0] == 200
    check(handler.take(), [(request_id.get(), *record) for record in expected])

print("\nA handler that fails:")
assert send(f"{url}/invoices") == (500, "the disk is gone")
records = handler.take()
expected = [
    ("ERROR", "fetch.server", "cannot read the invoice"),
    ("ERROR", "tower_http.trace.on_failure", "response failed"),
    ("WARNING", "fetch.client", "received 500 Internal Server Error"),
]
check(records, [(request_id.get(), *record) for record in expected])
assert [str(record.exc_info[1]) for record in records if record.exc_info] == ["the disk is gone"]

print("\nNo server:")
try:
    send("http://127.0.0.1:0")
except ConnectionError as error:
    print(f"{type(error).__name__}: {error}")
else:
    raise AssertionError("a response from port 0")
records = handler.take()
check(records, [(request_id.get(), "ERROR", "fetch.client", "received no response")])
assert records[0].exc_info[1].__cause__ is not None
