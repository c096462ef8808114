"""The names of the loggers in a project of two extensions and a helper crate, `tests/forms`."""

import logging

import pytest
from forms import _filtered, _native

NATIVE = [
    ("forms._native", "here, with pylog"),
    ("forms._native", "own, with log"),
    ("forms._native.forms_core", "run, with pylog"),
    ("forms._native.forms_core", "run, with log"),
    ("forms._native.forms_core.parse", "parsing, with pylog"),
    ("forms._native.forms_core.parse", "parsing, with log"),
    ("ignore.walk", "a dependency"),
    ("forms_core_extras", "another crate"),
]


@pytest.fixture
def logged(caplog):
    """The name and the message of each record."""

    def logged():
        # That of a dependency is queued. `logging.getHandlerByName` is new in Python 3.12.
        logging._handlers["pylog"].flush()
        found = [(record.name, record.getMessage()) for record in caplog.records]
        caplog.clear()
        return found

    return logged


def test_a_helper_crate_is_below_the_extension(caplog, logged):
    caplog.set_level(1)
    for _ in range(2):
        _native.run()
        assert logged() == NATIVE


def test_the_level_of_the_package_applies_to_its_crates(caplog, logged):
    with caplog.at_level(logging.DEBUG, logger="forms"):
        _native.run()
    of_forms = [item for item in NATIVE if item[0].startswith("forms.")]
    # "own" is below DEBUG, and the root logger still refuses INFO.
    assert logged() == [item for item in of_forms if "own" not in item[1]] + [NATIVE[-2]]
    with caplog.at_level(logging.DEBUG, logger="forms._native.forms_core.parse"):
        _native.run()
    assert logged() == NATIVE[-4:-1]
    with caplog.at_level(logging.DEBUG, logger="forms_core"):
        _native.run()
    assert logged() == [NATIVE[-2]]


def test_dependencies_begin_at_debug(caplog, logged):
    """The crate of the module and its `crates` begin at TRACE."""
    caplog.set_level(1)
    _native.run_verbose_dependency()
    assert logged() == [("other.walk", "not held")]


def test_a_bridge_with_filters_of_its_own(caplog, logged):
    """It takes over from the one of the attribute, and the names stay."""
    caplog.set_level(1)
    for _ in range(2):
        _filtered.run()
        assert logged() == [
            ("forms._filtered", "own, with log"),
            ("forms._filtered.forms_core", "run, with pylog"),
            ("forms._filtered.forms_core", "run, with log"),
            # The filter of the bridge applies to the `log` crate alone.
            ("forms._filtered.forms_core.parse", "parsing, with pylog"),
            ("ignore.walk", "a dependency"),
        ]
    # Each extension has a bridge of its own.
    _native.run()
    assert logged() == NATIVE
