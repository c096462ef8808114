"""Walks a directory tree on several threads, and logs what it meets."""

from ._native import walk

__all__ = ["walk"]
