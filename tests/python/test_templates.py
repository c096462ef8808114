"""The feature `templates`: a message arrives as a template and its arguments."""

import logging

import pylog_templates
import pytest

NAME = "pylog_templates"


@pytest.fixture
def records(both_records):
    logging.getLogger(NAME).setLevel(logging.INFO)
    return both_records


def test_the_message_is_the_same_to_the_letter(records):
    for _ in range(2):
        records.clear()
        expected = pylog_templates.log_all()
        # One of the arguments logs when it is displayed, and `format!` displays it once more.
        nested = [record for record in records if record.msg == "nested %s %s"]
        assert [record.getMessage() for record in nested] == ["nested 1 two"] * 2
        own = [record for record in records if record not in nested]
        assert [record.getMessage() for record in own] == expected


def test_templates_and_arguments(records):
    for _ in range(2):
        records.clear()
        pylog_templates.log_all()
        arrived = [(record.msg, record.args) for record in records if "nested" not in record.msg]
        assert arrived[:7] == [
            ("loaded %s rows in %ss", ("10", "0.25")),
            ("nothing to insert", ()),
            ("100% of nothing", ()),
            ("%s%% of {%s} and 5%%s %%d %%%%", ("10", "näh")),
            ("%s%s%s", ("1", "", "c")),
            ("%s %s %s", ("one", "zero", "one")),
            ("%s %s %s", ("named", "positional", '"debug"')),
        ]
        assert arrived[7] == (
            "%s %s %s %s %s",
            ("      10", "0.254", "   0.254", "0.25", "      10"),
        )
        assert ("through a macro: %s", ("10",)) in arrived
        # The macro doesn't expand `concat!`, so it finds no template there.
        assert ("no literal: 10", ()) in arrived
        assert all(type(arg) is str for _, args in arrived for arg in args)


def test_with_adapters_values_and_limits(records):
    class Adapter(logging.LoggerAdapter):
        def process(self, message, kwargs):
            return f"[{message}]", kwargs

    for _ in range(2):
        records.clear()
        pylog_templates.log_more(Adapter(logging.getLogger(f"{NAME}.adapted"), {}))
        failed, with_pairs, adapted = records
        assert (failed.msg, failed.args) == ("%s and %s", ("half", ""))
        assert failed.getMessage() == "half and "
        assert (with_pairs.msg, with_pairs.args) == ("with %s", ("1",))
        assert (with_pairs.answer, with_pairs.exc_info) == (42, (None, None, None))
        assert (adapted.msg, adapted.args, adapted.suppressed) == ("[to %s]", ("1",), 0)
        assert adapted.getMessage() == "[to 1]"
