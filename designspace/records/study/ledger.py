"""The append-only ledger of a study: one JSON line per event, one writer.

A line counts once its newline is on disk. A crash can therefore leave at most one partial line, at
the end. Readers skip it, and the next writer removes it.
"""

from __future__ import annotations

import json
import os
from pathlib import Path
from types import TracebackType
from typing import Self

from pydantic import ValidationError

from designspace.errors import InputError
from designspace.records.file_lock import lock, unlock
from designspace.records.study.events import EVENT, Event
from designspace.spec.documents.document import writing

LOCK = ".lock"
_OLD_WORDS = ("done",)
_EARLIER = "an earlier version wrote this study; search again in a new directory"


def read(path: Path) -> list[Event]:
    """Read all events of a ledger, oldest first; a missing file has none.

    Raises:
        InputError: A line is not an event; a partial last line is not an error.
    """
    return _parse(path)[0]


def _parse(path: Path) -> tuple[list[Event], int]:
    """Return the events, and the length in bytes of the part of the file that holds them."""
    if not path.exists():
        return [], 0
    events: list[Event] = []
    length = 0
    lines = path.read_bytes().split(b"\n")
    complete = lines[:-1]  # the rest after the last newline is partial, or empty
    for number, line in enumerate(complete, start=1):
        if number == len(complete) and not _is_json(line):
            break
        try:
            events.append(EVENT.validate_json(line))
        except ValidationError as error:
            raise _not_an_event(error, path, number) from error
        length += len(line) + 1
    return events, length


def _not_an_event(error: ValidationError, path: Path, line: int) -> InputError:
    """Return an error with the value at fault, its path, and pydantic's message."""
    first = error.errors()[0]
    place = ".".join(str(key) for key in first["loc"][1:])
    value = first["input"] if isinstance(first["input"], str | int | float) else ""
    got = f" (got {json.dumps(value)})" if place and value != "" else ""
    hint = _EARLIER if value in _OLD_WORDS else None
    said = f"not an event: {first['msg']}{got}"
    return InputError(said, file=str(path), line=line, path=place or None, hint=hint)


def _is_json(line: bytes) -> bool:
    try:
        json.loads(line)
    except ValueError:
        return False
    return True


class Ledger:
    """The single writer of a ledger, from opening to `close`.

    Each event is flushed and synced before `append` returns. The lock is released when the process
    ends, however it ends, and children do not inherit it.
    """

    def __init__(self, path: Path) -> None:
        """Lock the ledger, and remove a partial last line.

        Raises:
            InputError: Another process is writing this study, or the ledger cannot be written.
        """
        self.path = path
        self._lock = lock(path.parent / LOCK, "study")
        self.events, self._length = _parse(path)
        with writing(path):
            self._file = path.open("ab", buffering=0)
            self._file.truncate(self._length)

    def append(self, event: Event) -> None:
        """Write one event to disk as a whole or not at all.

        Raises:
            InputError: The disk is full or not writable.
        """
        line = event.model_dump_json().encode() + b"\n"
        try:
            if os.fstat(self._file.fileno()).st_size != self._length:
                self._file.truncate(self._length)  # a signal cut the last append short
            written = self._file.write(line)
            if written < len(line):  # a nearly full disk accepts a part; the next write fails
                self._file.write(line[written:])
            os.fsync(self._file.fileno())
        except OSError as error:
            self._file.truncate(self._length)
            raise InputError(f"cannot write: {error.strerror}", file=str(self.path)) from error
        self._length += len(line)

    def close(self) -> None:
        """Release the file and the lock."""
        self._file.close()
        unlock(self._lock)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self.close()
