"""What a space holds: how many networks, what they cost, what each limit and each value does."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from designspace.algebra.bounds import FAR, Bounds
from designspace.algebra.components import COSTS
from designspace.algebra.feasible import Feasible

DRAWN = 100_000  # networks of a larger set from which the shares of values are estimated

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
        feasible: Whether some network within the limits has it.
    """

    label: str
    share: float
    feasible: bool


@dataclass(frozen=True, slots=True)
class Description:
    """A space within limits.

    Attributes:
        total: Distinct networks in all.
        count: Those within the limits.
        ranges: Of every cost, the least and the most in all.
        within: Likewise within the limits; None where it is not known.
        cuts: What each limit alone leaves.
        values: The choices of every axis.
        drawn: From how many networks, drawn uniformly, the shares were taken; `count` is all.
    """

    total: int
    count: int
    ranges: Mapping[str, Range]
    within: Mapping[str, Range]
    cuts: tuple[Cut, ...]
    values: Mapping[str, tuple[Value, ...]]
    drawn: int


def describe(feasible: Feasible) -> Description:
    """Describe a space within limits of which at least one network is."""
    bounds, count = feasible.bounds, feasible.count
    exact = feasible.networks.exact
    known = [cost for cost in COSTS if len({*bounds.limited, cost}) <= exact]
    return Description(
        total=feasible.total,
        count=count,
        ranges={cost: feasible.range(cost, Bounds()) for cost in COSTS},
        within={cost: feasible.range(cost) for cost in known},
        cuts=tuple(_cut(feasible, cost) for cost in bounds.limited),
        values=dict(_values(feasible)),
        drawn=min(count, DRAWN),
    )


def _cut(feasible: Feasible, cost: str) -> Cut:
    low, high = feasible.bounds.of(cost)
    kept = feasible.networks.count(Bounds().with_(cost, low, high))
    return Cut(cost, None if low == -FAR else low, None if high == FAR else high, kept)


def _values(feasible: Feasible) -> Iterator[tuple[str, tuple[Value, ...]]]:
    draw, has = feasible.draw(DRAWN), feasible.networks.has
    active = draw.active()
    for column, (name, axis) in enumerate(feasible.axes.items()):
        own = draw.labels[active[:, column], column]
        times = np.bincount(own, minlength=len(axis.labels))
        yield (
            name,
            tuple(
                Value(label, number / len(draw), bool(number) or has(feasible.bounds, name, label))
                for label, number in zip(axis.labels, times.tolist(), strict=True)
            ),
        )
