"""What a layer keeps from its forward pass for its backward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Autocast: TypeAlias = Literal["half", "single", "promote", "follow", "widest"]
"""What automatic mixed precision makes of a layer: it is computed in bfloat16, or in float32; or
its float32 parameters make its output float32; or the output is as the first input is, or as the
widest of all inputs."""

Precision: TypeAlias = Literal["float32", "bf16"]
"""Of a training step: plain, or automatic mixed precision on float32 parameters."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Tensors kept for the backward pass; one that two layers keep is held once.

    Attributes:
        input: Whether the first input is kept.
        output: Whether the output is kept.
        single: Further elements for one image, of four bytes in any precision.
        working: Further elements for one image, in the precision of the matrix products.
        once: Further elements for the whole batch, of four bytes.
        working_once: Further elements for the whole batch, in the precision of the products.
        weights: Parameters of which mixed precision keeps a copy in half precision.
    """

    input: bool = False
    output: bool = False
    single: int = 0
    working: int = 0
    once: int = 0
    working_once: int = 0
    weights: int = 0


NOTHING = Saved()
INPUT = Saved(input=True)
