"""The feature `tracing`: events and spans of the `tracing` crate become records, under Python's levels."""

import contextlib
import contextvars
import logging
import pathlib
import threading

import pylog_tracing as native
import pylog_tracing_oldest as oldest
import pytest
from model import LOG_LEVELS, Modules, check
from processes import run
from waiting import fails_in_pypy


def sites(module):
    calls = f"{module.__name__}.calls"
    return {"alpha": f"{calls}.alpha", "beta": f"{calls}.beta", "elsewhere": "elsewhere.traced"}


SITES = sites(native)
NAME = "pylog_tracing.spans"


class Events:
    """Without `enabled`: the macro of `tracing` asks twice, and a logger of the model changes its answer with each
    question.
    """

    def __init__(self, module):
        self.__name__ = module.__name__
        self.call = module.call
        self.call_in_thread = module.call_in_thread


# Built with two versions of PyO3.
BOTH = Modules(native=Events(native), oldest=Events(oldest))


ALL_QUEUED = pytest.param(
    "all-queued", marks=fails_in_pypy("a call that runs no Python code can't ask there which spans are on")
)


@pytest.fixture(params=["direct", "queued", ALL_QUEUED])
def delivery(request):
    if request.param != "direct":
        native.set_queue(100_000, every_thread=request.param == "all-queued")
    yield
    assert native.flush()
    native.set_queue()


@pytest.fixture
def records(arrived, delivery):
    """A function that returns what has arrived."""
    logging.getLogger("pylog_tracing").setLevel(1)

    def take():
        assert native.flush()
        taken = list(arrived.records)
        arrived.records.clear()
        return taken

    return take


def extra(record):
    stock = {*vars(logging.makeLogRecord({})), "message", "asctime"}
    return {name: value for name, value in vars(record).items() if name not in stock}


@pytest.mark.parametrize(
    "module, sites",
    [(Events(native), SITES), (BOTH, BOTH.sites(sites))],
    ids=["tracing", "tracing, two modules"],
)
def test_an_event_logs_if_and_only_if_python_says_so(module, sites, report, request):
    check(module, sites, LOG_LEVELS, request.node.callspec.id, report)


def test_fields_keep_their_types(records):
    native.log_fields()
    first, second = records()
    assert (first.name, first.levelno, first.getMessage()) == (NAME, 20, "with many fields")
    assert (first.funcName, first.filename) == ("pylog_tracing::spans", "spans.rs")
    source = pathlib.Path(__file__).parents[1] / "tracing" / "src" / "spans.rs"
    assert source.read_text().splitlines()[second.lineno - 1].strip() == "tracing::info!(rows = 3);"
    assert extra(first) == {
        "signed": -7,
        "unsigned": 2**64 - 1,
        "large": -(2**127),
        "float": 0.5,
        "truth": True,
        "text": "näh",
        "bytes": b"\x00\xff",
        "debug": "Some(1)",
        "display": "1.5",
        "name_": "taken",
        "span_": "taken",
        "message_": 1,
        "http.status": 200,
    }
    assert (second.getMessage(), extra(second)) == ("", {"rows": 3})


def test_errors_become_exc_info(records):
    try:
        raise ValueError("of Python")
    except ValueError as error:
        raised = error
        native.log_error(error)
    chain, other = records()
    error = chain.exc_info[1]
    assert (str(error), str(error.__cause__), error.__cause__.__cause__) == ("outer", "inner", None)
    assert chain.error == "outer: inner"
    assert other.exc_info[1] is raised
    assert other.exc_info[2] is raised.__traceback__


def test_spans_with_their_fields(records):
    seen = []
    native.in_spans(lambda: seen.append(logging.getLogger(NAME).setLevel(logging.WARNING)))
    before, after = records()
    outer, hidden = {"name": "outer", "id": 7, "rows": 1}, {"name": "hidden", "secret": 1}
    inner = {"name": "inner", "rows": 2, "lineno": 1}
    assert extra(before) == {
        "span": "inner", "spans": [outer, hidden, inner], "id": 8, "rows": 2, "secret": 1,
    }  # fmt: skip
    later = {"name": "outer", "id": 7, "rows": 5, "user": "ada"}
    assert extra(after) == {
        "span": "inner", "spans": [later, hidden, inner], "id": 7, "rows": 2, "secret": 1, "user": "ada",
    }  # fmt: skip
    # From then on the level is WARNING: the span at DEBUG is off.
    native.in_spans(lambda: None)
    names = [[span["name"] for span in record.spans] for record in records()]
    assert names == [["outer", "inner"]] * 2


def test_other_calls_know_their_spans(records):
    logging.getLogger("pylog_tracing").setLevel(logging.INFO)
    native.log_beside_events()
    all_records = records()
    outside = [record for record in all_records if record.getMessage().startswith("outside")]
    assert len(outside) == 3
    assert not any(hasattr(record, name) for record in outside for name in ("span", "spans", "id"))
    inside = [record for record in all_records if record not in outside]
    assert len(inside) == 3 * 5
    for place, id in enumerate((7, 8, 9)):
        event, pylog, log, own, error = inside[5 * place :][:5]
        spans = [{"name": "load", "id": id}, {"name": "inner", "rows": 2}]
        # In a thread without the GIL, a span whose level isn't decided yet is on.
        if id == 7 or len(event.spans) == 2:
            assert event.spans == spans
        spans = event.spans
        for record in (event, pylog, log, error):
            assert (record.span, record.spans, record.id, record.rows) == ("inner", spans, id, 2), record
        assert (own.span, own.id, own.spans, own.rows) == ("own", "own", spans, 2)
        assert str(error.exc_info[1]) == "inner" and error.suppressed == 0
        assert {record.name for record in (event, pylog, log)} == {NAME}


def test_values_that_log_or_need_the_gil_are_recorded_later(records):
    """No lock is held while they are formatted, for which another thread could wait that holds the GIL."""
    thread = threading.Thread(target=native.record_later, args=(ValueError("of Python"),), daemon=True)
    thread.start()
    thread.join(60)
    assert not thread.is_alive()
    formatting, recorded = records()
    assert formatting.spans == [{"name": "later"}]
    assert recorded.spans == [{"name": "later", "value": "loud", "cause": "ValueError: of Python"}]


def test_the_options(records):
    native.log_with_options()
    new, within, close = records()
    assert [record.getMessage() for record in (new, within, close)] == ["new", "within", "close"]
    assert {record.name for record in (new, within, close)} == {NAME}
    assert extra(within) == {"span": "timed", "spans": [{"name": "timed", "id": 1}]}
    assert close.time_busy >= 0.002 and close.time_idle >= 0


def test_fields_of_events_that_are_off_are_not_evaluated():
    logger = logging.getLogger(SITES["alpha"])
    logger.setLevel(logging.ERROR)
    native.call("alpha", 20)
    before = native.evaluations()
    for levelno in (5, 10, 20, 30):
        native.call("alpha", levelno)
        native.call("alpha", levelno, True)
        assert not native.enabled("alpha", levelno)
    assert native.evaluations() == before
    native.call("alpha", 40)
    assert native.evaluations() == before + 1


def test_the_maximum_level_follows_python():
    root = logging.getLogger()
    for site in SITES:
        native.call(site, 40)
    for level in (10, 30, 20, 40, 5, 50):
        root.setLevel(level)
        for logger in (logging.getLogger("pylog_tracing"), *map(logging.getLogger, SITES.values())):
            logger.setLevel(0)
        for levelno in LOG_LEVELS:
            native.call("alpha", levelno)
        # Other loggers of the process may accept more.
        accepted = [it for it in LOG_LEVELS if it >= level] or [100]
        assert native.max_level() <= accepted[0]
        assert native.log_max_level() == native.max_level()
        native.call("alpha", 5)
    logging.getLogger("some.other").setLevel(5)
    assert native.max_level() == native.log_max_level() == 5


def test_metadata_made_at_run_time_can_share_a_callsite():
    logging.getLogger("shared.off").setLevel(logging.INFO)
    logging.getLogger("shared.on").setLevel(logging.DEBUG)
    targets = ["shared::off", "shared::on", "shared::off", "shared::on"]
    for _ in range(2):
        assert native.enabled_at_run_time(targets) == [False, True, False, True]
    logging.getLogger("shared.on").setLevel(logging.INFO)
    logging.getLogger("other").setLevel(logging.DEBUG)
    assert native.enabled_at_run_time(targets) == [False] * 4


def test_other_layers_see_what_python_refuses(records):
    logging.getLogger("pylog_tracing").setLevel(logging.CRITICAL)
    assert native.count_seen_by_another_layer() == 3
    assert records() == []


def test_a_request_id_from_a_context_variable(records, arrived):
    request = contextvars.ContextVar("request", default=None)
    arrived.addFilter(lambda record: setattr(record, "request", request.get()) or True)

    def serve(number):
        request.set(number)
        native.log_in_span("served")

    for number in range(3):
        contextvars.copy_context().run(serve, number)
    assert [(record.request, record.span) for record in records()] == [(n, "work") for n in range(3)]


def test_an_exception_in_a_handler_does_not_reach_the_event(unraisable, records, arrived):
    def fail(record):
        raise LookupError(record.getMessage())

    arrived.addFilter(fail)
    native.log_in_span("failing")
    assert native.flush()
    arrived.removeFilter(fail)
    native.log_in_span("working")
    assert [str(error) for error, _ in unraisable] == ["failing"]
    assert [record.getMessage() for record in records()] == ["working"]


def test_an_extension_with_a_default_subscriber_keeps_it():
    stdout, stderr = run("subscriber_before_import")
    spans = [{"name": "work", "message": "logged"}]
    assert stderr == f"{NAME} logged {spans}\n"
    (warning,) = stdout.splitlines()
    assert warning.startswith("RuntimeWarning this extension has a default subscriber of `tracing` already")


@pytest.mark.parametrize("mode", ["direct", "queued", ALL_QUEUED])
def test_a_child_that_is_forked_within_spans(mode):
    stdout, stderr = run("child_in_spans", mode)
    lines = ["before outer inner", "child outer inner work", "after outer inner", "last work"]
    assert (stdout.splitlines(), stderr) == (lines, "")


@pytest.mark.parametrize("mode", ["direct", "queued", "all-queued"])
def test_threads_that_log_in_spans_while_the_interpreter_ends(mode):
    stdout, stderr = run("spans_at_exit", mode)
    lines = stderr.splitlines()
    assert stdout == "" and all("dropped" in line for line in lines), stderr


def test_reconfigurations_beside_threads_in_spans(delivery):
    """Neither a deadlock between the locks of `tracing` and the GIL, nor a wrong level after any of them."""
    loggers = [logging.getLogger(name) for name in (NAME, SITES["beta"])]
    for logger in loggers:
        logger.addHandler(logging.NullHandler())
        logger.propagate = False
    worker = threading.Thread(target=native.span_in_threads, args=(8, 1000))
    worker.start()
    changes = 0
    while worker.is_alive() or changes < 1000:
        level = [5, 10, 20, 30, 40, 50][changes % 6]
        disabled = [0, 0, 10, 30][changes % 4]
        for logger in loggers:
            logger.setLevel(level)
        logging.disable(disabled)
        changes += 1
        expected = [it >= level and it > disabled for it in LOG_LEVELS]
        assert [native.enabled("beta", it) for it in LOG_LEVELS] == expected, (level, disabled)
        evaluations = native.evaluations()
        for levelno in LOG_LEVELS:
            native.call("beta", levelno)
        assert native.evaluations() - evaluations == sum(expected), (level, disabled)
        with contextlib.suppress(RuntimeError):
            worker.join(0.0001)
    logging.disable(0)
    assert native.flush()
