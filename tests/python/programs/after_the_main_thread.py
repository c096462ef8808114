"""Imports pylog and logs when the main thread has ended. Python waits for other threads before it calls `atexit`.

The first record is logged by a thread, or by a signal handler, which Python runs in the main thread all the same.

Run: python tests/python/programs/after_the_main_thread.py thread|signal
"""

import logging
import signal
import sys
import threading


def log(message):
    from pylog_probe import _native as native

    native.log_message(message)


def handle(number, frame):
    if not is_handling.is_set():
        is_handling.set()
        log("first")
        is_handled.set()


def work_first():
    main.join()
    if sys.argv[1] == "signal":
        # A signal that comes just before the main thread begins to wait isn't noticed before the next one.
        while not is_handling.wait(0.05):
            signal.pthread_kill(main.ident, signal.SIGUSR1)
        is_handled.wait()
    else:
        log("first")


def work_second():
    first.join()
    log("second")


logging.basicConfig(level=logging.INFO, format="%(message)s")
main, is_handling, is_handled = threading.main_thread(), threading.Event(), threading.Event()
signal.signal(signal.SIGUSR1, handle)
first = threading.Thread(target=work_first)
first.start()
threading.Thread(target=work_second).start()
