"""Prints the loggers that exist after the import of an extension.

Run: python tests/python/programs/loggers_at_import.py
"""

import logging

import pylog_probe._native

print(sorted(logging.root.manager.loggerDict))
