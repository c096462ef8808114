"""Eight threads log while they hold a lock of the extension's.

    python tests/python/programs/log_under_a_lock.py {direct,queued,all_queued} {mutex,lazy,dependency}

With direct and with queued delivery this deadlocks: the handler lets go of the GIL, another thread takes it and
waits for the lock.
"""

import logging
import sys
import threading
import time

from pylog_probe import _native as native


class Count(logging.Handler):
    count = 0

    def emit(self, record):
        time.sleep(0)  # Lets go of the GIL.
        self.count += "certificate" in record.msg


delivery, kind = sys.argv[1:]
if delivery != "direct":
    native.set_queue(100_000, every_thread=delivery == "all_queued")
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
