"""Runs CPython's own tests of `logging` and prints the outcome of each.

With "live", two extensions that use pylog log before each test, and afterwards they must still follow
Python's levels.

Run: python tests/python/programs/tests_of_cpython.py alone|live
"""

import logging
import sys
import unittest

modules = {}
if sys.argv[1] == "live":
    import pylog_oldest
    from pylog_probe import _native as native

    modules = {native.__name__: native, "oldest": pylog_oldest}


class Result(unittest.TestResult):
    def startTest(self, test):
        super().startTest(test)
        self.outcome = "ok"
        for module in modules.values():
            for level in (10, 20, 30):
                module.call("alpha", level)
                module.call("elsewhere.place", level)

    def addError(self, test, error):
        self.outcome = "error"

    def addFailure(self, test, error):
        self.outcome = "failure"

    def addSkip(self, test, reason):
        self.outcome = "skipped"

    def stopTest(self, test):
        super().stopTest(test)
        print(test.id(), self.outcome)


def check_levels():
    """Returns how many records were made."""
    logging.root.handlers = [logging.NullHandler()]
    made = []
    factory = logging.getLogRecordFactory()

    def make_record(*args, **kwargs):
        made.append(factory(*args, **kwargs))
        return made[-1]

    logging.setLogRecordFactory(make_record)
    for threshold in (10, 40, 20, 30, 10):
        for name in ("", "pylog_probe", "oldest.calls.alpha"):
            logging.getLogger(name).setLevel(threshold)
            for prefix, module in modules.items():
                for level in (10, 20, 30, 40):
                    before = len(made)
                    module.call("alpha", level)
                    expected = logging.getLogger(f"{prefix}.calls.alpha").isEnabledFor(level)
                    assert (len(made) > before) == expected, (threshold, name, prefix, level)
    return len(made)


# Some tests start processes, which import this program.
if __name__ == "__main__":
    logging.lastResort.setLevel(100)
    suite = unittest.defaultTestLoader.loadTestsFromName("test.test_logging")
    suite.run(Result())
    if modules:
        print("after", check_levels())
