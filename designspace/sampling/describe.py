"""The description of a space: counts, costs, the effect of each limit and the share of each label.

Numbers that cannot be exact are taken from a sample of networks and marked as seen.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from designspace.sampling.count.bounds import FAR, Bounds
from designspace.sampling.feasible import Draw, Feasible
from designspace.sampling.rejection import Limited, Searched, Thinned, fits, only
from designspace.sampling.tables.components import COSTS
from designspace.spec.space.axis import Axis

DRAWN = 100_000  # networks drawn from a larger set, to estimate the shares of labels
LOOKED = 2048  # points drawn if nothing can be counted

Range = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Cut:
    """The effect of the limit on one cost alone.

    Attributes:
        cost: Name of the cost.
        low: Smallest allowed value; None for no bound.
        high: Largest allowed value; None for no bound.
        kept: Number of distinct networks within this limit, without the other limits.
    """

    cost: str
    low: int | None
    high: int | None
    kept: int


@dataclass(frozen=True, slots=True)
class Value:
    """One choice of an axis among the networks within the limits.

    Attributes:
        label: Label of the choice.
        share: Share of the networks with this choice; a network in which the axis has no effect
            counts for no choice.
        feasible: Whether some network within the limits has this choice; if networks are not
            counted, whether such a network was seen.
    """

    label: str
    share: float
    feasible: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """The numbers of a bounded search, for networks that cannot be counted.

    Attributes:
        reason: Reason why they cannot be counted.
        looked: Number of points drawn: combinations of labels if not even the space is counted,
            else networks within two of three limits.
        networks: Number of distinct valid networks that these points make.
        kept: Number of these networks within the limits.
    """

    reason: str
    looked: int
    networks: int
    kept: int


@dataclass(frozen=True, slots=True)
class Description:
    """A space within limits, exact except for the parts marked as seen.

    Attributes:
        total: Number of distinct networks of the space; None if not counted.
        count: Number of distinct networks within the limits; None if not counted.
        ranges: Smallest and largest value of every cost in the space, or among the networks seen if
            `total` is None.
        within: Smallest and largest value within the limits, for the costs for which it is known.
        within_seen: Smallest and largest value among the networks drawn within the limits, for the
            costs that are not in `within`.
        cuts: Effect of each limit alone, on all networks or on those seen.
        values: Choices of every axis with their shares.
        idle: Share of the networks in which an axis has no effect, for every axis.
        drawn: Number of networks within the limits that the shares are taken from; they are exact
            if it equals `count`.
        seen: Numbers of the search if `count` is None, else None.
    """

    total: int | None
    count: int | None
    ranges: Mapping[str, Range]
    within: Mapping[str, Range]
    within_seen: Mapping[str, Range]
    cuts: tuple[Cut, ...]
    values: Mapping[str, tuple[Value, ...]]
    idle: Mapping[str, float]
    drawn: int
    seen: Seen | None = None


def describe(limited: Limited) -> Description:
    """Describe a space within limits."""
    if isinstance(limited, Searched):
        return _searched(limited)
    if isinstance(limited, Thinned):
        return _thinned(limited)
    assert isinstance(limited, Feasible)
    bounds, exact = limited.bounds, limited.networks.exact
    known = [cost for cost in COSTS if len({*bounds.limited, cost}) <= exact]
    draw = limited.draw(DRAWN)
    return Description(
        total=limited.total,
        count=limited.count,
        ranges={cost: limited.range(cost, Bounds()) for cost in COSTS},
        within={cost: limited.range(cost) for cost in known},
        within_seen={cost: _span(draw, cost) for cost in COSTS if cost not in known},
        cuts=tuple(_cut(limited, bounds, cost) for cost in bounds.limited),
        values=dict(_values(limited.axes, draw, limited)),
        idle=_idle(draw),
        drawn=len(draw),
    )


def _thinned(limited: Thinned) -> Description:
    """Describe a space under three limits: it and each single limit exactly, the rest as seen."""
    drawn = limited.inner.draw(DRAWN)
    kept = only(drawn, fits(limited.bounds, drawn.costs()))
    exact = describe(limited.inner)
    return replace(
        exact,
        count=None,
        within={},
        within_seen={cost: _span(kept, cost) for cost in COSTS},
        cuts=tuple(_cut(limited.inner, limited.bounds, cost) for cost in limited.bounds.limited),
        values=dict(_values(limited.axes, kept)),
        idle=_idle(kept),
        drawn=len(kept),
        seen=Seen(limited.reason, len(drawn), len(drawn), len(kept)),
    )


def _searched(limited: Searched) -> Description:
    """Describe a space that cannot be counted, from points drawn at random."""
    every = replace(limited, bounds=Bounds()).look(LOOKED, LOOKED)
    kept = only(every, fits(limited.bounds, every.costs()))
    costs = limited.bounds.limited
    alone = {cost: Bounds().with_(cost, *limited.bounds.of(cost)) for cost in costs}
    return Description(
        total=None,
        count=None,
        ranges={cost: _span(every, cost) for cost in COSTS},
        within={},
        within_seen={cost: _span(kept, cost) for cost in COSTS},
        cuts=tuple(
            _one_cut(limited.bounds, cost, int(fits(each, every.costs()).sum()))
            for cost, each in alone.items()
        ),
        values=dict(_values(limited.axes, kept)),
        idle=_idle(kept),
        drawn=len(kept),
        seen=Seen(limited.reason, LOOKED, len(every), len(kept)),
    )


def _span(draw: Draw, cost: str) -> Range:
    found = draw.costs()[cost]
    return (int(found.min()), int(found.max())) if len(found) else None


def _cut(feasible: Feasible, bounds: Bounds, cost: str) -> Cut:
    kept = feasible.networks.count(Bounds().with_(cost, *bounds.of(cost)))
    return _one_cut(bounds, cost, kept)


def _one_cut(bounds: Bounds, cost: str, kept: int) -> Cut:
    low, high = bounds.of(cost)
    return Cut(cost, None if low == -FAR else low, None if high == FAR else high, kept)


def _values(
    axes: Mapping[str, Axis], draw: Draw, feasible: Feasible | None = None
) -> Iterator[tuple[str, tuple[Value, ...]]]:
    """Yield the choices of each axis with their shares; check unseen ones if counted."""
    active = draw.active()
    for column, (name, axis) in enumerate(axes.items()):
        own = draw.labels[active[:, column], column]
        times = np.bincount(own, minlength=len(axis.labels)).tolist()
        pairs = list(zip(axis.labels, times, strict=True))
        there = {
            label: bool(number) or (feasible is not None and _has(feasible, name, label))
            for label, number in pairs
        }
        whole = max(len(draw), 1)
        yield name, tuple(Value(label, number / whole, there[label]) for label, number in pairs)


def _idle(draw: Draw) -> dict[str, float]:
    if not len(draw):
        return {}
    shares = (1 - draw.active().mean(axis=0)).tolist()
    return dict(zip(draw.axes, shares, strict=True))


def _has(feasible: Feasible, name: str, label: str) -> bool:
    """Return whether some network within the limits has a choice that no drawn network has."""
    return feasible.networks.has(feasible.bounds, name, label)
