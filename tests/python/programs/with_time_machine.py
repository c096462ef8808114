"""Compares the times of records when time-machine has replaced the clock.

Run: python tests/python/programs/with_time_machine.py DELIVERY THREAD
"""

import logging

import time_machine
import twins
from frozen import FROZEN, arrived, is_frozen, observe

logging.basicConfig(level=logging.INFO, handlers=[arrived])
twins.compare(lambda: time_machine.travel(FROZEN, tick=False), observe, is_frozen)
