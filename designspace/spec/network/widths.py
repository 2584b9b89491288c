"""Widths of the stages: a list, or a base that grows; RegNet's are expanded before."""

from __future__ import annotations

from typing import Annotated, Any, TypeAlias

from pydantic import BeforeValidator, Discriminator, Field, Tag

from designspace.layers.frozen import Frozen
from designspace.layers.numbers import Positive, Size
from designspace.spec.network.regnet_widths import Quantised


class Growth(Frozen):
    """Widths `base * growth ** stage`, rounded to whole channels.

    Attributes:
        base: Width of the first stage.
        growth: Factor from each stage to the next.
    """

    base: Size
    growth: Annotated[Positive, Field(le=16)] = 2

    def over(self, stages: int) -> tuple[int, ...]:
        """Return the width of each stage in channels."""
        return tuple(round(self.base * self.growth**stage) for stage in range(stages))


def _listed(value: Any) -> Any:
    """Expand a bare number to a base that doubles per stage."""
    return {"base": value} if isinstance(value, int) and not isinstance(value, bool) else value


def _form(value: Any) -> str:
    return "mapping" if isinstance(value, dict | Growth) else "list"


Widths: TypeAlias = Annotated[
    Annotated[
        Annotated[Growth, Tag("mapping")] | Annotated[tuple[Size, ...], Tag("list")],
        Discriminator(_form),
    ],
    BeforeValidator(_listed, json_schema_input_type=Growth | Quantised | tuple[Size, ...] | Size),
]
