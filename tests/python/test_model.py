"""The model test: see model.py. Each run has a new seed, which is printed with a failure."""

import os
import pprint
import random

import pylog_oldest
import pytest
from model import LEVELS, LOG_LEVELS, Model, log_sites, sites
from pylog_probe import _native

STEPS = int(os.environ.get("PYLOG_MODEL_STEPS", 20_000))


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
    seed = int(os.environ.get("PYLOG_MODEL_SEED", random.randrange(2**32)))
    for site in sites:
        # A level assigned without `setLevel` is noticed only for targets that were logged to before.
        module.call(site, 40)
    model = Model(module, sites, seed, levels)
    try:
        found = model.run(STEPS)
    finally:
        model.close()
    context = f"PYLOG_MODEL_SEED={seed} PYLOG_MODEL_STEPS={STEPS}"
    assert not found, f"{context}: {len(found)}, first: {pprint.pformat(found[0])}"
    # The test says little if nearly all calls were on, or off.
    assert min(model.calls.values()) > STEPS / 20, f"{context}: {model.calls}"
    report(
        f"{request.node.callspec.id}: {STEPS} steps, {model.calls[True]} calls logged and "
        f"{model.calls[False]} did not, 0 disagreements"
    )
