"""Silence for what libraries warn about while they read a user's file."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def silenced() -> Generator[None]:
    """Ignore warnings meanwhile; usable as a decorator, too.

    A reader either understands a file or raises an `InputError` that says what is wrong with it, so
    a library's own warning about the same bytes (torch's unpickler about a protocol, Pillow about
    metadata, NumPy about an old header) only adds a second, worse message, and fails a test run in
    which warnings are errors. Python's filters belong to the process: enter this before threads
    start, never inside them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
