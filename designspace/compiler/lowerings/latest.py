"""A constant tensor that depends on the shape of an input, kept between calls."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor


class Latest:
    """A cache of one tensor: the one for the latest shape, device and dtype.

    One tensor per instance bounds the memory, and it is freed with the module. Copies and pickles
    of a module begin with an empty cache. While torch only records operations (compilation, export,
    tracing, fake and meta tensors, `torch.func`), the tensor is made anew and not kept.
    """

    def __init__(self) -> None:
        self._kept: tuple[Any, Tensor] | None = None

    def __reduce__(self) -> tuple[type[Latest], tuple[()]]:
        return Latest, ()

    def __call__(self, like: Tensor, dtype: torch.dtype, make: Callable[[], Tensor]) -> Tensor:
        """Return the result of `make`, which may depend only on the other two arguments.

        Args:
            like: Tensor with the shape, without its first axis, and the device.
            dtype: Dtype of the result.
            make: Function that makes the tensor.
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
    """Return whether a tensor has values and no tracing or transform is active."""
    tracing = torch.jit.is_tracing()  # pyright: ignore[reportPrivateImportUsage]
    plain = type(like) is Tensor and not like.is_meta and not tracing
    return plain and torch.func.debug_unwrap(like) is like
