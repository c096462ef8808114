"""Counts the files and lines in a directory tree on several threads, and logs."""

from ._native import walk

__all__ = ["walk"]
