"""Widths of the stages: a list, or a base that grows."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, PositiveFloat, PositiveInt

from designspace.layers.frozen import Frozen


class Growth(Frozen):
    """Widths `base * growth ** stage`, rounded to whole channels.

    Attributes:
        base: Width of the first stage.
        growth: Factor from each stage to the next.
    """

    base: PositiveInt
    growth: PositiveFloat = 2

    def over(self, stages: int) -> tuple[int, ...]:
        """The width of each stage."""
        return tuple(round(self.base * self.growth**stage) for stage in range(stages))


def _listed(value: Any) -> Any:
    """A bare number is the base of the usual doubling."""
    return {"base": value} if isinstance(value, int) else value


Widths: TypeAlias = Annotated[Growth | tuple[PositiveInt, ...], BeforeValidator(_listed)]
