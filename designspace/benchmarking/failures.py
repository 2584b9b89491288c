"""Reasons why a step cannot run that are due to the batch or the compiler, not to the program."""

from __future__ import annotations

import gc

import torch

from designspace.failures.memory import out_of_memory

OUT_OF_MEMORY = "out of memory"
ONE_VALUE = "batch norm cannot train on one value per channel"
_SAID = {
    "more than 1 value per channel": ONE_VALUE,
}
EXPECTED = (RuntimeError, ValueError, MemoryError)
"""Classes of errors that torch raises then; `reason` decides which errors are meant."""


_COMPILER = ("torch._dynamo", "torch._inductor")


def reason(error: Exception) -> str | None:
    """Return the failure in words; None if it is due to neither the batch nor the compiler."""
    if out_of_memory(error):
        return OUT_OF_MEMORY
    said = str(error)
    known = next((words for sign, words in _SAID.items() if sign in said), None)
    if known is None and type(error).__module__.startswith(_COMPILER):
        return f"torch.compile failed: {said.splitlines()[0]}"
    return known


def let_go(*, compiled: bool) -> None:
    """Release the memory of a failed or finished step."""
    gc.collect()
    if compiled:
        torch.compiler.reset()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
