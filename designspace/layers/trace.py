"""A run of layers on shapes: what each one takes, gives and costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import ClassVar, Generic, NamedTuple, TypeVar

from designspace.layers.cost import NOTHING, Cost, total
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf, ShapeError, is_idle
from designspace.layers.part import BoundPart, Composite, Layer, PartContext, Sequential
from designspace.layers.walk import Reading, walk

V = TypeVar("V")
R = TypeVar("R")


class Node(NamedTuple):
    """One layer as it was met on the way: the compiler's plan and the cost's source."""

    layer: Layer
    inputs: tuple[Feature, ...]
    output: Feature
    cost: Cost
    children: Mapping[str, Node]

    def leaves(self, name: str = "") -> Iterator[tuple[str, Node]]:
        """All leaves below, with their dotted names."""
        if isinstance(self.layer, Leaf):
            yield name, self
        for part, child in self.children.items():
            yield from child.leaves(f"{name}.{part}" if name else part)


class LayerReading(Reading[Layer, Feature, R], Generic[R]):
    """A run of layers on shapes, from which the layers of a part follow."""

    repeats: ClassVar[bool] = True

    def layer(self, tree: Layer) -> Layer:
        """The layer itself."""
        return tree

    def children(self, tree: Layer, xs: tuple[Feature, ...]) -> Mapping[str, Layer]:
        """What a part lists for the feature, or the layers of a chain."""
        if isinstance(tree, BoundPart):
            return tree.part.layers(xs[0], tree.at)
        assert isinstance(tree, Sequential)
        return dict(tree.layers)


_NO_CHILDREN: Mapping[str, Node] = {}


class Trace(LayerReading[Node]):
    """The run on shapes; equal parts in equal places on equal shapes share their node."""

    def leaf(self, tree: Layer, xs: tuple[Feature, ...]) -> Node:
        """The leaf's own formulas."""
        leaf: Leaf = tree  # pyright: ignore[reportAssignmentType]: a cast takes time
        if is_idle(type(leaf)):  # as many are, so that nothing is computed
            return Node(leaf, xs, xs[0], NOTHING, _NO_CHILDREN)
        output = leaf.out(*xs)
        if min(output.shape) < 1:
            raise ShapeError(f"nothing is left: {output.shape}", hint="use larger widths or ratios")
        return Node(leaf, xs, output, leaf.cost(*xs), _NO_CHILDREN)

    def join(
        self,
        tree: Layer,
        xs: tuple[Feature, ...],
        output: Feature,
        results: Mapping[str, Node],
    ) -> Node:
        """A node over those of the layers below; costs add up."""
        return Node(tree, xs, output, total([node.cost for node in results.values()]), results)

    value = staticmethod(attrgetter("output"))  # pyright: ignore[reportAssignmentType]: quicker

    def visit(self, tree: Layer, xs: tuple[Feature, ...]) -> Node:
        """Remember parts alone: to look up a leaf or a chain takes as long as to trace it."""
        if isinstance(tree, BoundPart):
            return _known(tree.part, tree.at, *xs)  # pyright: ignore[reportArgumentType]: it has a hash
        return self.leaf(tree, xs) if isinstance(tree, Leaf) else walk(self, tree, xs)


_TRACE = Trace()


@lru_cache(maxsize=16384)
def _known(part: Composite, at: PartContext, *xs: Feature) -> Node:
    return walk(_TRACE, part.on(at), xs)


def trace(layer: Layer, *xs: Feature) -> Node:
    """Run a layer on shapes. Equal parts in equal places on equal shapes share their node.

    Raises:
        ShapeError: Some layer cannot take the features that reach it.
    """
    return _TRACE.visit(layer, xs)


def trace_whole(placed: BoundPart, *xs: Feature) -> Node:
    """The same for a whole that is not met again: its parts are remembered, it is not."""
    return walk(_TRACE, placed, xs)


class PlanReading(Reading[Node, V, R], Generic[V, R]):
    """A reading of layers that were run on shapes before."""

    def layer(self, tree: Node) -> Layer:
        """The node's layer."""
        return tree.layer

    def children(self, tree: Node, xs: tuple[V, ...]) -> Mapping[str, Node]:  # noqa: ARG002
        """The nodes below."""
        return tree.children

    def visit(self, tree: Node, xs: tuple[V, ...]) -> R:
        """Walk a node; nothing is remembered."""
        return self.leaf(tree, xs) if isinstance(tree.layer, Leaf) else walk(self, tree, xs)
