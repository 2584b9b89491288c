"""RegNet's depths and widths under every combination of its numbers, without reading each network.

The general way applies all changes and reads what they make. Where axes set nothing but the numbers
of which depths and widths come, it is enough to compute with these.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

from designspace.layers.bounds import WIDEST
from designspace.sampling.tables.touched_parts import GROUP_WIDTH
from designspace.spec.network.regnet_widths import Quantised, group_width, is_quantised
from designspace.spec.space.axis import Axis

Shape = list[tuple[int, int]]
DEPTH, GROUPS = "depths", ".".join(GROUP_WIDTH)
NUMBERS = {"widths.w0", "widths.wa", "widths.wm", DEPTH, GROUPS}


def applies(axes: Mapping[str, Axis], base: Mapping[str, Any]) -> bool:
    """Whether axes do no more than to set these numbers, each one of them, without condition."""
    plain = all(axis.path in NUMBERS and not axis.when for axis in axes.values())
    return plain and is_quantised(dict(base))


def shapes(axes: Mapping[str, Axis], base: Mapping[str, Any]) -> Iterator[Shape]:
    """Depth and width of each stage, for every combination of labels; empty where it is refused."""
    numbers: dict[str, Any] = {f"widths.{key}": value for key, value in base["widths"].items()}
    numbers |= {DEPTH: base.get("depths"), GROUPS: group_width(base.get("block"))}
    paths = [str(axis.path) for axis in axes.values()]
    for values in itertools.product(*(axis.choices.values() for axis in axes.values())):
        numbers.update(zip(paths, values, strict=True))
        yield _shape(numbers)


def _shape(numbers: Mapping[str, Any]) -> Shape:
    form = _form(*(numbers.get(f"widths.{key}") for key in Quantised.model_fields))
    if form.w0 % form.multiple_of:
        return []
    found = form.over(numbers[DEPTH], numbers[GROUPS])
    fits = form.stages in (None, len(found)) and all(width <= WIDEST for _, width in found)
    return found if fits else []


@lru_cache(maxsize=1 << 12)
def _form(*values: float | None) -> Quantised:
    """From the fields in order, each valid by itself; None where it is not written."""
    pairs = zip(Quantised.model_fields, values, strict=True)
    written: dict[str, Any] = {key: value for key, value in pairs if value is not None}
    return Quantised.model_construct(None, **written)
