"""The value of each part of a network for every combination of labels: one small table per part.

The table of a part has only the axes that touch it, so a space of 10 ** 11 networks has tables of a
few thousand entries. Three axes with 4 labels each, one on the kernel of each of three stages, make
64 networks but only three tables of 4 entries: a block is read 12 times.

An entry is a number that stands for a value, and equal meanings have the same number, however they
were written. So `act: gelu` and an inherited `gelu` have the same number; -1 stands for an invalid
part. The meaning of a part can depend on its place (a shortcut needs a projection if the width
changes); `Pieces.meaning` distinguishes these cases.
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
MOST = 1 << 20  # largest number of entries of one table


class TooLargeError(Exception):
    """The space does not decompose, for example because a table would be too large."""


@dataclass(frozen=True, slots=True)
class Extent:
    """Depth and width of a stage, and the network's number of stages; depth 0 means no stage."""

    depth: int
    width: int
    stages: int


@dataclass(frozen=True, slots=True)
class Piece:
    """The values of one part for every combination of labels of the axes that touch it.

    Attributes:
        axes: Names of these axes.
        ids: Numbers of values, with one dimension per axis; -1 if the labels do not make a valid
            part.
    """

    axes: tuple[str, ...]
    ids: Ids


class Pieces:
    """Tables of the parts of a space's networks, and the values that the tables name."""

    def __init__(self, axes: Mapping[str, Axis], base: Mapping[str, Any]) -> None:
        """Take the axes over networks, and the data of the base network as written."""
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
        whole = self._touching_extent(stage=-1)  # axes that touch all stages at once
        self.stages = int(self._shapes(whole).stages.max(initial=0))

    def extent(self, stage: int) -> Piece:
        """Return depth and width of a stage, as indices into `extents`."""
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
        """Return the stem or the head, as indices into `kinds`."""
        axes = touched_parts.touching(self._axes, part, None)
        return self._piece(axes, [self._whole(part, data) for data in self._data(part, axes)])

    def of_stages(self, part: str) -> list[Piece]:
        """Return the block or the downsampling of each stage, as indices into `kinds`."""
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
        """Return the first block that equals this one in all fields that its cost depends on."""
        if index not in self._priced_as:
            part = self.kinds[index].part
            assert isinstance(part, Block)
            unused = part.costless()
            fields = (value for name, value in vars(part).items() if name not in unused)
            key = (type(part), unused, *fields)
            self._priced_as[index] = self._equally_priced.setdefault(key, index)
        return self._priced_as[index]

    def meaning(self, index: int, *, width: int = 0, projects: bool = False) -> int:
        """Return a number for the meaning of a part, given the stage's width and its projection."""
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
        """Return the number of a depth, a width and the network's number of stages."""
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
        """Yield the value in each of some stages; a part for any number of stages is read once."""
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
        """Return the number of the value of some data, read once; equal meanings share a number."""
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
        """Yield the part's data for every combination of labels; None if the changes fail."""
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
    """Merge changes in order; of two on the same path the later one counts."""
    merged: dict[str, Any] = {}
    for each in changes:
        merged |= each
    return merged


def _not_too_large(axes: Mapping[str, Axis]) -> None:
    if prod(len(axis.choices) for axis in axes.values()) > MOST:
        raise TooLargeError(f"{', '.join(axes)} touch one part in more than {MOST:,} ways")


def _quantised(axes: Mapping[str, Axis], base: Mapping[str, Any]) -> bool:
    """Return whether widths are quantised together, in the base or by an axis."""
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
