"""Float32 arithmetic of a GPU: tensor cores for training and measuring.

Float32 matrix products run on tensor cores only if torch may round their factors to TF32 (10 bits
of mantissa instead of 23; NVIDIA Ampere and later). Torch allows this for convolutions by default,
and for linear layers and attention on request. `cudnn.benchmark` times the algorithms of a
convolution once per shape and keeps the fastest.

Checks of equality must not run in this context.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any

import torch

_TF32, _FULL = "tf32", ("none", "ieee")
_CUDNN: Any = torch.backends.cudnn  # not typed by torch
_MATMUL: Any = torch.backends.cuda.matmul


@contextmanager
def fast_arithmetic(device: torch.device) -> Generator[None]:
    """Allow TF32 and `cudnn.benchmark` on a GPU, and restore both settings; the CPU keeps its own.

    The matrix products are set through `allow_tf32`: parts of `torch.compile` still read it, and
    torch raises an error there if only the newer `fp32_precision` was set.
    """
    if device.type != "cuda":
        yield
        return
    precision, benchmark = _MATMUL.fp32_precision, _CUDNN.benchmark
    allowed = precision == _TF32
    if not allowed:
        _MATMUL.allow_tf32 = True
    _CUDNN.benchmark = True
    try:
        yield
    finally:
        if not allowed:
            _MATMUL.allow_tf32 = False
            _MATMUL.fp32_precision = precision
        _CUDNN.benchmark = benchmark


def arithmetic(device: torch.device) -> dict[str, Any]:
    """Return how a GPU computes in float32 under the current settings; empty on the CPU."""
    if device.type != "cuda":
        return {}
    return {
        "float32_matmul": _named(_MATMUL.fp32_precision),
        "float32_conv": _named(_CUDNN.conv.fp32_precision),
        "cudnn_benchmark": _CUDNN.benchmark,
    }


def fast_settings(device: torch.device) -> dict[str, Any]:
    """Return the result of `arithmetic` inside `fast_arithmetic`."""
    with fast_arithmetic(device):
        return arithmetic(device)


def _named(precision: str) -> str:
    """Return the precision that the GPU uses; older GPUs ignore the permission for TF32."""
    ignored = precision == _TF32 and not torch.cuda.is_tf32_supported()
    return "float32" if ignored or precision in _FULL else precision
