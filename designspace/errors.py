"""The errors that a user can cause, and the exit code that each one has."""

from __future__ import annotations

import difflib
from collections.abc import Iterable

_ALL = 12  # as many names as a line holds
_FEW = 5


class DesignspaceError(Exception):
    """Base of all errors that end a command with a message instead of a traceback."""

    exit_code = 1


class InputError(DesignspaceError):
    """Something that the user wrote is wrong.

    The message reads `file:line: path: what is wrong (got value); did you mean X?`, with the parts
    that are known.
    """

    exit_code = 2

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        path: str | None = None,
        hint: str | None = None,
    ) -> None:
        self.message, self.line = printable(message), line
        self.file, self.path, self.hint = _printable(file), _printable(path), _printable(hint)
        super().__init__(str(self))

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.file and self.line else self.file
        said = ": ".join(part for part in (where, self.path, self.message) if part)
        return f"{said}; {self.hint}" if self.hint else said


def printable(text: str) -> str:
    """Return the text in one line, with control characters other than line ends as escapes.

    Names of files and tensors come from outside and may contain anything, escape codes included.
    """
    if text.isprintable():
        return text
    line = " ".join(text.splitlines())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)


def _printable(text: str | None) -> str | None:
    return None if text is None else printable(text)


class InfeasibleError(DesignspaceError):
    """A space holds no network within its limits."""

    exit_code = 3


class TrialsFailedError(DesignspaceError):
    """A study or a training ended, but some of its trainings failed or diverged."""

    exit_code = 4


class DivergedError(DesignspaceError):
    """The training loss is no longer finite, which is a result of the training.

    Attributes:
        epoch: Epoch of the divergence, counted from 1.
        step: First step of the epoch with a loss that is not finite, counted from 1.
        lr: Learning rate when the loss was checked, at most 15 steps later.
        cause: Likely cause, and what to try.
    """

    exit_code = 4

    def __init__(
        self,
        epoch: int,
        step: int,
        lr: float,
        cause: str = "try a lower lr, a longer warm-up or grad_clip",
    ) -> None:
        self.epoch, self.step, self.lr, self.cause = epoch, step, lr, cause
        super().__init__(
            f"training diverged: the loss is not finite at epoch {epoch}, step {step}, "
            f"lr {lr:.2e}; {cause}"
        )

    def __reduce__(self) -> tuple[type[DivergedError], tuple[int, int, float, str]]:
        """Return the arguments, so that the error can be pickled and cross processes."""
        return type(self), (self.epoch, self.step, self.lr, self.cause)


class VerificationError(DesignspaceError):
    """A network's count differs from its published count, and no reason is known."""

    exit_code = 1


class MachineError(DesignspaceError):
    """The machine failed a command: it ran out of memory, or this process lost the GPU."""


class StoppedError(DesignspaceError):
    """The user interrupted a command that cannot resume by itself; the message says what stays."""

    exit_code = 130


def nearest(word: str, valid: Iterable[str]) -> str | None:
    """Return the valid choice closest to `word`, or None if nothing is close."""
    close = difflib.get_close_matches(word, list(valid), n=1, cutoff=0.5)
    return close[0] if close else None


def did_you_mean(word: str, valid: Iterable[str]) -> str:
    """Return a hint that names the nearest valid choice, or all of them if none is near.

    If there are more than 12, the hint names the nearest five, however far they are.
    """
    choices = sorted(valid)
    close = nearest(word, choices)
    if close:
        return f"did you mean '{close}'?"
    if len(choices) <= _ALL:
        return f"valid: {', '.join(choices)}"
    few = difflib.get_close_matches(word, choices, n=_FEW, cutoff=0.0)
    return f"the nearest of {len(choices)}: {', '.join(few)}"


def nearest_few(word: str, valid: Iterable[str]) -> str:
    """Return a hint that names the nearest five choices of a long list."""
    choices = sorted(valid)
    few = difflib.get_close_matches(word, choices, n=_FEW, cutoff=0.0)
    return f"did you mean {', '.join(few)}?"
