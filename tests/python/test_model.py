"""The model test: see model.py. Each run has a new seed, which is printed with a failure."""

import pylog_oldest
import pytest
from model import LEVELS, LOG_LEVELS, Modules, check, log_sites, sites
from pylog_probe import _native


# Built with two versions of PyO3.
BOTH = Modules(native=_native, oldest=pylog_oldest)


@pytest.mark.parametrize(
    "module, sites, levels",
    [
        (_native, sites(_native), LEVELS),
        (BOTH, BOTH.sites(sites), LEVELS),
        (_native, log_sites(_native), LOG_LEVELS),
        (pylog_oldest, log_sites(pylog_oldest), LOG_LEVELS),
    ],
    ids=["one module", "two modules", "the log crate", "the log crate, oldest PyO3"],
)
def test_a_call_logs_if_and_only_if_python_says_so(module, sites, levels, report, request):
    check(module, sites, levels, request.node.callspec.id, report)
