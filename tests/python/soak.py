"""The driver of `cargo xtask soak`.

Runs rounds of `programs/soak_round.py` with pylog and with Python's own logger, and compares what arrives and how the
processes end.

Run: python tests/python/soak.py SECONDS SEED DELIVERIES PYTHON…

DELIVERIES are separated by commas; an empty string stands for all.
"""

import collections
import contextlib
import itertools
import json
import os
import pathlib
import re
import signal
import subprocess
import sys
import tempfile
import time

from programs.deliveries import DELIVERIES

ROUND = pathlib.Path(__file__).with_name("programs") / "soak_round.py"

# Seconds after which a round is taken to hang. It takes a few.
LIMIT = 300

SIGNAL_STEPS = {"signal_that_logs", "signal_that_raises", "alarms", "interrupt", "long_loop"}
PROCESS_STEPS = {"fork", "fork_beside_threads", "fork_in_c", "pool", "child_of_multiprocessing", "subprocess"}

Outcome = collections.namedtuple("Outcome", "transcript end")


class Process:
    """A round by Python's own logger or by pylog, in a session of its own."""

    def __init__(self, python, by, seed, directory):
        self.directory = pathlib.Path(directory) / by
        self.directory.mkdir()
        self.stderr = open(self.directory / "stderr", "w+")
        self.stdout = open(self.directory / "stdout", "w+")
        # From Python 3.12 on, forks of processes with threads are deprecated.
        command = [python, "-W", "ignore", ROUND, by, str(seed), self.directory]
        output = {"stdout": self.stdout, "stderr": self.stderr}
        self.process = subprocess.Popen(command, start_new_session=True, **output)

    def finish(self, end):
        """Waits until `end`. Returns the outcome."""
        try:
            status = self.process.wait(timeout=max(0, end - time.monotonic()))
        except subprocess.TimeoutExpired:
            status = "hangs"
            self.kill(signal.SIGABRT)  # Each process of the round writes where it is.
            time.sleep(2)
        self.kill(signal.SIGKILL)
        self.process.wait()
        lines = (self.directory / "transcript").read_text().splitlines()
        return Outcome([json.loads(line) for line in lines], self.end(status))

    def kill(self, number):
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, number)

    def end(self, status):
        """How the round ended."""
        stderr = self.text("stderr").splitlines()
        is_error = status in ("hangs", -signal.SIGABRT, -signal.SIGSEGV)
        log = collections.defaultdict(list)
        for line in self.text("log").splitlines():
            log[line.split(" ")[2]].append(line)
        # Of a loop that a signal ends: how many records there are depends on the moment.
        loop = [int(line.split(" ")[-1]) for line in log.pop("loop", [])]
        missing = set(range(max(loop, default=-1) + 1)) - set(loop)
        return {
            "status": status,
            "stdout": self.text("stdout"),
            # The last line names the exception. Above it are lines of code, which differ.
            "stderr": stderr if is_error else stderr[-1:],
            "log": dict(log),
            "loop": len(missing) <= 1 and loop == sorted(loop),
            "unflushed": self.text("unflushed"),
        }

    def text(self, name):
        with contextlib.suppress(FileNotFoundError):
            return (self.directory / name).read_text(errors="replace")
        return ""


def differences(actual, expected):
    """The first step that differs, with both outcomes, and then the ends."""
    for ours, theirs in itertools.zip_longest(actual.transcript, expected.transcript):
        if ours != theirs:
            yield "step", ours, theirs
            break
    if actual.end["status"] == "hangs":
        yield "stderr", actual.end["stderr"], expected.end["stderr"]
        return
    for name, theirs in expected.end.items():
        if actual.end[name] != theirs:
            yield name, actual.end[name], theirs


def hangs_in_logging(outcome):
    """Below Python 3.13 an alarm can leave the lock of `logging` locked, between its acquisition and the `try`."""
    return outcome.end["status"] == "hangs" and any("in _acquireLock" in it for it in outcome.end["stderr"])


def narrowed(ours, theirs):
    """The parts of two values that differ."""
    if isinstance(ours, dict) and isinstance(theirs, dict):
        keys = [key for key in {**ours, **theirs} if ours.get(key) != theirs.get(key)]
        pairs = {key: narrowed(ours.get(key), theirs.get(key)) for key in keys}
        return {key: pair[0] for key, pair in pairs.items()}, {key: pair[1] for key, pair in pairs.items()}
    if isinstance(ours, list) and isinstance(theirs, list):
        if len(ours) != len(theirs):
            pair = [item for item in ours if item not in theirs], [item for item in theirs if item not in ours]
            return pair if any(pair) else (ours, theirs)
        pairs = [narrowed(*pair) if pair[0] != pair[1] else ("…", "…") for pair in zip(ours, theirs)]
        return [pair[0] for pair in pairs], [pair[1] for pair in pairs]
    return ours, theirs


def shown(value):
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) < 1500 else text[:1500] + " …"


def version(python):
    code = "import platform; print(platform.python_version())"
    return subprocess.run([python, "-c", code], stdout=subprocess.PIPE, text=True).stdout.strip()


def main(seconds, seed, deliveries, *pythons):
    start = time.monotonic()
    chosen = [name for name in deliveries.split(",") if name] or list(DELIVERIES)
    unknown = set(chosen) - set(DELIVERIES)
    if unknown:
        sys.exit(f"unknown delivery {', '.join(unknown)}; there are {', '.join(DELIVERIES)}")
    versions = {python: version(python) for python in pythons}
    seeds = itertools.count(int(seed))
    counts = collections.defaultdict(collections.Counter)
    failed = False
    while not failed and (not counts or time.monotonic() - start < float(seconds)):
        seed = next(seeds)
        for python in pythons:
            with tempfile.TemporaryDirectory() as directory:
                bys = ["python", *chosen]
                processes = {by: Process(python, by, seed, directory) for by in bys}
                end = time.monotonic() + LIMIT
                outcomes = {by: process.finish(end) for by, process in processes.items()}
            expected = outcomes.pop("python")
            for delivery, actual in outcomes.items():
                if hangs_in_logging(expected) or hangs_in_logging(actual):
                    print(f"Python {versions[python]}, seed {seed}: logging itself hangs, not compared", flush=True)
                    continue
                count = counts[versions[python], delivery]
                count["rounds"] += 1
                count.update(counted(actual))
                found = list(differences(actual, expected))
                if found:
                    failed = True
                    count["failures"] += 1
                    print_failure(versions[python], delivery, seed, found)
    print_table(counts, seed, time.monotonic() - start)
    return int(failed)


def counted(outcome):
    """What a round has done, for the table."""
    counts = collections.Counter()
    for _, name, *done in outcome.transcript:
        if done and name == "arrived":
            counts["records"] += sum(map(len, done[0].values())) - len(done[0]["failures"])
            counts["exceptions in handlers"] += len(done[0]["failures"])
        elif done and name in SIGNAL_STEPS:
            counts["signal steps"] += 1
        elif done and name in PROCESS_STEPS:
            counts["process steps"] += 1
        elif done and name in ("failing_stream", "named_thread", "small_stack"):
            counts["faults"] += 1
        elif done:
            counts["reconfigurations"] += 1
    return counts


def print_failure(python, delivery, seed, found):
    print(f"\nPython {python}, {delivery}, seed {seed}: not as with Python's own logger")
    for what, ours, theirs in found:
        ours, theirs = narrowed(ours, theirs)
        print(f"  {what}\n    pylog:  {shown(ours)}\n    Python: {shown(theirs)}")
    minor = re.match(r"\d+\.\d+", python)[0]
    print(f"  To repeat it: cargo xtask soak 1 {seed} --python {minor} --delivery {delivery}", flush=True)


def print_table(counts, last_seed, seconds):
    columns = ["rounds", "records", "exceptions in handlers", "reconfigurations", "signal steps", "process steps"]
    columns += ["faults", "failures"]
    print(f"\n{'Python':<10}{'delivery':<10}" + "".join(f"{column:>{len(column) + 3}}" for column in columns))
    for (python, delivery), count in sorted(counts.items()):
        numbers = "".join(f"{count[column]:>{len(column) + 3}}" for column in columns)
        print(f"{python:<10}{delivery:<10}{numbers}")
    print(f"{seconds:.0f} s, last seed {last_seed}")


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
