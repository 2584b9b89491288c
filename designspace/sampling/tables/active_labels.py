"""The point that the labels of all axes stand for."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter

from designspace.spec.space.axis import Axis
from designspace.spec.space.space import Point


def settling_order(axes: Mapping[str, Axis]) -> tuple[str, ...]:
    """Return the axes, each after those that its conditions name."""
    order = TopologicalSorter({name: set(axis.when) & set(axes) for name, axis in axes.items()})
    return tuple(order.static_order())


def active_labels(axes: Mapping[str, Axis], labels: Mapping[str, str]) -> Point:
    """Return the labels of the axes whose conditions hold, and those of the axes named in them."""
    active: Point = {}
    for name in settling_order(axes):
        if all(active.get(other) in allowed for other, allowed in axes[name].when.items()):
            active[name] = labels[name]
    return {name: active[name] for name in axes if name in active}
