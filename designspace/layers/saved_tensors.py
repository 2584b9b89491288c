"""The tensors that a layer keeps from its forward pass for its backward pass."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Autocast: TypeAlias = Literal["half", "single", "promote", "follow", "widest"]
"""Precision of a layer under automatic mixed precision.

`half`: computed in bfloat16; `single`: computed in float32; `promote`: float32 output because of
float32 parameters; `follow`: output as the first input; `widest`: output as the widest input.
"""

Precision: TypeAlias = Literal["float32", "bf16"]
"""Precision of a training step: float32, or automatic mixed precision on float32 parameters."""


@dataclass(frozen=True, slots=True)
class Saved:
    """Tensors that a layer keeps for the backward pass; a tensor that two layers keep counts once.

    Attributes:
        input: Whether the first input is kept.
        output: Whether the output is kept.
        single: Number of further elements per image, of four bytes each in any precision.
        working: Number of further elements per image, in the precision of the matrix products.
        once: Number of further elements for the whole batch, of four bytes each.
        working_once: Number of further elements for the whole batch, in the precision of the
            matrix products.
        weights: Number of parameters of which mixed precision keeps a copy in half precision.
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
