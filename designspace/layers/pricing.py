"""The price of a layer: its output and cost, without the tree of its layers.

Parts of the same class whose layers differ only in free ones (such as another activation) are run
once: a part's `forward` has no branches, so its layers determine its cost. For example, two blocks
that differ only in `relu` and `gelu` have the same key, and the second price is a look-up.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from designspace.layers.cost import Cost, total
from designspace.layers.feature import Feature
from designspace.layers.leaf import is_idle
from designspace.layers.part import BoundPart, Layer, Sequential
from designspace.layers.trace import LayerReading, trace
from designspace.layers.walk import layers_of, walk

Priced = tuple[Feature, Cost]


def price(layer: Layer, *xs: Feature) -> Priced:
    """Return output and cost of a layer on features, equal to those of `trace`.

    Raises:
        ShapeError: Some layer cannot take the features that reach it.
    """
    return _PRICING.visit(layer, xs)


class Pricing(LayerReading[Priced]):
    """A run on shapes that keeps only outputs and costs."""

    def children(self, tree: Layer, xs: tuple[Feature, ...]) -> Mapping[str, Layer]:
        """Return the layers of a part, or the layers of a chain that are not idle."""
        if isinstance(tree, Sequential):
            return {name: layer for name, layer in tree.layers if not is_idle(type(layer))}
        return super().children(tree, xs)

    def leaf(self, tree: Layer, xs: tuple[Feature, ...]) -> Priced:
        """Return the results of the leaf's formulas."""
        node = trace(tree, *xs)
        return node.output, node.cost

    def join(
        self,
        tree: Layer,  # noqa: ARG002
        xs: tuple[Feature, ...],  # noqa: ARG002
        output: Feature,
        results: Mapping[str, Priced],
    ) -> Priced:
        """Add up the costs of the layers."""
        return output, total([cost for _, cost in results.values()])

    def value(self, result: Priced) -> Feature:
        """Return the output."""
        return result[0]

    def visit(self, tree: Layer, xs: tuple[Feature, ...]) -> Priced:
        """Price a layer; the price of a part is cached by its layers."""
        if not isinstance(tree, BoundPart):
            return walk(self, tree, xs)
        layers = layers_of(tree, xs[0])
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
    """Yield the layers without the free ones, as parts of a cache key."""
    for layer in layers.values():
        if isinstance(layer, Sequential):
            yield tuple(each for _, each in layer.layers if not is_idle(type(each)))
        else:
            yield None if is_idle(type(layer)) else layer
