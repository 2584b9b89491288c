"""How to load a plug-in, in the words of the user's way in: the command line or Python."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

_commands: list[None] = []


@contextmanager
def command_line() -> Generator[None]:
    """Advise options of the command line within, instead of Python functions."""
    _commands.append(None)
    try:
        yield
    finally:
        _commands.pop()


def how_to_add(file: str) -> str:
    """Return the words to add for a plug-in file, such as `add --plugin focal.py`."""
    return f"add --plugin {file}" if _commands else f'call designspace.use_plugin("{file}") first'
