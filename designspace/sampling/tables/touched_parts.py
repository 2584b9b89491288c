"""The parts of a network that each axis of a space touches.

Each part of a network is written under its own keys, so the paths that an axis sets determine which
parts it can change: `depths.2` changes the extent of the third stage, `block...per_stage.0` the
block of the first stage, and `norm` all parts that may inherit it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from designspace.spec.documents.changes import keys_of
from designspace.spec.documents.per_stage import KEY
from designspace.spec.space.axis import Axis

EXTENT, STEM, BLOCK, DOWNSAMPLE, HEAD = "extent", "stem", "block", "downsample", "head"
ROOTS: Mapping[str, tuple[str, ...]] = {
    EXTENT: ("depths", "widths"),
    STEM: ("stem", "norm", "act"),
    BLOCK: ("block", "norm", "act"),
    DOWNSAMPLE: ("downsample", "norm", "act"),
    HEAD: ("head", "norm", "act"),
}
GROUP_WIDTH = ("block", "spatial", "groups", "width")


@dataclass(frozen=True, slots=True)
class Touch:
    """A path of an axis: its first key, and its stage if it changes only one stage."""

    root: str
    stage: int | None


def touch(path: str) -> Touch:
    """Return the key and stage that a change at this path touches."""
    root, *rest = keys_of(path)
    if rest and isinstance(rest[0], int):  # depths.2, block.0.ratio
        return Touch(str(root), rest[0])
    for key, following in pairwise(rest):
        if key == KEY and isinstance(following, int):
            return Touch(str(root), following)
    return Touch(str(root), None)


def touching(axes: Mapping[str, Axis], part: str, stage: int | None) -> tuple[str, ...]:
    """Return the axes that can change a part of one stage, in the space's order.

    The result includes the axes that their conditions name. The stage None stands for every stage.
    """
    return _with_conditions(
        axes,
        {
            name
            for name, axis in axes.items()
            if any(_reaches(each, part, stage) for each in _touches(axis))
        },
    )


def quantising(axes: Mapping[str, Axis]) -> tuple[str, ...]:
    """Return the axes that can change depths and widths if these are quantised together.

    Such widths also depend on the width of the block's groups.
    """
    return _with_conditions(
        axes,
        {
            name
            for name, axis in axes.items()
            for path in axis.paths
            if keys_of(path)[0] in ROOTS[EXTENT] or _meets(keys_of(path), GROUP_WIDTH)
        },
    )


def _meets(keys: Iterable[object], others: Iterable[object]) -> bool:
    """Return whether one path is the beginning of the other."""
    return all(mine == its for mine, its in zip(keys, others, strict=False))


def _with_conditions(axes: Mapping[str, Axis], found: set[str]) -> tuple[str, ...]:
    while more := {other for name in found for other in axes[name].when} - found:
        found |= more
    return tuple(name for name in axes if name in found)


def _touches(axis: Axis) -> Iterable[Touch]:
    return {touch(path) for label in axis.labels for path in axis.changes(label)}


def _reaches(each: Touch, part: str, stage: int | None) -> bool:
    if each.root not in ROOTS[part]:
        return False
    return stage is None or each.stage is None or each.stage == stage
