"""Eight threads log while they hold a lock of the extension's.

    python tests/python/programs/log_under_a_lock.py DELIVERY {mutex,lazy,dependency,lazy dependency}

DELIVERY is one of `deliveries.DELIVERIES`. With direct and with queued delivery this deadlocks, and by default unless a
dependency logs: the handler lets go of the GIL, another thread takes it and waits for the lock.
"""

import logging
import sys
import threading
import time

from deliveries import DELIVERIES
from pylog_probe import _native as native


class Count(logging.Handler):
    count = 0

    def emit(self, record):
        time.sleep(0)  # Lets go of the GIL.
        self.count += "certificate" in record.msg


delivery, kind = sys.argv[1:]
DELIVERIES[delivery]()
handler = Count()
logging.basicConfig(level=logging.INFO, handlers=[handler])
sys.setswitchinterval(1e-5)
threads = [threading.Thread(target=native.log_under_a_lock, args=(kind,)) for _ in range(8)]
for thread in threads:
    thread.start()
for thread in threads:
    thread.join()
assert native.flush()
print(handler.count, "records")
