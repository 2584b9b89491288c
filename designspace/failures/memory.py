"""Running out of memory, on a GPU or on the machine: how to recognise it and what to change."""

from __future__ import annotations

import gc
import re
import sys
from collections.abc import Mapping
from importlib import import_module
from typing import Any

_SIGNS = (
    "out of memory",  # CUDA and its libraries
    "can't allocate memory",  # torch's CPU allocator
    "cannot allocate memory",  # the system, as in errno 12
    "unable to allocate",  # NumPy
    "not enough memory",
    "CUBLAS_STATUS_ALLOC_FAILED",
    "CUDNN_STATUS_ALLOC_FAILED",
)
_MEMORY = 2  # cudaErrorMemoryAllocation
_WANTED = re.compile(r"tried to allocate ([\d.]+) ?(bytes|[KMGTP]i?B)", re.IGNORECASE)
_OF_GPU = re.compile(r"(GPU \d+) has a total capacity of ([\d.]+ [KMGT]iB)")


def out_of_memory(error: BaseException) -> bool:
    """Return whether an error says that memory ran out."""
    if isinstance(error, MemoryError) or getattr(error, "error_code", None) == _MEMORY:
        return True
    if not isinstance(error, (RuntimeError, OSError)):
        return False
    said = str(error).lower()
    return any(sign.lower() in said for sign in _SIGNS)


def memory_words(error: BaseException) -> str:
    """Return the failure in plain words, with the requested size if the error states it."""
    wanted, gpu = _WANTED.search(str(error)), _OF_GPU.search(str(error))
    parts = [f"tried to allocate {_size(*wanted.groups())}"] if wanted else []
    parts += [f"{gpu[1]} has {gpu[2]}"] if gpu else []
    return f"out of memory ({'; '.join(parts)})" if parts else "out of memory"


def _size(number: str, unit: str) -> str:
    """Return a size as it was printed, or in GiB if it was printed in bytes."""
    return f"{number} {unit}" if unit.lower() != "bytes" else f"{float(number) / 2**30:.2f} GiB"


def memory_advice(recipe: Mapping[str, Any], *, processes: int = 1) -> str:
    """Return changes to a recipe that make a training take less memory.

    Args:
        recipe: Full recipe of the training, as plain data.
        processes: Number of processes that train together; each has an equal share of the images
            that are trained at once.
    """
    batch, before = int(recipe.get("batch_size", 1)), int(recipe.get("accumulation") or 1)
    parts = _more_parts(batch, before, processes * (2 if _mixes(recipe) else 1))
    changes: list[str] = []
    if parts is not None:
        at_once = f"{batch // parts} images at once instead of {batch // before}"
        changes.append(f"--recipe-set accumulation={parts} ({at_once})")
    if recipe.get("precision") == "float32":
        changes.append("--recipe-set precision=bfloat16")
    if batch > 1:
        changes.append(f"a batch_size below {batch}")
    changes.append("a smaller input_size or network")
    return "try " + " or ".join(part for part in (", ".join(changes[:-1]), changes[-1]) if part)


def _mixes(recipe: Mapping[str, Any]) -> bool:
    """Return whether the recipe mixes batches, so that images must stay in pairs."""
    strength = max(recipe.get("mixup", 0.0), recipe.get("cutmix", 0.0))
    return strength > 0 and recipe.get("mix_prob", 1.0) > 0


def _more_parts(batch: int, before: int, unit: int) -> int | None:
    """Return the smallest usable number of parts that is at least twice `before`; None if none is.

    The parts are equal, and the number of images of a part is a multiple of `unit`.
    """
    counts = range(2 * before, batch // unit + 1)
    return next((count for count in counts if batch % (count * unit) == 0), None)


def share_memory(share: float, device: str) -> None:
    """Limit this process to its share of a GPU's memory, so that others can use the rest.

    A share of 1 or more means whole GPUs, which have no limit. The limit applies to torch's
    allocator: the CUDA context of each process takes a few hundred MB in addition.

    Args:
        share: Share of the GPU, as in `--gpus-per-trial`.
        device: "cuda" or "cuda:1"; other kinds of device have no such limit.
    """
    if not 0 < share < 1 or not device.startswith("cuda"):
        return
    cuda: Any = import_module("torch").cuda
    number = device.partition(":")[2]
    cuda.set_per_process_memory_fraction(share, int(number) if number else None)


def release() -> None:
    """Release the memory of objects that are no longer used, on the GPU as well."""
    gc.collect()
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
