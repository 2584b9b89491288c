"""From labels of all axes to the point that they mean."""

from __future__ import annotations

from collections.abc import Mapping
from graphlib import TopologicalSorter

from designspace.spec.space.axis import Axis
from designspace.spec.space.space import Point


def settling_order(axes: Mapping[str, Axis]) -> tuple[str, ...]:
    """The axes, each after those that its conditions name."""
    order = TopologicalSorter({name: set(axis.when) & set(axes) for name, axis in axes.items()})
    return tuple(order.static_order())


def active_labels(axes: Mapping[str, Axis], labels: Mapping[str, str]) -> Point:
    """The labels of the axes that have an effect: their conditions hold, and those of these."""
    active: Point = {}
    for name in settling_order(axes):
        if all(active.get(other) in allowed for other, allowed in axes[name].when.items()):
            active[name] = labels[name]
    return {name: active[name] for name in axes if name in active}
