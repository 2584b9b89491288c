"""`--plugin FILE.py`, anywhere on the line: taken out before the command reads its words."""

from __future__ import annotations

from collections.abc import Sequence

from designspace.errors import InputError

OPTION = "--plugin"
HELP = (
    "Add the kinds that this Python file defines; repeatable, anywhere on the "
    "command line. The file is executed, so use only files that you trust."
)
EPILOG = f"{OPTION} FILE.py adds kinds from a file of yours; see designspace --help."


def taken(words: Sequence[str]) -> tuple[list[str], list[str]]:
    """Split the words of a command line into those of the command and the plug-in files.

    For example, `cost --plugin a.py demo` gives (`cost demo`, `a.py`). Everything after a bare `--`
    belongs to the command.

    Raises:
        InputError: The option has no file.
    """
    rest: list[str] = []
    files: list[str] = []
    following = iter(words)
    for word in following:
        if word == "--":
            return [*rest, word, *following], files
        if word == OPTION:
            files.append(_file(next(following, "")))
        elif word.startswith(f"{OPTION}="):
            files.append(_file(word.partition("=")[2]))
        else:
            rest.append(word)
    return rest, files


def _file(word: str) -> str:
    if not word:
        raise InputError("no file is given", path=OPTION, hint="name a Python file")
    return word
