"""Imports an extension with `tracing = true` after its library has got a default subscriber with pylog's layer.

Run: python tests/python/programs/subscriber_before_import.py
"""

import importlib.util
import logging
import warnings
from importlib.machinery import ExtensionFileLoader

# The library has a second module, which installs the subscriber.
library = importlib.util.find_spec("pylog_tracing").origin
loader = ExtensionFileLoader("pylog_own_subscriber", library)
spec = importlib.util.spec_from_loader(loader.name, loader)
loader.exec_module(importlib.util.module_from_spec(spec))
with warnings.catch_warnings(record=True) as issued:
    warnings.simplefilter("always")
    import pylog_tracing as native
logging.basicConfig(level=logging.INFO, format="%(name)s %(message)s %(spans)s")
native.log_in_span("logged")
for warning in issued:
    print(warning.category.__name__, warning.message)
