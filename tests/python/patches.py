"""Context managers that change something for the length of a block."""

import contextlib


@contextlib.contextmanager
def class_of(instance, replacement):
    original = instance.__class__
    instance.__class__ = replacement
    try:
        yield
    finally:
        instance.__class__ = original
