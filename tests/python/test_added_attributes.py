"""`pylog::add_attributes`: what is only known where the call is made."""

import collections
import logging

import pytest
from programs.deliveries import DELIVERIES
from pylog_probe import _native as native


@pytest.fixture(scope="module", autouse=True)
def added():
    native.add_attributes()


@pytest.mark.parametrize("delivery", DELIVERIES)
def test_attributes_are_those_of_the_call(arrived, delivery):
    DELIVERIES[delivery]()
    try:
        for request in (7, 8):
            native.log_with_request(request)
        assert native.flush()
    finally:
        native.set_queue()
    seen = collections.Counter(
        (record.getMessage(), getattr(record, "request", None)) for record in arrived.records
    )
    # A queued call that Python refuses later asks, too, as it evaluates its arguments.
    assert seen.pop(("asked for the request", None)) >= 24
    expected = {("without", None): 6}
    for request in (7, 8):
        expected |= {("with a value", request): 3, ("with log", request): 3}
    assert seen == expected
    for record in arrived.records:
        assert record.name.startswith(native.__name__)
        if hasattr(record, "request"):
            assert record.name_ == f"request {record.request}"
            own = (record.own, record.own_) if record.msg == "with a value" else (None, record.own)
            assert own == (1 if record.msg == "with a value" else None, "added")


def test_a_refused_call_asks_for_no_attributes(arrived):
    logging.root.setLevel(logging.ERROR)
    native.log_with_request(9)
    assert arrived.records == []
