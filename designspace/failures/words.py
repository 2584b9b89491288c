"""One-line messages for failures of the machine, with which a command ends."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from designspace.errors import DesignspaceError, MachineError
from designspace.failures.gpu import lost_gpu
from designspace.failures.memory import memory_words, out_of_memory
from designspace.plugins import blamed

CAUSES = (RuntimeError, MemoryError, OSError)
"""Types of the errors that are raised when memory runs out or the GPU is lost."""


def machine_failure(error: BaseException, advice: str = "") -> str | None:
    """Describe a failure of the machine in one line.

    Args:
        error: Error that was raised.
        advice: Changes that take less memory.

    Returns:
        The line; None if the error has another cause than the machine.
    """
    if out_of_memory(error):
        return "; ".join(part for part in (memory_words(error), advice) if part)
    gpu = lost_gpu(error)
    return gpu and f"the GPU failed: {gpu}; this process cannot use it any more"


def failure_words(error: BaseException) -> str:
    """Return the first line of an error, after the error's type unless the text is for users.

    If the error arose in a plug-in, the line begins with the plug-in's file and line number.
    """
    lines = str(error).strip().splitlines()
    own = isinstance(error, DesignspaceError)
    name, where = ("", None) if own else (type(error).__name__, blamed(error))
    return ": ".join(part for part in (where, name, *lines[:1]) if part)


@contextmanager
def in_one_line(advice: str = "") -> Generator[None]:
    """Turn a failure of the machine into a `MachineError`, with advice if memory ran out.

    Raises:
        MachineError: Memory ran out, or this process lost its GPU.
    """
    try:
        yield
    except CAUSES as error:
        said = machine_failure(error, advice)
        if said is None:
            raise
        raise MachineError(said) from error
