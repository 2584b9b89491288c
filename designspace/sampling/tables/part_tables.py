"""What every combination of labels makes of each part of a network: one small table per part.

Only the axes that touch a part stand in its table, so that a space of 10 ** 11 networks has tables
of a few thousand entries. Of three axes with 4 labels each, one on the kernel of each of three
stages, there are 64 networks, and three tables of 4 entries: a block is read 12 times.

An entry is a number that stands for a value: equal meanings are one value, whatever was written. So
`act: gelu` and an inherited `gelu` have the same number, and -1 stands for what is not valid. What
a part means can depend on where it stands (a shortcut needs a projection where the width changes);
`Pieces.meaning` tells these apart.
"""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from designspace.blocks.families import Block, Stem
from designspace.errors import InputError
from designspace.sampling.tables import part_reading, regnet_tables, touched_parts
from designspace.sampling.tables.active_labels import active_labels
from designspace.sampling.tables.quick_changes import copied, put_all, puts
from designspace.sampling.tables.regnet_tables import Shapes
from designspace.sampling.tables.touched_parts import EXTENT, GROUP_WIDTH, ROOTS
from designspace.spec.documents.changes import apply, keys_of
from designspace.spec.documents.document import Document
from designspace.spec.network.regnet_widths import is_quantised
from designspace.spec.space.axis import Axis

Ids = NDArray[np.int32]
REFUSED = -1
MOST = 1 << 20  # entries of one table


class TooLargeError(Exception):
    """A table would have too many entries: the space does not decompose; with the reason."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Depth and width of a stage, in a network of so many stages; depth 0 is no stage."""

    depth: int
    width: int
    stages: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The values of one part under every combination of the axes that touch it.

    Attributes:
        axes: Those axes.
        ids: Which value, one axis of the array an axis; -1 where the labels make no valid part.
    """

    axes: tuple[str, ...]
    ids: Ids


class Pieces:
    """Tables of the parts of a space's networks, and the values that the tables name."""

    def __init__(self, axes: Mapping[str, Axis], base: Mapping[str, Any]) -> None:
        """Take the axes over networks, and the base network's data as it was written."""
        self._axes, self._base = axes, base
        self.extents: list[Extent] = []
        self.kinds: list[part_reading.Staged] = []
        self._known: dict[Any, int] = {}
        self._read: dict[tuple[str, int, str], int] = {}
        self._whole_meanings: list[part_reading.Meaning] = []  # beside `kinds`
        self._meanings: dict[tuple[int, int], int] = {}
        self._numbers: dict[part_reading.Meaning, int] = {}
        self._priced_as: dict[int, int] = {}
        self._equally_priced: dict[Any, int] = {}
        self._shaped: dict[tuple[str, ...], Shapes] = {}
        self._quantised = _quantised(axes, base)
        whole = self._touching_extent(stage=-1)  # what touches all stages at once
        self.stages = int(self._shapes(whole).stages.max(initial=0))

    def extent(self, stage: int) -> Piece:
        """Depth and width of a stage, as indices into `extents`."""
        axes = self._touching_extent(stage)
        shapes = self._shapes(axes)
        depth, width = shapes.stage(stage)
        sizes = (int(depth.max(initial=0)) + 1, int(width.max(initial=0)) + 1)
        packed = (shapes.stages * sizes[0] + depth) * sizes[1] + width
        known, which = np.unique(packed, return_inverse=True)
        more = int(shapes.stages.max(initial=0)) + 1
        each = zip(
            *(part.tolist() for part in np.unravel_index(known, (more, *sizes))), strict=True
        )
        ids = np.array([self._extent(*extent, total) for total, *extent in each], np.int32)
        return self._piece(axes, np.where(shapes.stages > 0, ids[which], REFUSED))

    def whole(self, part: str) -> Piece:
        """The stem or the head, as indices into `kinds`."""
        axes = touched_parts.touching(self._axes, part, None)
        return self._piece(axes, [self._whole(part, data) for data in self._data(part, axes)])

    def of_stages(self, part: str) -> list[Piece]:
        """The block or the downsampling of each stage, as indices into `kinds`."""
        touching = [touched_parts.touching(self._axes, part, stage) for stage in range(self.stages)]
        made: dict[int, Piece] = {}
        for axes in set(touching):  # stages that the same axes touch are read together
            own = [stage for stage, each in enumerate(touching) if each == axes]
            rows = [list(self._row(part, data, own)) for data in self._data(part, axes)]
            made |= {
                stage: self._piece(axes, [row[column] for row in rows])
                for column, stage in enumerate(own)
            }
        return [made[stage] for stage in range(self.stages)]

    def priced_as(self, index: int) -> int:
        """The first block that differs from this one in nothing that its cost depends on."""
        if index not in self._priced_as:
            part = self.kinds[index].part
            assert isinstance(part, Block)
            unused = part.costless()
            fields = (value for name, value in vars(part).items() if name not in unused)
            key = (type(part), unused, *fields)
            self._priced_as[index] = self._equally_priced.setdefault(key, index)
        return self._priced_as[index]

    def meaning(self, index: int, *, width: int = 0, projects: bool = False) -> int:
        """A number for what a part means before or in a stage of this width, projecting or not."""
        part = self.kinds[index].part
        key = (index, width if isinstance(part, Stem) else projects)
        if key not in self._meanings:
            meaning = self._meaning(index, width, projects)
            self._meanings[key] = self._numbers.setdefault(meaning, len(self._numbers))
        return self._meanings[key]

    def _meaning(self, index: int, width: int, projects: bool) -> part_reading.Meaning:
        part = self.kinds[index].part
        if isinstance(part, Stem):
            return part_reading.meaning_of(part.meaning_before(width))
        unused = part.inactive_unless(projects=projects) if isinstance(part, Block) else ()
        return tuple(item for item in self._whole_meanings[index] if item[0] not in unused)

    def _piece(self, axes: tuple[str, ...], ids: Sequence[int] | Ids) -> Piece:
        shape = tuple(len(self._axes[name].choices) for name in axes)
        return Piece(axes, np.array(ids, np.int32).reshape(shape))

    def _touching_extent(self, stage: int) -> tuple[str, ...]:
        if self._quantised:
            return touched_parts.quantising(self._axes)
        return touched_parts.touching(self._axes, EXTENT, stage)

    def _shapes(self, axes: tuple[str, ...]) -> Shapes:
        if axes not in self._shaped:
            own = {name: self._axes[name] for name in axes}
            if self._quantised and regnet_tables.applies(own, self._base):
                _not_too_large(own)
                self._shaped[axes] = regnet_tables.shapes(own, self._base)
            else:
                self._shaped[axes] = Shapes.of(map(_extents, self._data(EXTENT, axes)))
        return self._shaped[axes]

    def _extent(self, *shape: int) -> int:
        """The number of a depth and a width, in a network of so many stages."""
        extent = Extent(*shape)
        if extent not in self._known:
            self._known[extent] = len(self.extents)
            self.extents.append(extent)
        return self._known[extent]

    def _whole(self, part: str, data: part_reading.Data | None) -> int:
        return REFUSED if data is None else self._once(part, data, 1)

    def _row(
        self, part: str, data: part_reading.Data | None, stages: Sequence[int]
    ) -> Iterator[int]:
        """The value in each of some stages; what is written for any number is read once."""
        for stage in stages:
            found = self._staged(part, data, stage)
            if found != REFUSED and self.kinds[found].stages == 1:
                yield from [found] * len(stages)
                return
            yield found

    def _staged(self, part: str, data: part_reading.Data | None, stage: int) -> int:
        try:
            return (
                REFUSED
                if data is None
                else self._once(part, *part_reading.of_stage(part, data, stage))
            )
        except part_reading.RefusedError:
            return REFUSED

    def _once(self, part: str, data: part_reading.Data, stages: int) -> int:
        """The value that data make, read once; equal meanings are one value."""
        key = (part, stages, json.dumps(data, sort_keys=True))
        if key not in self._read:
            try:
                self._read[key] = self._intern(
                    part_reading.Staged(part_reading.filled(part, data), stages)
                )
            except part_reading.RefusedError:
                self._read[key] = REFUSED
        return self._read[key]

    def _intern(self, value: part_reading.Staged) -> int:
        meaning = part_reading.meaning_of(value.part.meaning())
        key = (type(value.part).family_name, meaning, value.stages)
        if key not in self._known:
            self._known[key] = len(self.kinds)
            self.kinds.append(value)
            self._whole_meanings.append(meaning)
        return self._known[key]

    def _data(self, part: str, axes: tuple[str, ...]) -> Iterator[part_reading.Data | None]:
        """The part's data under every combination of labels; None where it cannot be written."""
        roots = ROOTS[part]
        if part == EXTENT and self._quantised:
            roots = (*roots, GROUP_WIDTH[0])
        base = Document({key: self._base[key] for key in roots if key in self._base})
        own = {name: self._axes[name] for name in axes}
        _not_too_large(own)
        changes = {
            (name, label): {
                path: value
                for path, value in axis.changes(label).items()
                if keys_of(path)[0] in roots
            }
            for name, axis in own.items()
            for label in axis.labels
        }
        quick = {key: puts(each) for key, each in changes.items()}
        depends = any(axis.when for axis in own.values())
        for labels in itertools.product(*(axis.labels for axis in own.values())):
            point = dict(zip(own, labels, strict=True))
            active = active_labels(own, point) if depends else point
            data = copied(base.data)
            if put_all(data, (put for key in active.items() for put in quick[key])):
                yield data
                continue
            try:
                yield apply(base, _merged(changes[key] for key in active.items())).data
            except InputError:
                yield None


def _merged(changes: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Changes one after the other; of two on the same path the later one stands."""
    merged: dict[str, Any] = {}
    for each in changes:
        merged |= each
    return merged


def _not_too_large(axes: Mapping[str, Axis]) -> None:
    if prod(len(axis.choices) for axis in axes.values()) > MOST:
        raise TooLargeError(f"{', '.join(axes)} touch one part in more than {MOST:,} ways")


def _quantised(axes: Mapping[str, Axis], base: Mapping[str, Any]) -> bool:
    """Whether widths are quantised together, in the base or by an axis."""
    widths = [base.get("widths")]
    for axis in axes.values():
        changes = (axis.changes(label).get("widths") for label in axis.labels)
        widths += [value for value in changes if value is not None]
    return any(is_quantised({"widths": each}) for each in widths)


def _extents(data: part_reading.Data | None) -> list[tuple[int, int]]:
    try:
        return part_reading.extents(data) if data is not None else []
    except part_reading.RefusedError:
        return []
