"""A failure of the machine as the one line in which a command ends."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager

from designspace.errors import DesignspaceError, MachineError
from designspace.failures.gpu import lost_gpu
from designspace.failures.memory import memory_words, out_of_memory
from designspace.plugins import blamed

CAUSES = (RuntimeError, MemoryError, OSError)
"""What may be raised where memory ends or the GPU is lost."""


def machine_failure(error: BaseException, advice: str = "") -> str | None:
    """Return what the machine failed in, as one line.

    Args:
        error: What was raised.
        advice: What takes less memory.

    Returns:
        None where the failure is another one.
    """
    if out_of_memory(error):
        return "; ".join(part for part in (memory_words(error), advice) if part)
    gpu = lost_gpu(error)
    return gpu and f"the GPU failed: {gpu}; this process cannot use it any more"


def failure_words(error: BaseException) -> str:
    """Return the first line of an error; the type goes first unless the text is for users.

    Where the error arose in a plug-in, the file and the line of it go before that.
    """
    lines = str(error).strip().splitlines()
    own = isinstance(error, DesignspaceError)
    name, where = ("", None) if own else (type(error).__name__, blamed(error))
    return ": ".join(part for part in (where, name, *lines[:1]) if part)


@contextmanager
def in_one_line(advice: str = "") -> Generator[None]:
    """Raise a failure of the machine as an error of ours, with advice where memory ended.

    Raises:
        MachineError: Memory ended, or the GPU is lost to this process.
    """
    try:
        yield
    except CAUSES as error:
        said = machine_failure(error, advice)
        if said is None:
            raise
        raise MachineError(said) from error
