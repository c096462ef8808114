"""The model test: see model.py. Each run has a new seed, which is printed with a failure."""

import pylog_oldest
import pytest
from model import LEVELS, LOG_LEVELS, check, log_sites, sites
from pylog_probe import _native


class Both:
    """Two extension modules, built with two versions of PyO3, in one process."""

    modules = {"native": _native, "oldest": pylog_oldest}

    def __getattr__(self, name):
        def call(site, *args):
            module, _, site = site.partition(" ")
            return getattr(self.modules[module], name)(site, *args)

        return call


def both_sites():
    return {
        f"{short} {site}": logger
        for short, module in Both.modules.items()
        for site, logger in sites(module).items()
    }


@pytest.mark.parametrize(
    "module, sites, levels",
    [
        (_native, sites(_native), LEVELS),
        (Both(), both_sites(), LEVELS),
        (_native, log_sites(_native), LOG_LEVELS),
        (pylog_oldest, log_sites(pylog_oldest), LOG_LEVELS),
    ],
    ids=["one module", "two modules", "the log crate", "the log crate, oldest PyO3"],
)
def test_a_call_logs_if_and_only_if_python_says_so(module, sites, levels, report, request):
    check(module, sites, levels, request.node.callspec.id, report)
