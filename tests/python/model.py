"""A model test of the level caches: Python's logging is reconfigured at random, in every way it offers,
and in between calls are made in Rust. Each must log if, and only if, Python's own `isEnabledFor`
says so at that moment.

Run as a script it drives one module and prints how often the two disagreed:
    python tests/python/model.py MODULE SEED STEPS
"""

import configparser
import importlib
import io
import json
import logging
import logging.config
import os
import pprint
import random
import socket
import struct
import sys
from collections import Counter

from freeing import free

LEVELS = [5, 10, 20, 25, 30, 40, 50]
# Levels that a logger may be set to: those above, those between, and inherited.
THRESHOLDS = [0, 0, 1, 5, 7, 10, 15, 20, 25, 30, 35, 40, 50, 60]


class Overriding(logging.Logger):
    """Its answer changes from one call to the next."""

    def isEnabledFor(self, level):
        self.asked = getattr(self, "asked", 0) + 1
        return self.asked % 4 < 2 and super().isEnabledFor(level)


class OwnLevel(logging.Logger):
    """Python caches answers that follow from this level, also when it changes afterwards."""

    own = 0

    def getEffectiveLevel(self):
        return OwnLevel.own

    def makeRecord(self, *args, **kwargs):
        return super().makeRecord(*args, **kwargs)


class Raising(logging.Logger):
    def isEnabledFor(self, level):
        raise LookupError(level)


class Model:
    def __init__(self, module, sites, seed, levels=LEVELS):
        """`sites` maps the names that `module.call` takes to the names of loggers."""
        self.module = module
        self.sites = sites
        self.levels = levels
        self.random = random.Random(seed)
        self.disagreements = []
        self.calls = Counter()
        self.history = []
        self.made = 0
        self.chosen = next(iter(sites)), levels[0]
        self.server = logging.config.listen(0)
        self.server.daemon = True
        self.server.start()
        self.server.ready.wait()
        steps = {
            self.call: 80,
            self.set_level: 12,
            self.disable: 2,
            self.basic_config: 1,
            self.dict_config: 2,
            self.incremental_config: 1,
            self.file_config: 1,
            self.config_over_socket: 0.3,
            self.set_disabled: 3,
            self.enable_all: 2,
            self.set_attribute: 3,
            self.set_level_unannounced: 1,
            self.new_logger: 1,
            self.set_class: 1,
            self.forget_loggers: 3,
            self.custom_level: 1,
            self.replace_root_cache: 1,
        }
        self.steps, self.weights = list(steps), list(steps.values())

    def run(self, steps):
        """Returns the disagreements."""
        logging.lastResort = None
        logging.raiseExceptions = False
        sys.unraisablehook = lambda _: None
        logging.setLogRecordFactory(self.make_record)
        for number, step in enumerate(self.random.choices(self.steps, self.weights, k=steps)):
            self.number = number
            self.note(step.__name__)
            step()
        return self.disagreements

    def close(self):
        logging.config.stopListening()
        self.server.join()

    def note(self, *what):
        self.history = self.history[-20:] + [what]

    def make_record(self, *args, **kwargs):
        self.made += 1
        return logging.LogRecord(*args, **kwargs)

    # Calls

    def call(self):
        # Mostly the same call as before: only a repeated call uses what is cached.
        if self.random.random() < 0.4:
            self.chosen = self.random.choice(list(self.sites)), self.random.choice(self.levels)
        site, level = self.chosen
        name = self.sites[site]
        how = self.random.choice(["attached"] * 6 + ["detached", "thread", "enabled"])
        # To ask Python first could by itself correct a wrong answer, so half of the time it is asked last.
        asked_first = self.random.random() < 0.5 or isinstance(logging.getLogger(name), Overriding)
        if asked_first:
            expected = self.expected(name, level)
        before = self.made
        if how == "attached":
            self.module.call(site, level)
        elif how == "detached":
            self.module.call(site, level, True)
        elif how == "thread":
            self.module.call_in_thread(site, level)
        elif hasattr(self.module, "enabled"):
            self.made += self.module.enabled(site, level)
        else:
            return
        if not asked_first:
            expected = self.expected(name, level)
        emitted = self.made - before
        self.calls[expected] += 1
        self.note(how, name, level, "asked first" if asked_first else "asked last", expected, emitted)
        if emitted != expected:
            self.disagreements.append((self.number, list(self.history)))

    def expected(self, name, level):
        logger = logging.getLogger(name)
        if isinstance(logger, Overriding):
            # To ask it would change its next answer.
            return (getattr(logger, "asked", 0) + 1) % 4 < 2 and logging.Logger.isEnabledFor(logger, level)
        try:
            return logger.isEnabledFor(level)
        except LookupError:
            return False

    # Reconfigurations

    def names(self):
        """The loggers of the sites, their parents, and one that no site uses."""
        names = {"", "bystander"}
        for name in self.sites.values():
            parts = name.split(".")
            names.update(".".join(parts[:end]) for end in range(1, len(parts) + 1))
        return sorted(names)

    def some_logger(self):
        return logging.getLogger(self.random.choice(self.names()))

    def threshold(self):
        return self.random.choice(THRESHOLDS)

    def set_level(self):
        logger = self.some_logger()
        level = self.threshold()
        self.note(logger.name, level)
        logger.setLevel(level)

    def disable(self):
        level = self.random.choice([0, 0, 0, 5, 10, 20, 25, 50])
        self.note(level)
        logging.disable(level)

    def basic_config(self):
        logging.basicConfig(level=self.threshold(), force=True, handlers=[logging.NullHandler()])

    def some_config(self):
        chosen = self.random.sample(self.names(), self.random.randrange(4))
        config = {
            "version": 1,
            "disable_existing_loggers": self.random.random() < 0.3,
            "handlers": {"null": {"class": "logging.NullHandler"}},
            "loggers": {
                name: {"level": self.threshold(), "handlers": ["null"], "propagate": self.coin()}
                for name in chosen
                if name
            },
        }
        if self.coin():
            config["root"] = {"level": self.threshold(), "handlers": ["null"]}
        self.note(config)
        return config

    def coin(self):
        return self.random.random() < 0.5

    def dict_config(self):
        logging.config.dictConfig(self.some_config())

    def incremental_config(self):
        config = self.some_config()
        config["incremental"] = True
        del config["handlers"]
        logging.config.dictConfig(config)

    def file_config(self):
        name = self.random.choice([name for name in self.names() if name])
        text = f"""
[loggers]
keys=root,one
[handlers]
keys=null
[formatters]
keys=
[handler_null]
class=NullHandler
args=()
[logger_root]
level={self.random.choice(["DEBUG", "INFO", "ERROR", "NOTSET"])}
handlers=null
[logger_one]
level={self.random.choice(["DEBUG", "INFO", "ERROR", "NOTSET"])}
handlers=null
qualname={name}
propagate={self.random.randrange(2)}
"""
        parser = configparser.RawConfigParser()
        parser.read_string(text)
        self.note(text)
        logging.config.fileConfig(parser, disable_existing_loggers=self.random.random() < 0.3)

    def config_over_socket(self):
        payload = json.dumps(self.some_config()).encode()
        self.server.ready.clear()
        with socket.create_connection(("127.0.0.1", self.server.port)) as connection:
            connection.sendall(struct.pack(">L", len(payload)) + payload)
            assert self.server.ready.wait(60), "the configuration was not applied"

    def set_disabled(self):
        logger = self.some_logger()
        logger.disabled = self.random.random() < 0.3
        self.note(logger.name, logger.disabled)

    def enable_all(self):
        for logger in logging.root.manager.loggerDict.values():
            logger.disabled = False

    def set_attribute(self):
        logger = self.some_logger()
        what = self.random.choice(["propagate", "handlers", "parent"])
        if what == "propagate":
            logger.propagate = self.coin()
        elif what == "handlers":
            logger.handlers = [logging.NullHandler()] * self.random.randrange(2)
        elif logger is not logging.root:
            # As celery does. Python clears no cache then.
            logger.parent = logging.root
        self.note(what, logger.name)

    def set_level_unannounced(self):
        logger = self.some_logger()
        logger.level = self.threshold()
        self.note(logger.name, logger.level)

    def new_logger(self):
        name = self.random.choice(list(self.sites.values())) + self.random.choice(["", ".below"])
        parts = name.split(".")
        logging.getLogger(".".join(parts[: self.random.randrange(1, len(parts) + 1)]))

    def set_class(self):
        OwnLevel.own = self.threshold()
        chosen = self.random.choice([logging.Logger] * 3 + [Overriding, OwnLevel, Raising])
        logging.setLoggerClass(chosen)
        self.note(chosen.__name__)

    def forget_loggers(self):
        """As test suites do between tests."""
        logging.root.manager.loggerDict.clear()
        free()

    def custom_level(self):
        logging.addLevelName(25, "NOTICE")
        self.some_logger().setLevel(self.random.choice(["NOTICE", "TRACE", "WARNING"]))

    def replace_root_cache(self):
        logging.root._cache = {}
        free()


class Modules:
    """Several extension modules in one process. The name of a site begins with the name of its module."""

    def __init__(self, **modules):
        self.modules = modules

    def __getattr__(self, name):
        functions = {module: getattr(it, name) for module, it in self.modules.items()}

        def call(site, *args):
            module, _, site = site.partition(" ")
            return functions[module](site, *args)

        return call

    def sites(self, sites_of):
        """The sites of all modules. `sites_of` returns those of one."""
        return {
            f"{name} {site}": logger
            for name, module in self.modules.items()
            for site, logger in sites_of(module).items()
        }


def prefix(module):
    return "oldest" if module.__name__ == "pylog_oldest" else module.__name__


def sites(module):
    """The sites of tests/extension that a module has."""
    calls = f"{prefix(module)}.calls"
    names = {
        "alpha": f"{calls}.alpha",
        "alpha.inner": f"{calls}.alpha.inner",
        "beta.deep.er": f"{calls}.beta.deep.er",
        "elsewhere.place": "elsewhere.place",
        "dynamic.place": "dynamic.place",
    }
    return {site: names[site] for site in getattr(module, "SITES", names)}


# The levels of the `log` crate.
LOG_LEVELS = [5, 10, 20, 30, 40]


def log_sites(module):
    """The sites that call the `log` crate."""
    calls = f"{prefix(module)}.calls"
    return {
        "logged": f"{calls}.logged",
        "logged.inner": f"{calls}.logged.inner",
        "elsewhere.logged": "elsewhere.logged",
    }


def check(module, sites, levels, title, report):
    """Drives a module with a seed of its own, or with PYLOG_MODEL_SEED, and asserts that nothing disagreed."""
    steps = int(os.environ.get("PYLOG_MODEL_STEPS", 20_000))
    seed = int(os.environ.get("PYLOG_MODEL_SEED", random.randrange(2**32)))
    for site in sites:
        # A level assigned without `setLevel` is noticed only for targets that were logged to before.
        module.call(site, 40)
    model = Model(module, sites, seed, levels)
    try:
        found = model.run(steps)
    finally:
        model.close()
    context = f"PYLOG_MODEL_SEED={seed} PYLOG_MODEL_STEPS={steps}"
    assert not found, f"{context}: {len(found)}, first: {pprint.pformat(found[0])}"
    # The test says little if nearly all calls were on, or off.
    assert min(model.calls.values()) > steps / 20, f"{context}: {model.calls}"
    on, off = model.calls[True], model.calls[False]
    report(f"{title}: {steps} steps, {on} calls logged and {off} did not, 0 disagreements")


if __name__ == "__main__":
    name, seed, steps = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
    module = importlib.import_module(name)
    model = Model(module, sites(module), seed, getattr(module, "LEVELS", LEVELS))
    logging.addLevelName(5, "TRACE")  # The peer leaves that to the application.
    found = model.run(steps)
    model.close()
    print(f"{name}: {sum(model.calls.values())} calls, {len(found)} disagreements")
