"""One round of `cargo xtask soak`: logs in every way while logging is reconfigured at random, and ends in a random way.

What arrives after each step is written to DIRECTORY/transcript, so that a run with pylog can be compared with a run
with Python's own logger. The seed determines it: each message names its worker and its number, and logging is
reconfigured only while no worker logs. Where a signal comes at any moment, the transcript says whether the numbers
are complete, not how many there were.

Run: python tests/python/programs/soak_round.py python|direct|queued SEED DIRECTORY
"""

import _thread
import atexit
import collections
import configparser
import contextlib
import ctypes
import faulthandler
import functools
import gc
import json
import logging
import logging.config
import logging.handlers
import multiprocessing
import os
import pathlib
import queue
import random
import signal
import subprocess
import sys
import threading
import time
import weakref
from concurrent.futures import ThreadPoolExecutor

# Seconds after which something that is waited for is taken not to come. The driver waits longer.
LIMIT = 60
STEPS = 30

NUMBERED = "pylog_probe._native.numbered."
# Sites of `native.log_numbered`, and their loggers.
SITES = {
    "one": NUMBERED + "one",
    "two.deep": NUMBERED + "two.deep",
    "bridge": NUMBERED + "bridge",
    "soak::target": "soak.target",
    "soak::target::below": "soak.target.below",
}
LEVELS = [10, 20, 30, 40]
THRESHOLDS = [0, 0, 0, 10, 10, 15, 20, 30, 40, 50]
NAMES = ["", "pylog_probe", NUMBERED[:-1], *SITES.values(), "soak"]

STOCK_FACTORY = logging.getLogRecordFactory()
STOCK_CLOCKS = {name: getattr(time, name) for name in ("time", "time_ns")}

arrived = collections.defaultdict(list)
failures = []
kept_loggers = {}
by = "python"


class Boom(Exception):
    """What handlers and filters raise."""


class Stop(BaseException):
    """What handlers of signals raise to end a program."""


class Timeout(Exception):
    """What handlers of signals raise to end what takes too long."""


# Handlers and filters


def worker_of(message):
    """A record that a handler logs comes before or after the one that it handles: it is of a worker of its own."""
    first, second = message.split(" ")[:2]
    return f"{first} {second}" if first == "nested" else first


def describe(handler, record):
    message = record.getMessage()
    worker = worker_of(message)
    # The thread of a record that a handler logs is that of the delivery.
    is_of_any_thread = worker.startswith(("nested", "deleted"))
    return worker, [
        handler,
        record.name,
        record.levelname,
        message,
        None if is_of_any_thread else record.threadName,
        getattr(record, "length", None),
        getattr(record, "made", None),
        getattr(record, "tag", None),
        # A replaced clock tells a time before that; a handler's thread can come later than a change of the clock.
        record.created if record.created < 10**9 else None,
        record.process == os.getpid(),
    ]


class Collector(logging.Handler):
    """Keeps what arrives. It doesn't take the lock of handlers, which an exception at any moment can leave locked."""

    def __init__(self, name, level=0):
        super().__init__(level)
        self.name = name

    def handle(self, record):
        kept = self.filter(record)
        if kept:
            self.emit(record if kept is True else kept)

    def emit(self, record):
        worker, description = describe(self.name, record)
        arrived[worker].append(description)


class Locked(Collector):
    handle = logging.Handler.handle


class Raising(Locked):
    """Raises where nothing catches it."""

    def emit(self, record):
        super().emit(record)
        if number_of(record) % 5 == 0:
            raise Boom(f"{self.name}: {record.getMessage()}")


class Failing(Locked):
    """Fails as the handlers of the library do."""

    def emit(self, record):
        try:
            if number_of(record) % 3 == 0:
                raise Boom(f"{self.name}: {record.getMessage()}")
            super().emit(record)
        except Exception:
            self.handleError(record)

    def handleError(self, record):
        failures.append(f"handled: {sys.exc_info()[1]}")


class Nesting(Collector):
    """Logs what it handles."""

    def emit(self, record):
        super().emit(record)
        message = record.getMessage()
        if not message.startswith("nested"):
            log([("soak::target", 40, f"nested {message}")])


class Endless(Collector):
    """Logs what it handles, without end."""

    def emit(self, record):
        log([("soak.loop", 30, "endless 1")])


class ToFile(logging.StreamHandler):
    """Writes each line at once, to a file that `logging.shutdown` doesn't close."""

    def __init__(self, path):
        super().__init__(open(path, "a"))
        self.setFormatter(logging.Formatter("%(levelname)s %(name)s %(message)s"))


HANDLERS = [Collector, Locked, Raising, Failing, Nesting]


class Unwritable:
    """A stream of the program's own."""

    def write(self, text):
        raise Boom("not written")

    def flush(self):
        raise Boom("not flushed")


def closed_stream():
    stream = open(os.devnull, "w")
    stream.close()
    return stream


STREAMS = {
    "closed": closed_stream,
    "full": lambda: open("/dev/full" if os.path.exists("/dev/full") else os.devnull, "w"),
    "ASCII": lambda: open(os.devnull, "w", encoding="ascii"),
    "of the program": Unwritable,
}


def resident_size():
    """In bytes, where the system tells it."""
    with contextlib.suppress(FileNotFoundError):
        pages = pathlib.Path("/proc/self/statm").read_text().split()[1]
        return int(pages) * os.sysconf("SC_PAGE_SIZE")
    return 0


def number_of(record):
    words = record.getMessage().split(" ")
    return int(words[-1]) if words[-1].isdigit() else 1


class Filter:
    """One of several kinds, by its number."""

    def __init__(self, kind):
        self.kind = kind

    def filter(self, record):
        number = number_of(record)
        if self.kind == 0:
            return number % 2
        if self.kind == 1:
            record.tag = f"tagged {number}"
        elif self.kind == 2 and number % 7 == 0:
            raise Boom(f"filter: {record.getMessage()}")
        elif self.kind == 3:
            record.msg = f"{record.msg} 1"
        elif self.kind == 4 and sys.version_info >= (3, 12):
            return logging.makeLogRecord({**vars(record), "tag": "another"})
        return True


# Classes of loggers


class Picky(logging.Logger):
    def isEnabledFor(self, level):
        return level >= 30 and super().isEnabledFor(level)


class Making(logging.Logger):
    def makeRecord(self, *args, **kwargs):
        record = super().makeRecord(*args, **kwargs)
        record.made = "by a logger"
        return record


class Handling(logging.Logger):
    def handle(self, record):
        record.tag = "by a logger"
        super().handle(record)


LOGGER_CLASSES = [logging.Logger, logging.Logger, logging.Logger, Picky, Making, Handling]


# Factories


def factory(*args, **kwargs):
    record = STOCK_FACTORY(*args, **kwargs)
    record.made = "by a function"
    return record


class Record(logging.LogRecord):
    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.made = "by a class"


FACTORIES = [STOCK_FACTORY, STOCK_FACTORY, factory, Record]


# Logging


def set_up(name):
    """Logs by Python's own logger, or by pylog with a delivery, from now on."""
    global by, native
    by = name
    sys.unraisablehook = lambda arguments: failures.append(str(arguments.exc_value))
    logging.raiseExceptions = False
    logging.lastResort = None
    faulthandler.enable()  # The driver sends SIGABRT to processes that hang.
    if by != "python":
        from deliveries import DELIVERIES
        from pylog_probe import _native as native

        DELIVERIES[by]()


def log(calls, detached=False):
    if by != "python":
        native.log_numbered(calls, detached)
        if by == "all-queued" and not detached:
            native.flush(LIMIT)  # Python code that follows would log earlier, and reconfigure logging.
        return
    for site, level, message in calls:
        # To get it again takes the lock of logging, which an exception at any moment can leave locked.
        logger = kept_loggers.get(site) or logging.getLogger(SITES.get(site, site))
        extra = {"length": len(message)} if level == 40 and "::" not in site else None
        try:
            logger.log(level, message, extra=extra)
        except Boom as error:
            failures.append(str(error))


def spin():
    """Runs Python code until an exception ends it."""
    end = time.monotonic() + LIMIT
    while time.monotonic() < end:
        pass


def spin_for(seconds):
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        pass


def flush():
    assert by == "python" or native.flush(LIMIT), "not flushed"


class Thread:
    """A thread that stays. With pylog, one that Rust has spawned if `is_of_rust`."""

    def __init__(self, name, is_of_rust):
        self.is_of_rust = is_of_rust and by != "python"
        if self.is_of_rust:
            self.worker = native.Worker(name)
        else:
            self.executor = ThreadPoolExecutor(1, initializer=self.begin, initargs=(name,))

    def begin(self, name):
        threading.current_thread().name = name

    def start(self, calls, detached=False):
        if self.is_of_rust:
            self.worker.start(calls)
        else:
            self.future = self.executor.submit(log, calls, detached)

    def wait(self):
        if self.is_of_rust:
            self.worker.wait()
        else:
            self.future.result()


def collect_arrived():
    """What has arrived since the last call, by worker, and what was raised."""
    flush()
    seen = {worker: list(records) for worker, records in sorted(arrived.items())}
    seen["failures"] = sorted(failures)
    arrived.clear()
    failures.clear()
    return seen


def in_child(name, calls):
    """Logs in a child of `multiprocessing`, and returns what arrived."""
    set_up(name)
    # A fork has what has arrived in the parent.
    arrived.clear()
    failures.clear()
    logging.root.handlers = [Collector("child")]
    logging.root.setLevel(20)
    logging.disable(0)
    log(calls)
    log(calls, detached=True)
    return collect_arrived()


def end_in_child(name, calls, path):
    """Logs in a child of `multiprocessing` that ends at once."""
    set_up(name)
    logging.root.handlers = [ToFile(path)]
    logging.root.setLevel(20)
    logging.disable(0)
    log(calls, detached=True)


class Round:
    def __init__(self, seed, directory):
        self.chance = random.Random(seed)
        # Of moments, which make no difference to what arrives.
        self.moments = random.Random(seed)
        self.directory = pathlib.Path(directory)
        self.threads = {}
        for name in ("python-0", "python-1", "rust-0", "rust-1"):
            self.threads[name] = Thread(name, is_of_rust=name.startswith("rust"))
        self.made = 0
        self.queue = queue.SimpleQueue()
        self.weights = {
            self.set_level: 8,
            self.disable: 2,
            self.set_disabled: 2,
            self.set_propagate: 3,
            self.add_handler: 6,
            self.add_queue_handler: 1,
            self.remove_handler: 3,
            self.add_filter: 4,
            self.remove_filters: 2,
            self.basic_config: 2,
            self.dict_config: 3,
            self.file_config: 2,
            self.forget_loggers: 2,
            self.set_logger_class: 2,
            self.set_factory: 3,
            self.set_clock: 3,
            self.name_level: 2,
            self.set_last_resort: 1,
            self.collect_garbage: 3,
            self.signal_that_logs: 2,
            self.signal_that_raises: 3,
            self.alarms: 2,
            self.interrupt: 2,
            self.fork: 2,
            self.fork_beside_threads: 2,
            self.pool: 1,
            self.child_of_multiprocessing: 1,
            self.subprocess: 0.3,
            self.failing_stream: 1,
            self.long_loop: 2,
            self.named_thread: 2,
            self.small_stack: 2,
            self.fork_in_c: 1,
        }

    def run(self):
        self.basic_config()
        with open(self.directory / "transcript", "w") as transcript:
            for number in range(STEPS):
                chosen = self.chance.choices(list(self.weights), list(self.weights.values()), k=2)
                for step in chosen:
                    # Written first, so that the last line says where the round ended.
                    print(json.dumps([number, step.__name__]), file=transcript, flush=True)
                    done = step()
                    print(json.dumps([number, step.__name__, done]), file=transcript, flush=True)
                seen = self.log_everywhere()
                print(json.dumps([number, "arrived", seen]), file=transcript, flush=True)
        self.end()

    # Logging

    def calls(self, worker, count):
        chance = self.chance
        return [
            (chance.choice(list(SITES)), chance.choice(LEVELS), f"{worker} {number}")
            for number in range(count)
        ]

    def log_everywhere(self):
        detached = {name: self.coin() for name in self.threads}
        calls = {name: self.calls(name, 10) for name in [*self.threads, "attached", "detached"]}
        for name, thread in self.threads.items():
            thread.start(calls[name], detached[name])
        log(calls["attached"])
        log(calls["detached"], detached=True)
        for thread in self.threads.values():
            thread.wait()
        flush()
        while not self.queue.empty():
            worker, description = describe("of the queue", self.queue.get())
            arrived[worker].append(description)
        return collect_arrived()

    # Reconfigurations

    def coin(self):
        return self.chance.random() < 0.5

    def some_logger(self):
        return logging.getLogger(self.chance.choice(NAMES))

    def new_handler(self, name):
        return self.chance.choice(HANDLERS)(name, self.chance.choice(THRESHOLDS))

    def new_name(self):
        self.made += 1
        return f"handler {self.made}"

    def set_level(self):
        logger, level = self.some_logger(), self.chance.choice(THRESHOLDS)
        logger.setLevel(level)
        return logger.name, level

    def disable(self):
        level = self.chance.choice([0, 0, 0, 0, 10, 20, 30])
        logging.disable(level)
        return level

    def set_disabled(self):
        logger = self.some_logger()
        logger.disabled = self.chance.random() < 0.3
        return logger.name, logger.disabled

    def set_propagate(self):
        logger = self.some_logger()
        logger.propagate = self.chance.random() < 0.7
        return logger.name, logger.propagate

    def add_handler(self):
        logger, handler = self.some_logger(), self.new_handler(self.new_name())
        logger.addHandler(handler)
        return logger.name, handler.name, type(handler).__name__

    def add_queue_handler(self):
        logger = self.some_logger()
        logger.addHandler(logging.handlers.QueueHandler(self.queue))
        return logger.name

    def remove_handler(self):
        logger = self.some_logger()
        if logger.handlers:
            logger.removeHandler(self.chance.choice(logger.handlers))
        return logger.name

    def add_filter(self):
        logger, kind = self.some_logger(), self.chance.randrange(5)
        target = self.chance.choice([logger, *logger.handlers])
        target.addFilter(Filter(kind) if self.coin() else Filter(kind).filter)
        return logger.name, target is logger, kind

    def remove_filters(self):
        logger = self.some_logger()
        for target in [logger, *logger.handlers]:
            target.filters = []
        return logger.name

    def basic_config(self):
        level = self.chance.choice([10, 20, 30])
        logging.basicConfig(level=level, force=True, handlers=[self.new_handler("root")])
        return level

    def dict_config(self):
        chosen = self.chance.sample(NAMES[1:], self.chance.randrange(4))
        config = {
            "version": 1,
            "disable_existing_loggers": self.chance.random() < 0.2,
            "handlers": {"one": {"()": functools.partial(self.new_handler, self.new_name())}},
            "loggers": {
                name: {
                    "level": self.chance.choice(THRESHOLDS),
                    "handlers": ["one"] if self.coin() else [],
                    "propagate": self.coin(),
                }
                for name in chosen
            },
        }
        if self.coin():
            config["root"] = {"level": self.chance.choice(THRESHOLDS), "handlers": ["one"]}
        if self.chance.random() < 0.3:
            config["incremental"] = True
            del config["handlers"]
        logging.config.dictConfig(config)
        return repr([config["loggers"], config.get("root")])

    def file_config(self):
        name = self.chance.choice(NAMES[1:])
        levels = ["DEBUG", "INFO", "ERROR", "NOTSET"]
        text = f"""
[loggers]
keys=root,one
[handlers]
keys=one
[formatters]
keys=
[handler_one]
class=__main__.Collector
args=("of a file",)
[logger_root]
level={self.chance.choice(levels)}
handlers=one
[logger_one]
level={self.chance.choice(levels)}
handlers=one
qualname={name}
propagate={self.chance.randrange(2)}
"""
        parser = configparser.RawConfigParser()
        parser.read_string(text)
        logging.config.fileConfig(parser, disable_existing_loggers=self.chance.random() < 0.2)
        return text

    def forget_loggers(self):
        """As test suites do between tests."""
        loggers = logging.root.manager.loggerDict
        if self.coin():
            loggers.clear()
        else:
            name = self.chance.choice(NAMES[1:])
            loggers.pop(name, None)
            # The placeholders of the names above keep the old logger alive. pylog promises to see a replaced logger
            # at the next change of a level then.
            logging.root.setLevel(logging.root.level)
            return name

    def set_logger_class(self):
        chosen = self.chance.choice(LOGGER_CLASSES)
        logging.setLoggerClass(chosen)
        return chosen.__name__

    def set_factory(self):
        chosen = self.chance.choice(FACTORIES)
        logging.setLogRecordFactory(chosen)
        return chosen.__name__

    def set_clock(self):
        if self.coin():
            seconds = self.chance.randrange(10**9)
            time.time = lambda: float(seconds)
            time.time_ns = lambda: seconds * 10**9
            return seconds
        for name, function in STOCK_CLOCKS.items():
            setattr(time, name, function)

    def name_level(self):
        name = self.chance.choice(["NOTICE", "INFORMATION", "INFO"])
        logging.addLevelName(20, name)
        return name

    def set_last_resort(self):
        logging.lastResort = Collector("last resort", 30) if self.coin() else None

    def collect_garbage(self):
        """Of objects that log when they are deleted."""
        thresholds = self.chance.choice([(700, 10, 10), (50, 5, 5), (5, 2, 2)])
        gc.disable()
        calls = self.calls("deleted", 5)
        for call in calls:
            deleted = Deleted(call)
            deleted.itself = deleted
        del deleted
        gc.collect()
        gc.enable()
        gc.set_threshold(*thresholds)
        return thresholds

    # Signals

    @contextlib.contextmanager
    def prepared_loop(self):
        """A logger that no reconfiguration reaches, and its records. Its level is cached already: a signal that
        raises while Python takes the lock of logging would leave it locked. No garbage is collected: what a signal
        raises in a finalizer, such as the one of a handler, is lost with each logger.
        """
        gc.collect()
        gc.disable()
        disabled = logging.root.manager.disable
        logging.disable(0)
        logger = logging.getLogger("soak.loop")
        logger.__class__, logger.disabled, logger.propagate = logging.Logger, False, False
        logger.filters, logger.handlers = [], [Collector("loop")]
        logger.setLevel(10)
        kept_loggers[logger.name] = logger
        log([("soak.loop", 40, "before 1")])
        flush()
        arrived.pop("before", None)
        seen = []
        logger.handlers = [handler := Collector("loop")]
        handler.emit = lambda record: seen.append(record.getMessage())
        yield handler, seen
        logger.handlers = []
        logging.disable(disabled)
        gc.enable()

    @contextlib.contextmanager
    def handling(self, number, handler):
        before = signal.signal(number, handler)
        yield
        signal.signal(number, before)

    def log_until(self, condition, count=0):
        """Logs until a signal has come. Returns how many records."""
        end = time.monotonic() + LIMIT
        while not condition():
            log([("soak.loop", 40, f"loop {count}")])
            count += 1
            assert time.monotonic() < end, "no signal came"
        return count

    def signal_that_logs(self):
        """At random moments of a loop that logs, while other threads log."""
        times, handled = 10, []

        def handle(number, frame):
            log([("soak.loop", 40, f"signal {len(handled)}")])
            handled.append(number)

        number = self.chance.choice([signal.SIGUSR1, signal.SIGUSR2, signal.SIGALRM])
        calls = {name: self.calls(name, 30) for name in self.threads}
        count = 0
        with self.prepared_loop() as (_, seen), self.handling(number, handle):
            for name, thread in self.threads.items():
                thread.start(calls[name])
            for time_ in range(times):
                sender = None
                if number == signal.SIGALRM:
                    signal.setitimer(signal.ITIMER_REAL, self.moments.uniform(0.00001, 0.001))
                else:
                    sender = threading.Timer(self.moments.uniform(0, 0.001), os.kill, (os.getpid(), number))
                    sender.start()
                count = self.log_until(lambda: len(handled) > time_, count)
                if sender:
                    sender.join()
            for thread in self.threads.values():
                thread.wait()
            flush()
        signals = [message for message in seen if message.startswith("signal")]
        loop = [message for message in seen if message.startswith("loop")]
        is_complete = loop == [f"loop {number}" for number in range(count)]
        return len(handled), signals, is_complete or [count, loop], collect_arrived()

    def signal_that_raises(self):
        """While a record is handled. The program gets the exception, once."""
        error = self.chance.choice([Stop(1), SystemExit(2), KeyboardInterrupt(3), Timeout(4), GeneratorExit(5)])
        number = self.chance.choice([signal.SIGTERM, signal.SIGINT, signal.SIGUSR1, signal.SIGALRM])
        handled, caught = [], []

        def handle(number, frame):
            handled.append(number)
            raise error

        with self.prepared_loop() as (handler, seen), self.handling(number, handle):
            # Not in `emit`, where handlers may catch what is an `Exception`.
            handler.addFilter(lambda record: signal.raise_signal(number) or True)
            try:
                log([("soak.loop", 40, "raising 1")])
                spin()
            except BaseException as raised:
                caught.append(raised is error or repr(raised))
            flush()
        return type(error).__name__, len(handled), caught, collect_arrived()

    def alarms(self):
        """SIGALRM raises at random moments of a loop that logs. The program gets each exception; at most the record
        that is handled is lost.
        """
        times, caught, handled = 10, 0, []
        self.count = 0

        def handle(number, frame):
            handled.append(number)
            raise Stop(len(handled))

        with self.prepared_loop() as (_, seen), self.handling(signal.SIGALRM, handle):
            for time_ in range(times):
                try:
                    signal.setitimer(signal.ITIMER_REAL, self.moments.uniform(0.00001, 0.001))
                    self.log_for_ever()
                except Stop as stop:
                    caught += stop.args == (time_ + 1,)
            flush()
        expected = [f"loop {number}" for number in range(1, self.count + 1)]
        missing = set(expected) - set(seen)
        is_in_order = [message for message in expected if message in set(seen)] == seen
        return len(handled), caught, is_in_order, len(missing) <= times or sorted(missing), collect_arrived()

    def log_for_ever(self):
        # In a function of its own: CPython 3.13.0 misses `except` for what is raised at the end of a `while`.
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            self.count += 1
            log([("soak.loop", 40, f"loop {self.count}")])

    def interrupt(self):
        """Ctrl-C at random moments of a loop that logs, with Python's handler and with one of the program's own."""
        caught, handled = [], []

        def handle(number, frame):
            handled.append(number)

        is_own = self.coin()
        handler = handle if is_own else signal.default_int_handler
        with self.prepared_loop(), self.handling(signal.SIGINT, handler):
            for _ in range(3):
                sender = threading.Timer(
                    self.moments.uniform(0, 0.002), os.kill, (os.getpid(), signal.SIGINT)
                )
                before = len(handled)
                try:
                    sender.start()
                    self.log_until(lambda: len(handled) > before)
                except KeyboardInterrupt:
                    caught.append(True)
                sender.join()
                flush()
        return is_own, len(handled), len(caught), collect_arrived()

    def long_loop(self):
        """A signal raises in a loop of calls in which no Python code runs. The program gets the exception, once."""
        number = self.chance.choice([signal.SIGALRM, signal.SIGINT, signal.SIGTERM])
        handled, caught = [], 0

        def handle(number, frame):
            handled.append(number)
            raise Stop(number)

        calls = [("soak.loop", 40, f"loop {number}") for number in range(1000)]
        with self.prepared_loop() as (handler, _), self.handling(number, handle):
            logging.getLogger("soak.loop").handlers = [logging.NullHandler()]
            sender = threading.Timer(self.moments.uniform(0, 0.01), os.kill, (os.getpid(), number))
            try:
                sender.start()
                self.repeat(calls)
            except Stop:
                caught += 1
            sender.join()
            spin_for(0.001)
            flush()
        return number, len(handled), caught

    def repeat(self, calls):
        # In a function of its own for the same reason as `log_for_ever`.
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            log(calls)

    # Faults

    def failing_stream(self):
        """A stream that can't be written to: nothing of its records and errors stays behind."""
        kind, count = self.chance.choice(list(STREAMS)), 2000
        calls = [("soak.loop", 40, f"é {number}") for number in range(count)]
        sizes = []
        with self.prepared_loop():
            handler = logging.StreamHandler(STREAMS[kind]())
            handler.setFormatter(logging.Formatter("%(asctime)s %(message)s"))
            logging.getLogger("soak.loop").handlers = [handler]
            for _ in range(2):  # The first time for what is made once.
                log(calls)
                flush()
                gc.collect()
                sizes.append([len(gc.get_objects()), sys.getallocatedblocks(), resident_size()])
            logging.getLogger("soak.loop").handlers = []
            alive = weakref.ref(handler)
            del handler
            gc.collect()
        grown = [after - before for before, after in zip(*sizes)]
        is_bounded = grown[0] < count / 10 and grown[1] < count and grown[2] < count * 1024
        return kind, alive() is None, is_bounded or grown, collect_arrived()

    def named_thread(self):
        """A thread that `threading` hasn't started, and to which the program gives a name."""
        name = f"named {self.chance.randrange(10)}"
        calls, detached, ended = self.calls("named", 10), self.coin(), threading.Event()

        def work():
            threading.current_thread().name = name
            log(calls)
            log(calls, detached)
            flush()  # Below Python 3.13, the name of a thread that has ended is that of the next one.
            ended.set()

        _thread.start_new_thread(work, ())
        assert ended.wait(LIMIT)
        return collect_arrived()

    def small_stack(self):
        """A thread with little stack, and a handler that logs what it handles there."""
        kibibytes = self.chance.choice([128, 192, 256, 512])
        # Older Pythons crash there.
        is_endless = sys.version_info >= (3, 11) and self.coin()
        calls, errors = self.calls("little", 10), []

        def work():
            log(calls)
            try:
                log([("soak.loop", 30, "endless 0")])
            except RecursionError as error:
                errors.append(error)

        with self.prepared_loop():
            handler = Endless("endless") if is_endless else Nesting("nesting")
            logging.getLogger("soak.loop").handlers = [handler]
            before = threading.stack_size(kibibytes * 1024)
            thread = threading.Thread(target=work, name="little")
            try:
                thread.start()
            finally:
                threading.stack_size(before)
            thread.join()
            flush()
        # pylog reports it, Python raises it.
        errors += [failure for failure in failures if "recursion" in failure or "too much stack" in failure]
        failures[:] = [failure for failure in failures if failure not in errors]
        return kibibytes, is_endless, len(errors), collect_arrived()

    # Processes

    def fork_in_c(self):
        """By C code that tells Python nothing of it, as servers do."""
        calls = self.calls("child", 10)
        path = self.directory / f"child-{self.new_name()}"
        flush()
        child = ctypes.PyDLL(None).fork()
        if child == 0:
            status = 1
            try:
                logging.disable(0)
                logging.root.handlers = [ToFile(path)]
                log(calls)
                log(calls, detached=True)
                flush()
                status = 0
            finally:
                os._exit(status)
        return self.wait(child), self.read(path), collect_arrived()

    def fork(self):
        """A child that logs in every way, and ends as programs do."""
        calls = self.calls("child", 10)
        path = self.directory / f"child-{self.new_name()}"
        status = self.chance.randrange(10)
        child = os.fork()
        if child == 0:
            set_up(by)
            logging.disable(0)
            logging.root.handlers = [ToFile(path)]
            log(calls)
            log(calls, detached=True)
            thread = Thread("of the child", is_of_rust=True)
            thread.start(calls)
            thread.wait()
            sys.exit(status)
        return self.wait(child), self.read(path)

    def fork_beside_threads(self):
        """While other threads log. Below Python 3.12 a child can hang then if threads attach at the fork."""
        calls = {name: self.calls(name, 200) for name in self.threads}
        of_child = self.calls("child", 5)
        path = self.directory / f"child-{self.new_name()}"
        busy = sys.version_info >= (3, 12)
        if busy:
            for name, thread in self.threads.items():
                thread.start(calls[name])
        child = os.fork()
        if child == 0:
            # Handlers of the parent may be locked, and its loggers lead to them.
            logging.root.manager.loggerDict.clear()
            logging.disable(0)
            logging.root.setLevel(20)
            logging.root.filters, logging.root.handlers = [], [ToFile(path)]
            log(of_child)
            log(of_child, detached=True)
            flush()
            os._exit(0)
        status = self.wait(child)
        if busy:
            for thread in self.threads.values():
                thread.wait()
        return status, self.read(path), collect_arrived()

    def pool(self):
        method = self.chance.choice(["fork", "fork", "fork", "spawn"])
        calls = [self.calls(f"task-{task}", 5) for task in range(3)]
        self.unlock_clock()
        with multiprocessing.get_context(method).Pool(2) as pool:
            return method, pool.starmap(in_child, [(by, calls_) for calls_ in calls], chunksize=1)

    def child_of_multiprocessing(self):
        """It ends without `atexit`."""
        method = self.chance.choice(["fork", "fork", "fork", "spawn", "forkserver"])
        calls = self.calls("child", 10)
        path = self.directory / f"child-{self.new_name()}"
        self.unlock_clock()
        child = multiprocessing.get_context(method).Process(target=end_in_child, args=(by, calls, path))
        child.start()
        child.join()
        return method, child.exitcode, self.read(path)

    def subprocess(self):
        calls = self.calls("subprocess", 5)
        path = self.directory / f"child-{self.new_name()}"
        program = "import ast, sys, soak_round as it; it.end_in_child(*ast.literal_eval(sys.argv[1]))"
        arguments = [sys.executable, "-c", program, repr([by, calls, str(path)])]
        here = os.path.dirname(os.path.abspath(__file__))
        paths = os.pathsep.join([here, os.environ.get("PYTHONPATH", "")])
        ended = subprocess.run(arguments, env={**os.environ, "PYTHONPATH": paths}, capture_output=True)
        return ended.returncode, ended.stderr.decode()[-2000:], self.read(path)

    def unlock_clock(self):
        """`multiprocessing` measures time."""
        for name, function in STOCK_CLOCKS.items():
            setattr(time, name, function)

    def wait(self, child):
        return os.waitpid(child, 0)[1]

    def read(self, path):
        """The lines of a file of `ToFile`, by worker."""
        lines = collections.defaultdict(list)
        with contextlib.suppress(FileNotFoundError):
            for line in pathlib.Path(path).read_text().splitlines():
                lines[worker_of(line.split(" ", 2)[2])].append(line)
        return lines

    # The end

    def end(self):
        """Ends the program in a random way. The driver compares the files, the status and stderr."""
        kind = self.chance.choice(["return", "exit", "raise", "SIGTERM", "SIGINT", "thread that logs"])
        self.unlock_clock()
        logging.setLoggerClass(logging.Logger)
        logging.root.manager.loggerDict.clear()
        logging.disable(0)
        logging.root.filters = []
        logging.root.handlers = [ToFile(self.directory / "log")]
        # A class or function of this module is a way from logging to everything here.
        logging.root.handlers[0].addFilter(lambda record: "forever" not in record.getMessage())
        logging.root.setLevel(20)
        calls = {name: self.calls(name, 20) for name in [*self.threads, "attached"]}
        status = self.chance.randrange(3, 100)
        if kind != "thread that logs":  # The frames of that thread lead to everything here.
            # Closed by Python, which writes what is in its buffer.
            globals()["unflushed"] = open(self.directory / "unflushed", "w")
            unflushed.write("data")
        for name, thread in self.threads.items():
            thread.start(calls[name])
        log(calls["attached"])
        for thread in self.threads.values():
            thread.wait()
        print("ending:", kind, flush=True)
        if kind == "exit":
            sys.exit(status)
        if kind == "raise":
            raise Boom("at the end")
        if kind == "thread that logs":
            threading.Thread(target=log_forever, daemon=True).start()
            self.threads["rust-0"].start([("soak::target", 40, "forever 1")] * 10_000)
            time.sleep(self.moments.uniform(0, 0.01))
        if kind in ("SIGTERM", "SIGINT"):
            number = getattr(signal, kind)
            if kind == "SIGTERM":
                signal.signal(number, lambda number, frame: sys.exit(status))
            else:
                signal.signal(number, signal.default_int_handler)
            sender = threading.Timer(self.moments.uniform(0, 0.01), os.kill, (os.getpid(), number))
            sender.start()
            kept_loggers.clear()
            self.log_until(lambda: False)


class Deleted:
    def __init__(self, call):
        self.call = call

    def __del__(self):
        log([self.call])


def log_forever():
    while True:
        log([("soak::target", 40, "forever 1")])


def at_exit(when):
    # Python's own logger and pylog both log then.
    log([("soak::target", 40, f"atexit {when}")])


if __name__ == "__main__":
    name, seed, directory = sys.argv[1:]
    signal.signal(signal.SIGINT, signal.default_int_handler)
    atexit.register(at_exit, "registered before pylog")
    set_up(name)
    atexit.register(at_exit, "registered after pylog")
    sys.modules["soak_round"] = sys.modules["__main__"]
    Round(int(seed), directory).run()
