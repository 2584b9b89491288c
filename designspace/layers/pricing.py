"""The price of a layer: what it gives and costs, without the tree of what it is made of.

Parts of the same class whose layers differ only in what costs nothing (another activation, or at
another place) are run once: a part's `forward` branches on nothing, so its layers tell its cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from designspace.layers.cost import Cost, total
from designspace.layers.feature import Feature
from designspace.layers.leaf import is_idle
from designspace.layers.part import BoundPart, Layer, Sequential
from designspace.layers.trace import LayerReading, trace
from designspace.layers.walk import walk

Priced = tuple[Feature, Cost]


def price(layer: Layer, *xs: Feature) -> Priced:
    """Output and cost of a layer on features; those of `trace`.

    Raises:
        ShapeError: Some layer cannot take the features that reach it.
    """
    return _PRICING.visit(layer, xs)


class Pricing(LayerReading[Priced]):
    """The run on shapes that keeps outputs and costs only."""

    def children(self, tree: Layer, xs: tuple[Feature, ...]) -> Mapping[str, Layer]:
        """The layers of a part; those of a chain that change or cost anything."""
        if isinstance(tree, Sequential):
            return {name: layer for name, layer in tree.layers if not is_idle(type(layer))}
        return super().children(tree, xs)

    def leaf(self, tree: Layer, xs: tuple[Feature, ...]) -> Priced:
        """The leaf's own formulas."""
        node = trace(tree, *xs)
        return node.output, node.cost

    def join(
        self,
        tree: Layer,  # noqa: ARG002
        xs: tuple[Feature, ...],  # noqa: ARG002
        output: Feature,
        results: Mapping[str, Priced],
    ) -> Priced:
        """Costs add up."""
        return output, total([cost for _, cost in results.values()])

    def value(self, result: Priced) -> Feature:
        """Its output."""
        return result[0]

    def visit(self, tree: Layer, xs: tuple[Feature, ...]) -> Priced:
        """Remember a part by its layers."""
        if not isinstance(tree, BoundPart):
            return walk(self, tree, xs)
        layers = tree.part.layers(xs[0], tree.at)
        key = (type(tree.part), tuple(_bare(layers)), xs)
        found = _priced.get(key)
        if found is None:
            if len(_priced) >= _MOST:
                _priced.clear()
            found = _priced[key] = walk(self, tree, xs, layers)
        return found


_PRICING = Pricing()
_priced: dict[Any, Priced] = {}
_MOST = 1 << 16


def _bare(layers: Mapping[str, Layer]) -> Iterator[Any]:
    """The layers less what costs nothing, as a key."""
    for layer in layers.values():
        if isinstance(layer, Sequential):
            yield tuple(each for _, each in layer.layers if not is_idle(type(each)))
        else:
            yield None if is_idle(type(layer)) else layer
