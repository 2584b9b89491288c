"""Types of the numbers in a specification.

They are strict: a truth value or a text is not a number. They are bounded: a number beyond the
bounds is certainly a typo, and counting such a network would take very long.
"""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from designspace.layers.bounds import WIDEST

Count: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=10_000)]
"""A number of things that are listed one by one, such as blocks."""

Size: TypeAlias = Annotated[int, Field(strict=True, ge=1, le=WIDEST)]
"""Channels, pixels, sides and strides."""

Positive: TypeAlias = Annotated[float, Field(strict=True, gt=0, le=1e6)]
"""A factor, or a small constant."""

Padding: TypeAlias = Annotated[int, Field(strict=True, ge=0, le=WIDEST)]
"""Zeros on each side of a map."""


def _odd(value: int) -> int:
    if value % 2 == 0:
        raise ValueError(
            f"an even kernel cannot be centred on a position, use {value - 1} or {value + 1}"
        )
    return value


OddInt: TypeAlias = Annotated[Size, AfterValidator(_odd)]
"""Side of a kernel that is centred on a position."""
