"""A file lock that one process at a time can hold.

The operating system ties the lock to the open file and releases it when its process ends, however
it ends, so a killed process leaves no stale lock behind. A forked child would inherit the open
file, and would keep the lock after its parent was killed; children therefore close it at once. The
lock works the same way on Linux, macOS and Windows. It uses `portalocker`, which is imported only
when a lock is taken or checked: reading a study that nobody writes does not pay for the import.
"""

from __future__ import annotations

import contextlib
import os
import time
from pathlib import Path

from designspace.errors import InputError
from designspace.spec.documents.document import writing

_PATIENCE = 0.5  # seconds; a call of `locked` holds the lock for microseconds
_held: set[int] = set()


def lock(path: Path, what: str) -> int:
    """Lock a file against other processes, until `unlock` gets the descriptor that is returned.

    Args:
        path: File to lock; it is created if it is missing.
        what: Kind of directory that the lock protects, for messages: a study or a run.

    Raises:
        InputError: Another process holds the lock, or the file cannot be written.
    """
    with writing(path):
        file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        _wait(file, path, what)
    except InputError:
        os.close(file)
        raise
    _held.add(file)
    with contextlib.suppress(OSError):  # a full disk: the process id is only shown to others
        os.ftruncate(file, 0)
        os.lseek(file, 0, os.SEEK_SET)
        os.write(file, f"{os.getpid()}\n".encode())
    return file


def _wait(file: int, path: Path, what: str) -> None:
    until = time.monotonic() + _PATIENCE
    while not _take(file, path, exclusive=True):
        if time.monotonic() > until:
            raise InputError(
                f"another process (pid {_holder(file)}) is writing this {what}",
                file=str(path.parent),
            )
        time.sleep(_PATIENCE / 20)


def unlock(file: int) -> None:
    """Release a lock by the descriptor that `lock` returned."""
    _held.discard(file)
    os.close(file)


def locked(path: Path) -> bool:
    """Return whether a process holds the lock of a file; a missing file is not locked."""
    try:
        file = os.open(path, os.O_RDONLY)
    except OSError:
        return False
    try:
        return not _take(file, path, exclusive=False)
    except InputError:
        return False  # a file system without locks: nothing is locked
    finally:
        os.close(file)


def _take(file: int, path: Path, *, exclusive: bool) -> bool:
    """Lock an open file; return whether that succeeded, or another process holds the lock.

    Raises:
        InputError: The file system does not support locks, as on some network drives.
    """
    from portalocker import LockFlags
    from portalocker import lock as take
    from portalocker.exceptions import AlreadyLocked, LockException

    kind = LockFlags.EXCLUSIVE if exclusive else LockFlags.SHARED
    try:
        take(file, kind | LockFlags.NON_BLOCKING)
    except AlreadyLocked:
        return False
    except LockException as error:
        raise InputError(f"cannot be locked: {error.args[0]}", file=str(path)) from error
    return True


def _holder(file: int) -> str:
    """Return the id of the process that holds the lock; on Windows the file may be unreadable."""
    try:
        os.lseek(file, 0, os.SEEK_SET)
        return os.read(file, 32).decode(errors="replace").strip() or "unknown"
    except OSError:
        return "unknown"


def _let_go() -> None:
    """Close the files that a forked child inherited; the parent keeps their locks."""
    for file in _held:
        with contextlib.suppress(OSError):
            os.close(file)
    _held.clear()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_let_go)
