"""Compares the lines that structlog's formatter makes of records, with its context variables.

Run: python tests/python/programs/with_structlog.py DELIVERY THREAD
"""

import contextlib
import io
import json
import logging

import structlog
import twins

structlog.contextvars.bind_contextvars(request="of the program")
formatter = structlog.stdlib.ProcessorFormatter(
    foreign_pre_chain=[
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.add_log_level,
        structlog.stdlib.ExtraAdder(),
        structlog.processors.CallsiteParameterAdder([structlog.processors.CallsiteParameter.THREAD_NAME]),
    ],
    processors=[
        structlog.stdlib.ProcessorFormatter.remove_processors_meta,
        structlog.processors.JSONRenderer(),
    ],
)
output = io.StringIO()
handler = logging.StreamHandler(output)
logging.basicConfig(level=logging.INFO, handlers=[handler])


@contextlib.contextmanager
def switched_on():
    handler.setFormatter(formatter)
    with structlog.contextvars.bound_contextvars(user="of the block"):
        yield
    handler.setFormatter(None)


def observe(log, calls):
    output.seek(0)
    output.truncate()
    log(calls)
    return output.getvalue().splitlines()


def is_formatted(lines):
    assert len(lines) == 3, lines
    with contextlib.suppress(json.JSONDecodeError):
        return all("logger" in json.loads(line) for line in lines)
    return False


twins.compare(switched_on, observe, is_formatted)
