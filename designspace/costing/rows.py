"""A network's cost per stage, block or layer; the rows add up to the total."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import groupby
from typing import Any

from designspace.layers.cost import Cost, Level, total
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf
from designspace.layers.leaves.act import NoAct
from designspace.layers.leaves.norm import NoNorm
from designspace.layers.leaves.residual import DropPath, Identity
from designspace.layers.part import BoundPart
from designspace.layers.trace import Node
from designspace.spec.network.stage import Stage

_PASSING = (Identity, DropPath, NoNorm, NoAct)


@dataclass(frozen=True, slots=True)
class Row:
    """Cost of a piece of the network for one image.

    Attributes:
        piece: Name of the piece, such as `stage 3` or `stage 3 block 2-9`.
        layer: Name of the layer within it, such as `branch.spatial.conv`; empty for all of it.
        kind: Class name of the part or layer, such as `Stage` or `Conv`.
        output: Shape of the output for one image.
        times: Number of equal neighbours that the row stands for.
        cost: Cost of all of them together.
        by_torch: Whether torch counts a part of the cost, since a layer has no formula.
    """

    piece: str
    layer: str
    kind: str
    output: Feature
    times: int
    cost: Cost
    by_torch: bool = False

    @property
    def name(self) -> str:
        """The name of the piece, and of the layer within it."""
        return f"{self.piece} {self.layer}".strip()

    @property
    def plain(self) -> dict[str, Any]:
        """The row as plain data."""
        return {
            "name": self.name,
            "kind": self.kind,
            "times": self.times,
            "resolution": list(self.output.size),
            "width": self.output.channels,
            "params": self.cost.params,
            "macs": self.cost.macs,
            "acts": self.cost.acts,
            "counted_by_torch": self.by_torch,
        }


def rows(network: Node, level: Level) -> tuple[Row, ...]:
    """Return the rows of a network's run on shapes.

    Consecutive blocks with the same shapes and cost form one row, which has their number. Layers
    that pass on their input, such as an identity, have no row.
    """
    if level == "stage":
        return tuple(_row(name, "", node, 1) for name, node in _stages(network))
    pieces = tuple(_pieces(network))
    if level == "block":
        return tuple(_row(name, "", node, times) for name, node, times in pieces)
    return tuple(
        _row(name, leaf, node, times)
        for name, piece, times in pieces
        for leaf, node in piece.leaves()
        if not isinstance(node.layer, _PASSING)
    )


def _stages(network: Node) -> Iterator[tuple[str, Node]]:
    """Yield stem, stages and head with their names."""
    yield "stem", network.children["stem"]
    for number, stage in enumerate(network.children["stages"].children.values(), start=1):
        yield f"stage {number}", stage
    yield "head", network.children["head"]


def _pieces(network: Node) -> Iterator[tuple[str, Node, int]]:
    """Yield stem, downsamplings, runs of equal blocks and head: name, first node, number."""
    for name, node in _stages(network):
        if not (isinstance(node.layer, BoundPart) and isinstance(node.layer.part, Stage)):
            yield name, node, 1
            continue
        if not isinstance(node.children["downsample"].layer, Identity):
            yield f"{name} downsample", node.children["downsample"], 1
        for first, block, times in _runs(node.children["blocks"].children.values()):
            span = f"{first}-{first + times - 1}" if times > 1 else f"{first}"
            yield f"{name} block {span}", block, times


def _runs(blocks: Iterable[Node]) -> Iterator[tuple[int, Node, int]]:
    """Yield runs of equal neighbours: the first one's number, its node, and the run's length."""
    number = 1
    for _, run in groupby(blocks, lambda block: (block.inputs, block.output, block.cost)):
        block, *others = run
        yield number, block, 1 + len(others)
        number += 1 + len(others)


def _row(piece: str, name: str, node: Node, times: int) -> Row:
    layer = node.layer.part if isinstance(node.layer, BoundPart) else node.layer
    cost = total([node.cost] * times)
    return Row(piece, name, type(layer).__name__, node.output, times, cost, counted_by_torch(node))


def counted_by_torch(node: Node) -> bool:
    """Return whether some layer below has no formula and is counted by torch."""
    if isinstance(node.layer, Leaf):
        return node.layer.counted_by == "torch"
    different = {id(child): child for child in node.children.values()}  # equal blocks share one
    return any(map(counted_by_torch, different.values()))
