"""A program blocks signals in its threads: pylog's threads don't get them either.

Run: python tests/python/programs/blocked_signals.py DELIVERY {sigwait,section}

DELIVERY is one of `deliveries.DELIVERIES`, or `python` for Python's own logger. Run it with PYLOG_WATCHDOG=60, too.
"""

import logging
import os
import signal
import sys
import time

from deliveries import DELIVERIES
from pylog_probe import _native as native

delivery, how = sys.argv[1:]
logging.basicConfig(level=logging.INFO, handlers=[logging.NullHandler()])
if delivery == "python":
    logging.getLogger("dependency").info("starts no thread")
else:
    DELIVERIES[delivery]()
    native.log_to_target("dependency", "starts the drain thread")
    native.log_in_worker("starts it, too")
    assert native.flush()
if how == "sigwait":
    # One that ends the process where no thread blocks it.
    signals = {signal.SIGUSR1}
    signal.pthread_sigmask(signal.SIG_BLOCK, signals)
    os.kill(os.getpid(), signal.SIGUSR1)
    time.sleep(0.1)
    print(signal.sigwait(signals).name)
else:
    try:
        before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.1)
        print([pending.name for pending in signal.sigpending()])
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    except KeyboardInterrupt:
        print("KeyboardInterrupt")
