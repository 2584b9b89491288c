"""A network's cost, in total and per piece."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from designspace.costing.rows import Row, counted_by_torch, rows
from designspace.costing.written_path import written_path
from designspace.layers.cost import Cost, Level
from designspace.layers.feature import Feature, ShapeError, image
from designspace.layers.part import PartContext
from designspace.layers.trace import Node, trace_whole
from designspace.naming import Task, task_of
from designspace.spec.network.load import Source
from designspace.spec.network.network import Network

DAGGER = "†"
_OPAQUE = "designspace.compiler.opaque"  # the module of all leaves without a formula
BY_TORCH = f"{DAGGER} counted by torch on the meta device, since a layer has no formula"


@dataclass(frozen=True, slots=True)
class StageCost:
    """Cost of the stem, of one stage with the downsampling before it, or of the head.

    Attributes:
        name: Name: `stem`, `stage 1` and so on, or `head`.
        output: Shape of the output for one image.
        depth: Number of blocks; None for stem and head.
        cost: Cost for one image.
        by_torch: Whether torch counts a part of the cost, since a layer has no formula.
    """

    name: str
    output: Feature
    depth: int | None
    cost: Cost
    by_torch: bool = False


@dataclass(frozen=True, slots=True)
class CostTable:
    """A network's cost for one image of a given size.

    Attributes:
        input: Shape of the image.
        stages: Costs of stem, stages and head, in order.
        total: Sum of the costs.
        plan: Run on shapes from which the costs were read.
    """

    input: Feature
    stages: tuple[StageCost, ...]
    total: Cost
    plan: Node = field(repr=False, compare=False)

    def __str__(self) -> str:
        shape = "x".join(map(str, self.input.shape))
        return (
            f"{self.params:,} params, {self.macs / 1e9:.4f} GMACs, "
            f"{self.acts / 1e6:.3f} M acts at {shape}{f'; {BY_TORCH}' * self.by_torch}"
        )

    def __repr__(self) -> str:
        return f"<CostTable {self}>"

    def _repr_html_(self) -> str:
        """Return HTML for notebooks: multiply-adds per stage, and all counts."""
        from designspace.figures import Bar, bars, page, table

        drawn = [Bar(s.name, s.cost.macs, f"{s.cost.macs / 1e9:.3f} G") for s in self.stages]
        columns = ["", "output", "depth", "params", "MACs", "acts"]
        note = "one multiply-add counts once; papers call it FLOPs"
        note += f"; {BY_TORCH}" * self.by_torch
        return page(str(self), bars(drawn), table(columns, [*map(_cells, self.stages)], note))

    def to_pandas(self, level: Level = "stage") -> Any:
        """Return a `pandas.DataFrame` with one row per `stage`, `block` or `layer`.

        Raises:
            InputError: pandas is not installed.
        """
        from designspace.figures import frame

        return frame([row.plain for row in self.rows(level)])

    @property
    def by_torch(self) -> bool:
        """Whether torch counts a part of the cost, since a layer has no formula."""
        return any(stage.by_torch for stage in self.stages)

    @property
    def params(self) -> int:
        """Number of learnable parameters."""
        return self.total.params

    @property
    def macs(self) -> int:
        """Number of multiply-adds of convolutions, linear layers and attention products."""
        return self.total.macs

    @property
    def acts(self) -> int:
        """Number of output elements of the layers that have multiply-adds."""
        return self.total.acts

    def rows(self, level: Level = "stage") -> tuple[Row, ...]:
        """Return the cost per `stage`, `block` or `layer`; each level's rows add up to the total.

        Consecutive blocks with the same shapes and cost form one row.
        """
        return rows(self.plan, level)


def lacks_formula(network: Callable[[], object]) -> bool:
    """Whether some layer of a network is counted by torch.

    Args:
        network: Gives the network; called only if such layers exist in this process.
    """
    if _OPAQUE not in sys.modules:
        return False
    made = network()
    return isinstance(made, Network) and cost(made).by_torch


def _cells(stage: StageCost) -> list[str]:
    shape, depth, cost = "x".join(map(str, stage.output.shape)), stage.depth or "", stage.cost
    return [
        stage.name + DAGGER * stage.by_torch,
        shape,
        str(depth),
        *(f"{n:,}" for n in (cost.params, cost.macs, cost.acts)),
    ]


def plan(
    network: Network,
    input_size: int | None = None,
    *,
    in_channels: int = 3,
    num_classes: int = 1000,
) -> Node:
    """Run a network on shapes; the cost table and the compiler read the result.

    Raises:
        ShapeError: The input is too small, or a layer cannot take the features that reach it.
    """
    size = input_size or network.input_size
    try:
        return trace_whole(network.on(PartContext(num_classes)), image(size, in_channels))
    except ShapeError as error:
        where = f"{network.name or 'network'} at {size}x{size}"
        path = f"{where}: {written_path(network, error.path)}" if error.path else where
        raise ShapeError(error.message, path=path, hint=error.hint) from None


def plan_of(task: Task) -> Node:
    """Run the network of a task on shapes.

    Raises:
        ShapeError: See `plan`.
    """
    return plan(
        task.network,
        task.input_size,
        in_channels=task.in_channels,
        num_classes=task.num_classes,
    )


def cost(
    spec: Source,
    input_size: int | None = None,
    *,
    in_channels: int | None = None,
    num_classes: int | None = None,
) -> CostTable:
    """Count the cost of a network for one square image.

    Args:
        spec: Any name of a network (see `designspace.load`), plain data or a network.
        input_size: Side of the image in pixels; by default the one with which the named network was
            trained, else the network's nominal one.
        in_channels: Number of channels of the image; by default as trained, else 3.
        num_classes: Number of classes; by default as trained, else 1000.

    Raises:
        InputError: The specification is wrong, or the input is too small for its strides.
    """
    task = task_of(spec, num_classes, in_channels, input_size)
    node = plan_of(task)
    return CostTable(node.inputs[0], tuple(_stages(task.network, node)), node.cost, node)


def _stages(network: Network, node: Node) -> Iterator[StageCost]:
    stem, stages, head = (node.children[name] for name in ("stem", "stages", "head"))
    yield StageCost("stem", stem.output, None, stem.cost, counted_by_torch(stem))
    for number, (stage, child) in enumerate(
        zip(network.stages, stages.children.values(), strict=True), start=1
    ):
        name, by_torch = f"stage {number}", counted_by_torch(child)
        yield StageCost(name, child.output, stage.depth, child.cost, by_torch)
    yield StageCost("head", head.output, None, head.cost, counted_by_torch(head))
