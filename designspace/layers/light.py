"""What a layer gives and costs, without the tree of what it is made of.

Parts of the same class whose layers differ only in what costs nothing (another activation, or at
another place) are run once: a part's `forward` branches on nothing, so its layers tell its cost.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cache, partial
from types import SimpleNamespace
from typing import Any, cast

from designspace.layers.cost import Cost, total
from designspace.layers.feature import Feature
from designspace.layers.leaf import Leaf
from designspace.layers.part import BoundPart, Composite, Layer, PartContext, Sequential
from designspace.layers.trace import trace

Priced = tuple[Feature, Cost]


def price(layer: Layer, *xs: Feature) -> Priced:
    """Output and cost of a layer on features; those of `trace`.

    Raises:
        ShapeError: Some layer cannot take the features that reach it.
    """
    if isinstance(layer, BoundPart):
        return _part(layer.part, layer.at, xs)
    if isinstance(layer, Sequential):
        return _chain(layer, xs)
    return _leaf(layer, xs)


def _leaf(leaf: Leaf, xs: tuple[Feature, ...]) -> Priced:
    node = trace(leaf, *xs)
    return node.output, node.cost


def _chain(chain: Sequential, xs: tuple[Feature, ...]) -> Priced:
    costs: list[Cost] = []
    (x,) = xs
    for _, layer in chain.layers:
        if not is_idle(type(layer)):
            x, cost = price(layer, x)
            costs.append(cost)
    return x, total(costs)


_priced: dict[Any, Priced] = {}
_MOST = 1 << 16


def _part(part: Composite, at: PartContext, xs: tuple[Feature, ...]) -> Priced:
    layers = part.layers(xs[0], at)
    key = (type(part), tuple(_bare(layers)), xs)
    found = _priced.get(key)
    if found is None:
        if len(_priced) >= _MOST:
            _priced.clear()
        found = _priced[key] = _run(part, layers, xs)
    return found


def _run(part: Composite, layers: Mapping[str, Layer], xs: tuple[Feature, ...]) -> Priced:
    costs: list[Cost] = []

    def call(layer: Layer, *inputs: Feature) -> Feature:
        output, cost = price(layer, *inputs)
        costs.append(cost)
        return output

    callables = SimpleNamespace(**{name: partial(call, each) for name, each in layers.items()})
    output: Feature = part.forward(cast("Any", callables), *xs)
    return output, total(costs)


def _bare(layers: Mapping[str, Layer]) -> Iterator[Any]:
    """The layers less what costs nothing, as a key."""
    for layer in layers.values():
        if isinstance(layer, Sequential):
            yield tuple(each for _, each in layer.layers if not is_idle(type(each)))
        else:
            yield None if is_idle(type(layer)) else layer


@cache
def is_idle(kind: type[Layer]) -> bool:
    """Whether all layers of this class keep the shape and cost nothing."""
    return issubclass(kind, Leaf) and kind.cost is Leaf.cost and kind.out is Leaf.out
