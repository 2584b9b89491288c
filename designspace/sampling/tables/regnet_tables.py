"""RegNet's depths and widths for every combination of its numbers, as arrays.

The general method applies all changes and reads the resulting data. If the axes set only the
numbers that determine depths and widths, arrays of these numbers are enough. The width of each
block depends on the axes only through w0, wa and wm, so a shallower network is the beginning of a
deeper one. The line of widths of each form (w0, wa, wm) is therefore cut into stages once, at the
greatest depth, and all other depths and group widths follow from it. For example, the line 24, 24,
56, 56, 152 is three stages of depths 2, 2 and 1; at depth 3 it is two stages of depths 2 and 1.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from designspace.layers.bounds import WIDEST
from designspace.sampling.tables.touched_parts import GROUP_WIDTH
from designspace.sampling.tables.wavelet import Ints
from designspace.spec.network.regnet_widths import Quantised, group_width, is_quantised
from designspace.spec.space.axis import Axis

DEPTH, GROUPS = "depths", ".".join(GROUP_WIDTH)
LINE = ("widths.w0", "widths.wa", "widths.wm")
NUMBERS = {*LINE, DEPTH, GROUPS}


@dataclass(frozen=True, slots=True)
class Shapes:
    """Depths and widths of n networks of up to s stages.

    Attributes:
        depths: Number of blocks per stage, (n, s); 0 if there is no such stage.
        widths: Number of channels per stage, (n, s); 0 if there is no such stage.
        stages: Number of stages, (n,); 0 if the network is refused.
    """

    depths: Ints
    widths: Ints
    stages: Ints

    @staticmethod
    def of(shapes: Iterable[Sequence[tuple[int, int]]]) -> Shapes:
        """Return shapes from depth and width of each stage of each network."""
        listed = list(shapes)
        stages = np.array([len(each) for each in listed], np.int64)
        table = np.zeros((len(listed), int(stages.max(initial=0)), 2), np.int64)
        for row, each in zip(table, listed, strict=True):
            if each:
                row[: len(each)] = each
        return Shapes(table[:, :, 0], table[:, :, 1], stages)

    def stage(self, number: int) -> tuple[Ints, Ints]:
        """Return depth and width of one stage, (n,) each."""
        if number >= self.depths.shape[1]:
            none = np.zeros(len(self.stages), np.int64)
            return none, none
        return self.depths[:, number], self.widths[:, number]


def applies(axes: Mapping[str, Axis], base: Mapping[str, Any]) -> bool:
    """Return whether each axis only sets a number of its own, without conditions."""
    plain = all(axis.path in NUMBERS and not axis.when for axis in axes.values())
    paths = [axis.path for axis in axes.values()]
    return plain and len(set(paths)) == len(paths) and is_quantised(dict(base))


def shapes(axes: Mapping[str, Axis], base: Mapping[str, Any]) -> Shapes:
    """Return depth and width of each stage, for every combination of labels."""
    numbers: dict[str, Any] = {f"widths.{key}": value for key, value in base["widths"].items()}
    numbers |= {DEPTH: base.get("depths"), GROUPS: group_width(base.get("block"))}
    choices = {str(axis.path): list(axis.choices.values()) for axis in axes.values()}
    sizes = [len(values) for values in choices.values()]
    places = np.unravel_index(np.arange(np.prod(sizes, dtype=np.int64)), sizes) if sizes else ()
    place = dict(zip(choices, places, strict=True))
    own = {path: values for path, values in choices.items() if path in LINE}
    form = np.zeros(int(np.prod(sizes, dtype=np.int64)), np.int64)
    for path, values in own.items():
        form = form * len(values) + place[path]
    forms = [
        _form(
            *((numbers | dict(zip(own, each, strict=True))).get(f"widths.{key}") for key in _KEYS)
        )
        for each in itertools.product(*own.values())
    ]
    depth = np.array(choices.get(DEPTH, [numbers[DEPTH]]), np.int64)[place.get(DEPTH, 0 * form)]
    groups = np.array([each or 1 for each in choices.get(GROUPS, [numbers[GROUPS]])], np.int64)
    return _cut(forms, form, depth, groups[place.get(GROUPS, 0 * form)])


_KEYS = tuple(Quantised.model_fields)


def _cut(forms: Sequence[Quantised], form: Ints, depth: Ints, group: Ints) -> Shapes:
    """Cut the line of each network's form at its depth, into stages of whole groups."""
    deepest = int(depth.max(initial=1))
    lines = np.array([each.line(deepest) for each in forms], np.int64)
    steps = lines[:, 1:] != lines[:, :-1]
    stages = 1 + (np.cumsum(steps, axis=1) if deepest > 1 else np.zeros((len(forms), 0), np.int64))
    stages = np.concatenate([np.ones((len(forms), 1), np.int64), stages], axis=1)
    most = int(stages[:, -1].max(initial=1))
    starts = np.stack([(stages <= each).sum(axis=1) for each in range(most + 1)], axis=1)
    starts[:, 1:] = np.minimum(starts[:, 1:], deepest)
    first = starts[form]
    depths = np.clip(np.minimum(first[:, 1:], depth[:, None]) - first[:, :-1], 0, None)
    there = depths > 0
    widths = np.take_along_axis(lines[form], np.minimum(first[:, :-1], deepest - 1), axis=1)
    whole = np.minimum(group[:, None], widths)
    widths = np.maximum(whole, np.rint(widths / whole).astype(np.int64) * whole)
    number = stages[form, depth - 1]
    valid = np.array([not each.w0 % each.multiple_of for each in forms])[form]
    wanted = np.array([each.stages or 0 for each in forms], np.int64)[form]
    valid &= ((wanted == 0) | (wanted == number)) & ((widths <= WIDEST) | ~there).all(axis=1)
    there &= valid[:, None]
    return Shapes(depths * there, widths * there, number * valid)


@lru_cache(maxsize=1 << 12)
def _form(*values: float | None) -> Quantised:
    """Return a form from its fields in order, each valid by itself; None for a missing one."""
    pairs = zip(_KEYS, values, strict=True)
    written: dict[str, Any] = {key: value for key, value in pairs if value is not None}
    return Quantised.model_construct(None, **written)
