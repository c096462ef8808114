"""Each way in which Python's logging can be reconfigured: the next call obeys."""

import configparser
import copy
import gc
import json
import logging
import logging.config
import socket
import struct
import unittest
import weakref
from unittest import mock

import pylog_oldest
import pytest
from freeing import free
from processes import run
from programs.collecting import Collector
from pylog_probe import _native
from waiting import LIMIT

ALPHA = "pylog_probe._native.calls.alpha"
SITES = ["alpha", "alpha.inner", "beta.deep.er"]
INFO, DEBUG, WARNING = logging.INFO, logging.DEBUG, logging.WARNING


@pytest.fixture(autouse=True, scope="module")
def handlers_of_other_tests():
    """PyPy frees them later, and `dictConfig` would find one that was never initialized."""
    free()


@pytest.fixture
def logs(records):
    """Whether a call logs. Each is made three times: the cached answer must be the same."""

    def logs(level, site="alpha", module=_native):
        before, evaluated = len(records), module.evaluations()
        for _ in range(3):
            module.call(site, level)
        made = len(records) - before
        assert made in (0, 3), "the same call had different answers"
        assert module.evaluations() - evaluated == made, "arguments are evaluated if, and only if, the call logs"
        if level in (DEBUG, INFO):
            assert module.enabled(site, level) == bool(made)
        return bool(made)

    return logs


@pytest.fixture
def alpha(logs):
    logger = logging.getLogger(ALPHA)
    assert logger.getEffectiveLevel() == WARNING
    assert not logs(INFO) and logs(WARNING)
    return logger


@pytest.mark.parametrize("name", [ALPHA, "pylog_probe._native", "pylog_probe", ""])
def test_set_level_on_the_logger_a_parent_and_the_root(alpha, logs, name):
    logging.getLogger(name).setLevel(DEBUG)
    assert logs(DEBUG)
    logging.getLogger(name).setLevel("ERROR")
    assert not logs(WARNING)
    assert logs(logging.ERROR)


def test_logging_disable(alpha, logs):
    logging.disable(WARNING)
    assert not logs(WARNING) and logs(logging.ERROR)
    logging.disable(logging.NOTSET)
    assert logs(WARNING)


def test_basic_config_with_force(alpha, logs):
    logging.basicConfig(level=DEBUG, force=True, handlers=[logging.NullHandler()])
    assert logs(DEBUG)
    logging.basicConfig(level="ERROR", force=True, handlers=[logging.NullHandler()])
    assert not logs(WARNING)


def dict_config(level, **options):
    loggers = {"pylog_probe": {"level": level}}
    logging.config.dictConfig({"version": 1, "loggers": loggers, **options})


@pytest.mark.parametrize("options", [{"disable_existing_loggers": False}, {"incremental": True}])
def test_dict_config(alpha, logs, options):
    dict_config("DEBUG", **options)
    assert logs(DEBUG)
    dict_config("ERROR", **options)
    assert not logs(WARNING) and logs(logging.ERROR)


def test_dict_config_that_disables_existing_loggers(alpha, logs):
    other = "elsewhere.place"
    logging.getLogger(other).setLevel(DEBUG)
    assert logs(DEBUG, other)
    # The children of a logger that it names stay enabled.
    dict_config("DEBUG", disable_existing_loggers=True)
    assert logs(DEBUG)
    assert not logs(logging.CRITICAL, other)
    dict_config("DEBUG", disable_existing_loggers=False)
    logging.getLogger(other).disabled = False
    assert logs(DEBUG, other)


def test_file_config(alpha, logs):
    parser = configparser.RawConfigParser()
    parser.read_string(
        """
        [loggers]
        keys=root
        [handlers]
        keys=
        [formatters]
        keys=
        [logger_root]
        level=DEBUG
        handlers=
        """.replace("        ", "")
    )
    logging.config.fileConfig(parser, disable_existing_loggers=False)
    assert logs(DEBUG)
    logging.config.fileConfig(parser, disable_existing_loggers=True)
    assert not logs(logging.CRITICAL)


def test_listen_reconfigures_the_running_program_over_its_socket(alpha, logs):
    server = logging.config.listen(0)
    server.start()
    server.ready.wait()
    try:
        for level, expected in (("DEBUG", True), ("ERROR", False)):
            config = {"version": 1, "incremental": True, "loggers": {"pylog_probe": {"level": level}}}
            payload = json.dumps(config).encode()
            server.ready.clear()
            with socket.create_connection(("127.0.0.1", server.port)) as connection:
                connection.sendall(struct.pack(">L", len(payload)) + payload)
                assert server.ready.wait(LIMIT)
            assert logs(WARNING) == expected
            assert logs(DEBUG) == expected
    finally:
        logging.config.stopListening()
        server.join()


def test_disabled_set_directly(alpha, logs):
    alpha.disabled = True
    assert not logs(logging.CRITICAL)
    assert not logs(INFO)
    alpha.disabled = False
    assert logs(WARNING) and not logs(INFO)


def test_disabled_for_a_moment_while_python_is_asked(alpha, records):
    """Python tells nobody when `disabled` changes, so an answer that depends on it must not be cached."""
    answers = iter([True])

    class Flickering(logging.Logger):
        disabled = property(lambda self: next(answers, False), lambda self, value: None)

    alpha.setLevel(DEBUG)
    original = alpha.__class__
    alpha.__class__ = Flickering
    try:
        for expected in (0, 1, 2):
            before = len(records)
            _native.call("alpha", INFO)
            assert len(records) - before == (expected > 0)
    finally:
        alpha.__class__ = original


def test_disabled_evaluates_no_more_than_one_stray_argument(alpha, records):
    _native.call("alpha", WARNING)
    made, evaluated = len(records), _native.evaluations()
    alpha.disabled = True
    for _ in range(10):
        _native.call("alpha", WARNING)
    assert len(records) == made
    assert _native.evaluations() - evaluated <= 1


def test_propagate_and_handlers_are_never_cached(alpha, logs):
    def counts():
        return len(root.records), len(own.records)

    root, own = Collector(), Collector()
    logging.root.addHandler(root)
    assert logs(WARNING) and counts() == (3, 0)
    alpha.propagate = False
    alpha.addHandler(own)
    assert logs(WARNING) and counts() == (3, 3)
    alpha.propagate = True
    alpha.handlers = []
    assert logs(WARNING) and counts() == (6, 3)


def test_a_new_logger_between_two_others(logs):
    inner = "pylog_probe._native.calls.alpha.inner"
    for name in (inner, ALPHA):
        logging.root.manager.loggerDict.pop(name, None)
    assert not logs(INFO, "alpha.inner")
    logging.getLogger(ALPHA).setLevel(INFO)
    assert logging.getLogger(inner).parent.name == ALPHA
    assert logs(INFO, "alpha.inner")


def test_a_parent_assigned_as_celery_does(alpha, logs):
    other = logging.getLogger("another.parent")
    other.setLevel(DEBUG)
    assert not logs(DEBUG)
    alpha.parent = other
    # Python notices with the next change of any level, and so does pylog.
    assert logs(DEBUG) == alpha.isEnabledFor(DEBUG) == False  # noqa: E712
    logging.getLogger("bystander").setLevel(DEBUG)
    assert logs(DEBUG) and alpha.isEnabledFor(DEBUG)


def test_a_level_assigned_without_set_level_is_noticed_when_python_does(alpha, logs):
    alpha.level = DEBUG
    assert logs(INFO) == alpha.isEnabledFor(INFO) == False  # noqa: E712
    alpha.setLevel(alpha.level)
    assert logs(INFO)


def test_a_logger_class_that_overrides_is_enabled_for(records):
    class Moody(logging.Logger):
        mood = False

        def isEnabledFor(self, level):
            return self.mood

    logging.root.manager.loggerDict.pop(ALPHA, None)
    logging.setLoggerClass(Moody)
    for mood in (False, True, False, True):
        Moody.mood = mood
        before = len(records)
        _native.call("alpha", DEBUG)
        assert (len(records) > before) == mood


def test_a_wrapped_is_enabled_for_is_asked_each_time(alpha, records, monkeypatch):
    import functools

    answers = iter([True, False, True])
    original = logging.Logger.isEnabledFor

    @functools.wraps(original)
    def wrapper(self, level):
        # An object that is collected meanwhile may log to another logger.
        return next(answers) if self is alpha else original(self, level)

    monkeypatch.setattr(logging.Logger, "isEnabledFor", wrapper)
    alpha.setLevel(DEBUG)  # Answers cached before the patch are void after this.
    before = len(records)
    for expected in (1, 1, 2):
        _native.call("alpha", DEBUG)
        assert len(records) - before == expected


def test_a_custom_level_by_its_name(alpha, logs):
    logging.addLevelName(25, "NOTICE")
    assert not logs(25)
    alpha.setLevel("NOTICE")
    assert logs(25) and not logs(INFO) and logs(WARNING)
    alpha.setLevel(26)
    assert not logs(25)


def test_trace_has_a_name_unless_the_application_gave_one(alpha, records):
    assert logging.getLevelName(5) == "TRACE"
    alpha.setLevel("TRACE")
    _native.call("alpha", 5)
    assert records[-1].levelname == "TRACE"
    logging.addLevelName(5, "FINEST")
    logging.getLogger("bystander").setLevel(1)
    _native.call("alpha", 5)
    assert records[-1].levelname == "FINEST"


def test_caplog(alpha, logs, caplog):
    with caplog.at_level(DEBUG):
        assert logs(DEBUG)
    assert not logs(DEBUG)
    caplog.set_level(INFO, logger="pylog_probe")
    assert logs(INFO)
    assert [record.message for record in caplog.records] == ["level 10"] * 3 + ["level 20"] * 3


def test_assert_logs(alpha):
    case = unittest.TestCase()
    with case.assertLogs("pylog_probe", DEBUG) as watcher:
        _native.call("alpha", DEBUG)
    assert watcher.output == [f"DEBUG:{ALPHA}:level 10"]
    with pytest.raises(AssertionError), case.assertLogs("pylog_probe", DEBUG):
        _native.call("alpha", 5)


def test_loggers_that_a_test_suite_replaces(logs):
    registry = logging.root.manager.loggerDict
    registry.clear()
    logging.root.setLevel(DEBUG)
    logging.getLogger(ALPHA).setLevel(logging.ERROR)
    assert not logs(INFO)
    registry.clear()
    free()
    assert logs(INFO), "the logger of that name is another now, without a level"


def test_a_replaced_logger_that_lives_on_is_noticed_by_the_next_call_that_asks_python(logs):
    registry = logging.root.manager.loggerDict
    logging.root.setLevel(DEBUG)
    kept = logging.getLogger(ALPHA)
    kept.setLevel(logging.ERROR)
    assert not logs(INFO)
    del registry[ALPHA]
    _native.call("alpha", 40)  # Looks the logger up, and finds that it is a new one.
    assert logs(INFO)


def test_a_replaced_root_cache(alpha, logs):
    held = logging.root._cache
    assert not logs(INFO)
    logging.root._cache = {}
    logging.root.setLevel(INFO)  # Clears the new dict and not pylog's, which is still alive.
    _native.call("beta.deep.er", DEBUG)  # A call that asks Python puts pylog's dict back.
    assert logs(INFO)
    del held
    logging.root._cache = {}
    free()
    logging.root.setLevel(WARNING)
    assert not logs(INFO)


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, lambda cache: type(cache)(cache)])
def test_a_copy_in_place_of_the_root_cache(alpha, logs, copied):
    assert not logs(INFO)
    logging.root._cache = copied(logging.root._cache)
    for _ in range(3):
        logging.root.setLevel(DEBUG)
        assert logs(INFO)
        logging.root.setLevel(WARNING)
        assert not logs(INFO)


class AnyAttribute(dict):
    def __getattr__(self, name):
        return AnyAttribute()


@pytest.mark.parametrize("make", [AnyAttribute, mock.MagicMock])
def test_a_root_cache_that_has_any_attribute(alpha, logs, monkeypatch, make):
    assert not logs(INFO)
    with monkeypatch.context() as patch:
        patch.setattr(logging.root, "_cache", make())
        _native.call("beta.deep.er", logging.CRITICAL)  # Asks Python.
    logging.root.setLevel(DEBUG)
    assert logs(INFO)


def test_a_cycle_through_the_replaced_root_cache_is_collected(alpha, logs):
    class Cache(dict):
        pass

    replaced = logging.root._cache = Cache()
    _native.call("beta.deep.er", logging.CRITICAL)  # Puts pylog's dict in place.
    replaced.by = logging.root._cache
    assert replaced.by is not replaced
    gone = weakref.ref(replaced)
    del replaced
    logging.root._cache = {}
    gc.collect()
    free()
    assert gone() is None


def test_the_class_of_the_root_cache_can_have_subclasses(alpha, logs):
    logs(INFO)
    before = logging.root._cache

    class Cache(type(before)):
        pass

    logging.root._cache = Cache()
    logging.root._cache._pylog_previous = before
    for _ in range(3):
        logging.root.setLevel(DEBUG)
        assert logs(INFO)
        logging.root.setLevel(WARNING)
        assert not logs(INFO)


def test_two_modules_in_one_process(alpha, logs):
    other = logging.getLogger("oldest.calls.alpha")
    for _ in range(3):
        # The module that puts its dict in place last forwards to the other's.
        logging.root._cache = {}
        free()
        for first, second in ((_native, pylog_oldest), (pylog_oldest, _native)):
            assert not logs(INFO, module=first) and not logs(INFO, module=second)
            logging.root.setLevel(DEBUG)
            assert logs(INFO, module=first) and logs(INFO, module=second)
            logging.root.setLevel(WARNING)
        other.setLevel(INFO)
        assert logs(INFO, module=pylog_oldest) and not logs(INFO, module=_native)
        other.setLevel(logging.NOTSET)


def test_two_modules_put_their_root_caches_in_place_once(alpha, logs):
    """They don't take turns at that, which would make a chain that grows with each change."""
    for module in (_native, pylog_oldest):
        logs(INFO, module=module)
    cache = logging.root._cache
    for level in (DEBUG, WARNING) * 20:
        logging.root.setLevel(level)
        for module in (_native, pylog_oldest):
            logs(INFO, module=module)
            assert logging.root._cache is cache


def test_the_root_cache_serves_python_as_before(alpha, logs):
    logs(INFO)
    cache = logging.root._cache
    assert isinstance(cache, dict)
    logging.root.isEnabledFor(INFO)
    assert cache == {INFO: False}
    logging.root.setLevel(DEBUG)
    assert cache == {} and cache is logging.root._cache


def test_loggers_are_created_on_first_use_not_at_import():
    assert run("loggers_at_import") == ("[]\n", "")


def test_every_site_resolves_to_its_own_logger(records):
    logging.root.setLevel(DEBUG)
    for site in (*SITES, "elsewhere.place", "dynamic.place"):
        _native.call(site, INFO)
    assert [record.name for record in records] == [
        *(f"pylog_probe._native.calls.{site}" for site in SITES),
        "elsewhere.place",
        "dynamic.place",
    ]
