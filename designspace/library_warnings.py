"""Suppress the warnings of libraries that read a user's file."""

from __future__ import annotations

import warnings
from collections.abc import Generator
from contextlib import contextmanager


@contextmanager
def silenced() -> Generator[None]:
    """Ignore warnings inside the context; it also works as a decorator.

    A reader either understands a file or raises an `InputError` that says what is wrong with it. A
    library's own warning about the same bytes (torch's unpickler about a protocol, Pillow about
    metadata, NumPy about an old header) only adds a second, worse message, and fails a test run in
    which warnings are errors. Python's warning filters belong to the process: enter this context
    before threads start, never inside them.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
