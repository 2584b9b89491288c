"""Output of libraries, kept out of the terminal by redirecting the file descriptors themselves.

Python's own redirection misses the output of native code and of child processes.
"""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from designspace.spec.documents.document import writing

_terminals: list[int] = []  # copies of the descriptor of standard error while it is redirected


def terminal() -> TextIO:
    """Return standard output on a separate descriptor, which `redirected` does not redirect."""
    sys.stdout.flush()
    return os.fdopen(os.dup(1), "w", buffering=1, encoding="utf-8", errors="replace")


@contextmanager
def redirected(log: Path) -> Generator[None]:
    """Append the output of descriptors 1 and 2 to a log file until the context ends.

    Raises:
        InputError: The log cannot be written.
    """
    with writing(log):
        file = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    saved = [os.dup(1), os.dup(2)]
    _terminals.append(saved[1])
    _flush()
    try:
        os.dup2(file, 1)
        os.dup2(file, 2)
        yield
    finally:
        _flush()
        _terminals.pop()
        for number, copy in enumerate(saved, start=1):
            os.dup2(copy, number)
            os.close(copy)
        os.close(file)


def say(line: str) -> None:
    """Write a line to the real standard error, also from another thread while it is redirected."""
    error = _terminals[-1] if _terminals else 2
    shown = f"\x1b[?25h\n{line}\n" if os.isatty(error) else f"{line}\n"  # the cursor is shown again
    with contextlib.suppress(OSError):
        os.write(error, shown.encode())


def _flush() -> None:
    sys.stdout.flush()
    sys.stderr.flush()
