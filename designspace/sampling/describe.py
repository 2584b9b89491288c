"""What a space holds: how many networks, what they cost, what each limit and each value does.

What cannot be had exactly is taken from networks that were looked at, and marked as seen.
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

DRAWN = 100_000  # networks of a larger set from which the shares of values are estimated
LOOKED = 2048  # points that are looked at where nothing is counted

Range = tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Cut:
    """What one limited cost alone leaves.

    Attributes:
        cost: Which.
        low: The least that is allowed; None for no bound.
        high: The most that is allowed; None for no bound.
        kept: How many distinct networks are within this limit, whatever the others say.
    """

    cost: str
    low: int | None
    high: int | None
    kept: int


@dataclass(frozen=True, slots=True)
class Value:
    """One choice of an axis among the networks within the limits.

    Attributes:
        label: The choice.
        share: Its share of the networks; one that other choices make idle is in none.
        feasible: Whether some network within the limits has it, or was seen to.
    """

    label: str
    share: float
    feasible: bool


@dataclass(frozen=True, slots=True)
class Seen:
    """What a bounded search saw, where networks could not be counted.

    Attributes:
        reason: Why not.
        looked: How many points were looked at: combinations of labels where not even the space
            is counted, else networks within two of three limits.
        networks: How many distinct valid networks they made.
        kept: How many of these are within the limits.
    """

    reason: str
    looked: int
    networks: int
    kept: int


@dataclass(frozen=True, slots=True)
class Description:
    """A space within limits: exact, but for what was only seen.

    Attributes:
        total: Distinct networks in all; None where they were not counted.
        count: Those within the limits; likewise.
        ranges: Of every cost, the least and the most in all; of those seen where `total` is None.
        within: Likewise within the limits, where it is known.
        within_seen: The least and the most within the limits of those networks that were drawn,
            of costs that are not in `within`.
        cuts: What each limit alone leaves, of all or of those seen.
        values: The choices of every axis.
        idle: Of every axis, the share of the networks in which it has no effect.
        drawn: From how many networks within the limits the shares were taken; `count` is all.
        seen: What was looked at where `count` is None.
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
    """Three limits at once: the space and each limit alone exact, all limits together seen."""
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
    """Nothing is counted: all of it as seen among points at random."""
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
    """The choices with their shares; whether one that was not drawn is feasible, if counted."""
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
    """Whether a choice that no drawn network has is in some network within the limits."""
    return feasible.networks.has(feasible.bounds, name, label)
