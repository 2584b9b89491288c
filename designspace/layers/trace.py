"""A run of layers on shapes: what each one takes, gives and costs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache, partial
from types import SimpleNamespace
from typing import Any, NamedTuple, cast

from designspace.layers.cost import Cost, total
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf, ShapeError
from designspace.layers.part import BoundPart, Composite, Layer, PartContext, Sequential


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


def trace(layer: Layer, *xs: Feature) -> Node:
    """Run a layer on shapes. Equal parts in equal places on equal shapes share their node.

    Raises:
        ShapeError: Some layer cannot take the features that reach it.
    """
    if isinstance(layer, BoundPart):
        return _known(layer.part, layer.at, *xs)  # pyright: ignore[reportArgumentType]: it has a hash
    if isinstance(layer, Sequential):
        return _chain(layer, xs)
    return _leaf(layer, xs)


def trace_whole(placed: BoundPart, *xs: Feature) -> Node:
    """The same for a whole that is not met again: its parts are remembered, it is not."""
    return _part(placed.part, placed.at, *xs)


_NO_CHILDREN: Mapping[str, Node] = {}


def _leaf(leaf: Leaf, xs: tuple[Feature, ...]) -> Node:
    output = leaf.out(*xs)
    if min(output.shape) < 1:
        raise ShapeError(f"nothing is left: {output.shape}", hint="use larger widths or ratios")
    return Node(leaf, xs, output, leaf.cost(*xs), _NO_CHILDREN)


def _chain(chain: Sequential, xs: tuple[Feature, ...]) -> Node:
    children: dict[str, Node] = {}
    (x,) = xs
    last, node = None, None
    for name, layer in chain.layers:
        if node is None or layer is not last or x is not node.inputs[0]:  # a stage repeats itself
            last, node = layer, _child(name, layer, (x,))
        children[name] = node
        x = node.output
    return Node(chain, xs, x, _total(children), children)


def _part(part: Composite, at: PartContext, *xs: Feature) -> Node:
    layers = part.layers(xs[0], at)
    met: dict[str, Node] = {}

    def call(name: str, *inputs: Feature) -> Feature:
        assert name not in met, f"layer {name} is called twice"
        node = met[name] = _child(name, layers[name], inputs)
        return node.output

    callables = SimpleNamespace(**{name: partial(call, name) for name in layers})
    output = part.forward(cast("Any", callables), *xs)
    unused = layers.keys() - met.keys()
    assert not unused, f"layers never called: {', '.join(sorted(unused))}"
    children = {name: met[name] for name in layers}
    return Node(part.on(at), xs, output, _total(children), children)


# only parts are remembered: to look up a leaf or a chain takes as long as to trace it
_known = lru_cache(maxsize=16384)(_part)


def _child(name: str, layer: Layer, xs: tuple[Feature, ...]) -> Node:
    """Trace a layer of a part, so that an error tells where it arose."""
    try:
        return trace(layer, *xs)
    except ShapeError as error:
        path = f"{name}.{error.path}" if error.path else name
        raise ShapeError(error.message, path=path, hint=error.hint) from None


def _total(nodes: Mapping[str, Node]) -> Cost:
    return total([node.cost for node in nodes.values()])
