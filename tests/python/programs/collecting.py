"""A handler that keeps its records. It is in this folder so that the programs can import it too."""

import logging


class Collector(logging.Handler):
    """Keeps the records that arrive, in order. What else it does with each, a test sets."""

    def __init__(self):
        super().__init__()
        self.records = []
        self.before = self.after = lambda record: None

    def emit(self, record):
        self.before(record)
        self.records.append(record)
        self.after(record)

    @property
    def messages(self):
        return [record.getMessage() for record in self.records]


class UnlockedCollector(Collector):
    """Doesn't take the handler's lock, which would let only one thread in at a time."""

    def handle(self, record):
        self.emit(record)
