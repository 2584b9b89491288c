"""Silence for a native library that prints to the process's standard error, as libtiff does."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from threading import Lock

_lock = Lock()
_users = 0
_saved = -1


@contextmanager
def muted() -> Generator[None]:
    """Send file descriptor 2 nowhere until the last of the threads that ask for it is done."""
    _enter()
    try:
        yield
    finally:
        _leave()


def _enter() -> None:
    global _users, _saved
    with _lock:
        _users += 1
        if _users == 1:
            sys.stderr.flush()
            _saved = os.dup(2)
            nowhere = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nowhere, 2)
            os.close(nowhere)


def _leave() -> None:
    global _users
    with _lock:
        _users -= 1
        if _users == 0:
            os.dup2(_saved, 2)
            os.close(_saved)
