"""A run of layers on shapes: what each one takes, gives and costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from designspace.layers.cost import NOTHING, Cost
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf, ShapeError
from designspace.layers.part import Layer, Placed


@dataclass(frozen=True, slots=True, eq=False)
class Node:
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


class _Shapes:
    """A part's layers as callables on features; notes each call."""

    def __init__(self, layers: Mapping[str, Layer]) -> None:
        self._layers = layers
        self.nodes: dict[str, Node] = {}

    def __getattr__(self, name: str) -> _Call:
        return _Call(self, name)

    def call(self, name: str, xs: tuple[Feature, ...]) -> Feature:
        assert name not in self.nodes, f"layer {name} is called twice"
        node = _child(name, self._layers[name], xs)
        self.nodes[name] = node
        return node.output

    def finished(self) -> dict[str, Node]:
        unused = set(self._layers) - set(self.nodes)
        assert not unused, f"layers never called: {', '.join(sorted(unused))}"
        return {name: self.nodes[name] for name in self._layers}


@dataclass(frozen=True, slots=True)
class _Call:
    shapes: _Shapes
    name: str

    def __call__(self, *xs: Feature) -> Feature:
        return self.shapes.call(self.name, xs)


def _child(name: str, layer: Layer, xs: tuple[Feature, ...]) -> Node:
    """Trace a layer of a part, so that an error tells where it arose."""
    try:
        return trace(layer, *xs)
    except ShapeError as error:
        path = f"{name}.{error.path}" if error.path else name
        raise ShapeError(error.message, path=path, hint=error.hint) from None


@lru_cache(maxsize=16384)
def trace(layer: Layer, *xs: Feature) -> Node:
    """Run a layer on shapes. Equal layers on equal shapes share their node.

    Raises:
        ShapeError: Some layer cannot take the features that reach it.
    """
    if isinstance(layer, Leaf):
        output = layer.out(*xs)
        if min(output.shape) < 1:
            raise ShapeError(f"nothing is left: {output.shape}", hint="use larger widths or ratios")
        return Node(layer, xs, output, layer.cost(*xs), {})
    if isinstance(layer, Placed):
        shapes = _Shapes(layer.part.layers(xs[0], layer.at))
        output = layer.part.forward(shapes, *xs)
        parts = shapes.finished()
        return Node(layer, xs, output, _total(parts), parts)
    children: dict[str, Node] = {}
    (x,) = xs
    for name, each in layer.layers:
        children[name] = _child(name, each, (x,))
        x = children[name].output
    return Node(layer, xs, x, _total(children), children)


def _total(nodes: Mapping[str, Node]) -> Cost:
    return sum((node.cost for node in nodes.values()), NOTHING)
