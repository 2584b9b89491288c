"""What a GPU was asked to do: launches, host syncs and copies, with the line that asked."""

from __future__ import annotations

import os
import sys
import types
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Literal

import torch

Direction = Literal["to the GPU", "to the host", "between GPUs"]
_LIBRARY = f"{Path(torch.__file__).parent}{os.sep}"
_STANDARD = f"{Path(os.__file__).parent}{os.sep}"
_OWN = f"{Path(__file__).parent}{os.sep}"


@dataclass(frozen=True)
class Copy:
    """A copy between the host and a GPU, or between two GPUs.

    Attributes:
        size: Bytes.
        pinned: Whether the host's side is pinned memory.
        non_blocking: Whether the host goes on at once.
        site: The line that asked for it.
    """

    direction: Direction
    size: int
    pinned: bool
    non_blocking: bool
    site: str

    @property
    def pageable(self) -> bool:
        """Whether the driver copies it through a buffer of its own, on the calling thread."""
        return self.direction != "between GPUs" and not self.pinned


@dataclass
class Counts:
    """What happened in one stretch of time.

    Attributes:
        launches: Kernels, by operator and line.
        syncs: Waits of the host for the GPU, by cause and line.
        copies: In their order.
        cpu: Operators on host tensors, by operator and line.
    """

    launches: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    syncs: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])
    copies: list[Copy] = field(default_factory=list[Copy])
    cpu: Counter[tuple[str, str]] = field(default_factory=Counter[tuple[str, str]])

    def add(self, other: Counts) -> None:
        """Add what happened in another stretch."""
        self.launches.update(other.launches)
        self.syncs.update(other.syncs)
        self.copies.extend(other.copies)
        self.cpu.update(other.cpu)

    def pageable(self, beyond: int = 0) -> list[Copy]:
        """The copies from or to pageable memory of more than `beyond` bytes."""
        return [copy for copy in self.copies if copy.pageable and copy.size > beyond]

    @property
    def launched(self) -> int:
        """How many kernels."""
        return self.launches.total()


class Log:
    """Collects what happens, and cuts it into labelled stretches."""

    def __init__(self) -> None:
        self.now = Counts()
        self.stretches: list[tuple[str, Counts]] = []

    def mark(self, label: str) -> None:
        """Everything since the mark before belongs to `label`."""
        self.stretches.append((label, self.now))
        self.now = Counts()

    def of(self, label: str) -> Counts:
        """The sum of all stretches of a label."""
        total = Counts()
        for name, counts in self.stretches:
            if name == label:
                total.add(counts)
        return total

    @property
    def total(self) -> Counts:
        """Everything so far."""
        total = Counts()
        for _, counts in self.stretches:
            total.add(counts)
        total.add(self.now)
        return total


def site() -> str:
    """The line in our code, timm's or a test's that is at work, as `file.py:12 function`."""
    for code, line in _frames():
        if not _passed_over(code.co_filename):
            return _named(code.co_filename, line, code.co_name)
    return "torch"


def _frames() -> Iterator[tuple[types.CodeType, int]]:
    frame = sys._getframe(2)
    while frame is not None:
        yield frame.f_code, frame.f_lineno
        frame = frame.f_back


@cache
def _passed_over(file: str) -> bool:
    """Whether a file is torch's, Python's or of the pretence itself."""
    standard = file.startswith(_STANDARD) and "site-packages" not in file
    return standard or file.startswith((_LIBRARY, _OWN, "<"))


@cache
def _named(file: str, line: int, function: str) -> str:
    path = Path(file)
    return f"{path.parent.name}/{path.name}:{line} {function}"
