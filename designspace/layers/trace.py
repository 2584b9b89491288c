"""A run of layers on shapes: the inputs, output and cost of each layer.

The result is a tree of nodes, one per layer. Equal parts with equal contexts on equal shapes share
one cached node: of nine equal blocks, only one is traced. The compiler builds modules from the
tree, and the cost table reads it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from operator import attrgetter
from typing import ClassVar, Generic, NamedTuple, TypeVar

from designspace.layers.cost import NOTHING, Cost, total
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf, ShapeError, is_idle
from designspace.layers.mistakes import not_a_layer
from designspace.layers.part import BoundPart, Composite, Layer, PartContext, Sequential
from designspace.layers.walk import Reading, layers_of, walk

V = TypeVar("V")
R = TypeVar("R")


class Node(NamedTuple):
    """One layer of a run: the plan for the compiler, and the source of the cost.

    Attributes:
        layer: Layer.
        inputs: Shapes of its inputs.
        output: Shape of its output.
        cost: Cost of the layer with all layers below.
        children: Nodes of the layers below, by name.
    """

    layer: Layer
    inputs: tuple[Feature, ...]
    output: Feature
    cost: Cost
    children: Mapping[str, Node]

    def leaves(self, name: str = "") -> Iterator[tuple[str, Node]]:
        """Yield all leaves below, with their dotted names."""
        if isinstance(self.layer, Leaf):
            yield name, self
        for part, child in self.children.items():
            yield from child.leaves(f"{name}.{part}" if name else part)


class LayerReading(Reading[Layer, Feature, R], Generic[R]):
    """A run of layers on shapes, which determine the layers of a part."""

    repeats: ClassVar[bool] = True

    def layer(self, tree: Layer) -> Layer:
        """Return the layer itself."""
        return tree

    def children(self, tree: Layer, xs: tuple[Feature, ...]) -> Mapping[str, Layer]:
        """Return the layers that a part lists for the feature, or the layers of a chain."""
        if isinstance(tree, BoundPart):
            return layers_of(tree, xs[0])
        if not isinstance(tree, Sequential):
            raise not_a_layer(tree)
        return dict(tree.layers)


_NO_CHILDREN: Mapping[str, Node] = {}


class Trace(LayerReading[Node]):
    """The run on shapes that keeps a node per layer."""

    def leaf(self, tree: Layer, xs: tuple[Feature, ...]) -> Node:
        """Return a node with the results of the leaf's formulas."""
        leaf: Leaf = tree  # pyright: ignore[reportAssignmentType]: a cast takes time
        if is_idle(type(leaf)):  # a shortcut, since many are
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
        """Return a node over those of the layers below, with the sum of their costs."""
        return Node(tree, xs, output, total([node.cost for node in results.values()]), results)

    value = staticmethod(attrgetter("output"))  # pyright: ignore[reportAssignmentType]: quicker

    def visit(self, tree: Layer, xs: tuple[Feature, ...]) -> Node:
        """Trace a layer; only parts are cached, since leaves and chains are as quick to trace."""
        if isinstance(tree, BoundPart):
            return _known(tree.part, tree.at, *xs)  # pyright: ignore[reportArgumentType]: it has a hash
        return self.leaf(tree, xs) if isinstance(tree, Leaf) else walk(self, tree, xs)


_TRACE = Trace()


@lru_cache(maxsize=16384)
def _known(part: Composite, at: PartContext, *xs: Feature) -> Node:
    return walk(_TRACE, part.on(at), xs)


def trace(layer: Layer, *xs: Feature) -> Node:
    """Run a layer on shapes. Equal parts with equal contexts on equal shapes share their node.

    Raises:
        ShapeError: Some layer cannot take the features that reach it.
    """
    return _TRACE.visit(layer, xs)


def trace_whole(placed: BoundPart, *xs: Feature) -> Node:
    """Run a whole network on shapes; its parts are cached, the network itself is not."""
    return walk(_TRACE, placed, xs)


class PlanReading(Reading[Node, V, R], Generic[V, R]):
    """A reading of nodes, that is, of layers that were run on shapes before."""

    def layer(self, tree: Node) -> Layer:
        """Return the node's layer."""
        return tree.layer

    def children(self, tree: Node, xs: tuple[V, ...]) -> Mapping[str, Node]:  # noqa: ARG002
        """Return the nodes below."""
        return tree.children

    def visit(self, tree: Node, xs: tuple[V, ...]) -> R:
        """Walk a node; nothing is cached."""
        return self.leaf(tree, xs) if isinstance(tree.layer, Leaf) else walk(self, tree, xs)
