"""Memory that ends, of a GPU or of the machine: how it is recognised, and what to change."""

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
    """Whether an error says that memory ended."""
    if isinstance(error, MemoryError) or getattr(error, "error_code", None) == _MEMORY:
        return True
    if not isinstance(error, (RuntimeError, OSError)):
        return False
    said = str(error).lower()
    return any(sign.lower() in said for sign in _SIGNS)


def memory_words(error: BaseException) -> str:
    """Return the failure in plain words, with what was asked for where the error says it."""
    wanted, gpu = _WANTED.search(str(error)), _OF_GPU.search(str(error))
    parts = [f"tried to allocate {_size(*wanted.groups())}"] if wanted else []
    parts += [f"{gpu[1]} has {gpu[2]}"] if gpu else []
    return f"out of memory ({'; '.join(parts)})" if parts else "out of memory"


def _size(number: str, unit: str) -> str:
    """Return a size as it was printed, or in GiB where that was in bytes."""
    return f"{number} {unit}" if unit.lower() != "bytes" else f"{float(number) / 2**30:.2f} GiB"


def memory_advice(recipe: Mapping[str, Any], *, processes: int = 1) -> str:
    """Return what to change in a recipe so that a training takes less memory.

    Args:
        recipe: That of the training, in full, as plain data.
        processes: How many train together: each has an equal share of what is trained at once.
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
    """Whether batches are mixed, so that their images go in pairs."""
    strength = max(recipe.get("mixup", 0.0), recipe.get("cutmix", 0.0))
    return strength > 0 and recipe.get("mix_prob", 1.0) > 0


def _more_parts(batch: int, before: int, unit: int) -> int | None:
    """Return a number of parts, at least twice that of before; None where the batch has none.

    The images of a part are a multiple of `unit`.
    """
    counts = range(2 * before, batch // unit + 1)
    return next((count for count in counts if batch % (count * unit) == 0), None)


def share_memory(share: float, device: str) -> None:
    """Keep this process within its share of a GPU's memory, where others have the rest.

    A share of 1 or more is whole GPUs, and nothing is limited. The limit is one of torch's
    allocator: the few hundred MB of the CUDA context of each process come on top.

    Args:
        share: Of the GPU, as in `--gpus-per-trial`.
        device: "cuda" or "cuda:1"; another kind of device has no such limit.
    """
    if not 0 < share < 1 or not device.startswith("cuda"):
        return
    cuda: Any = import_module("torch").cuda
    number = device.partition(":")[2]
    cuda.set_per_process_memory_fraction(share, int(number) if number else None)


def release() -> None:
    """Give back the memory of objects that nothing uses any more, on the GPU as well."""
    gc.collect()
    torch: Any = sys.modules.get("torch")
    if torch is not None and torch.cuda.is_initialized():
        torch.cuda.empty_cache()
