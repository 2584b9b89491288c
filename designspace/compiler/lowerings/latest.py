"""A constant tensor that follows from the shape of an input, kept from call to call."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class Latest:
    """The tensor of the latest shape, device and dtype.

    One tensor per instance bounds the memory, and it goes when the module goes. Copies and pickles
    of a module begin without it. It is made anew, and not kept, where torch only records what
    happens: compilation, export, tracing, fake and meta tensors, `torch.func`.
    """

    def __init__(self) -> None:
        self._kept: tuple[Any, Tensor] | None = None

    def __reduce__(self) -> tuple[type[Latest], tuple[()]]:
        return Latest, ()

    def __call__(self, like: Tensor, dtype: torch.dtype, make: Callable[[], Tensor]) -> Tensor:
        """Return what `make` gives, which may depend on nothing but the arguments before it.

        Args:
            like: Gives the shape, whose first axis does not count, and the device.
            dtype: Of the tensor.
            make: Makes the tensor.
        """
        if torch.compiler.is_compiling() or not _computes(like):
            return make()
        key, kept = (like.shape[1:], like.device, dtype), self._kept
        if kept is not None and kept[0] == key:
            return kept[1]
        # An inference tensor could not be used in training later.
        with torch.inference_mode(mode=False), torch.no_grad():
            made = make()
        self._kept = key, made
        return made


def _computes(like: Tensor) -> bool:
    """Whether this is a tensor with values, outside of any tracing or transform."""
    tracing = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    plain = type(like) is Tensor and not like.is_meta and not tracing
    return plain and torch.func.debug_unwrap(like) is like
