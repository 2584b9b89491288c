"""Positions of norms and activations in a block of three layers, and their short forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, Literal, TypeAlias, cast

from pydantic import AfterValidator, BeforeValidator, Field


def _spelled(first: int, last: int) -> Callable[[Any], Any]:
    """Return a function that expands `all`, and a count with a unique meaning, to positions."""
    every = list(range(1, last + 1))

    def spell(value: Any) -> Any:
        if value == "all":
            return every
        if isinstance(value, int) and not isinstance(value, bool):
            if value in (0, last):
                return every[:value]
            raise ValueError(
                f"a count of {value} does not say which positions: "
                f"list them from {first} to {last}, such as [1], or write all"
            )
        return cast("object", value)

    return spell


def _sorted(value: tuple[int, ...]) -> tuple[int, ...]:
    if len(set(value)) < len(value):
        raise ValueError("a position appears twice")
    return tuple(sorted(value))


NormPositions: TypeAlias = Annotated[
    tuple[Annotated[int, Field(strict=True, ge=0, le=3)], ...],
    BeforeValidator(_spelled(0, 3), json_schema_input_type=list[int] | int | Literal["all"]),
    AfterValidator(_sorted),
]
"""Numbers of the layers that a norm follows; 0 is before the first. `all` is [1, 2, 3]."""

ActPositions: TypeAlias = Annotated[
    tuple[Annotated[int, Field(strict=True, ge=1, le=3)], ...],
    BeforeValidator(_spelled(1, 3), json_schema_input_type=list[int] | int | Literal["all"]),
    AfterValidator(_sorted),
]
"""Numbers of the layers that an activation follows; 3: after the addition; `all`: [1, 2, 3]."""
