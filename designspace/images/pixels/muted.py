"""Suppression of messages that a native library, such as libtiff, prints to standard error."""

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
    """Redirect file descriptor 2 to the null device until the last thread has left the context."""
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
