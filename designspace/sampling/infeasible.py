"""Explain why no network fits: the limit at fault, the nearest value, the networks that have it.

The explanation is exact for a counted space. Otherwise it is about the networks that were seen.
"""

from __future__ import annotations

from collections.abc import Sequence

from designspace.sampling.count.bounds import FAR, Bounds
from designspace.sampling.feasible import Feasible
from designspace.spec.space.limits import Costs, Limit


def why_counted_empty(feasible: Feasible) -> str:
    """Explain why no network of a counted space is within the bounds."""
    bounds = feasible.bounds
    others = {name: bounds.with_(name) for name in bounds.limited}
    left = {name: feasible.networks.count(each) for name, each in others.items()}
    at_fault = [name for name in bounds.limited if left[name]]
    said = [_said(feasible, name, others[name], left[name]) for name in at_fault]
    if not said:
        ranges = [(name, feasible.range(name, Bounds())) for name in bounds.limited]
        said = [
            f"{_wanted(name, *bounds.of(name))}, but the space has {found[0]:,} to {found[1]:,}"
            for name, found in ranges
            if found
        ]
    return f"none of its {feasible.total:,} networks is within the limits: {'; '.join(said)}"


def why_none_seen(limits: Sequence[Limit], seen: Sequence[Costs]) -> str:
    """Explain why none of the networks seen is within the limits."""
    if not seen:
        return "no point makes a valid network"
    alone = [x for x in limits if not any(x.broken_by(costs) is None for costs in seen)]
    said = "; ".join(_nearest_seen(limit, seen) for limit in alone or limits)
    together = "" if alone else "its limits exclude each other: "
    return f"no network within its limits ({len(seen)} networks sampled): {together}{said}"


def _nearest_seen(limit: Limit, seen: Sequence[Costs]) -> str:
    low = -FAR if limit.low is None else limit.low
    high = FAR if limit.high is None else limit.high
    values: list[int] = [getattr(costs, limit.cost) for costs in seen]
    near = min(values, key=lambda value: max(low - value, value - high))
    return f"{_wanted(limit.cost, low, high)}, nearest seen {near:,}"


def _said(feasible: Feasible, name: str, others: Bounds, left: int) -> str:
    networks = feasible.networks
    low, high = feasible.bounds.of(name)
    below = networks.extreme(others.with_(name, -FAR, low - 1), name, most=True)
    above = networks.extreme(others.with_(name, high + 1, FAR), name, most=False)
    reached = [value for value in (below, above) if value is not None]
    near = min(reached, key=lambda value: max(low - value, value - high))
    relaxed = networks.count(others.with_(name, min(low, near), max(high, near)))
    has = "network has" if relaxed == 1 else "networks have"
    rest = "within the other limits" if others.limited else "in the space"
    return (
        f"{_wanted(name, low, high)}, the nearest {rest} is {near:,}, which {relaxed:,} {has}"
        f"; without this limit {left:,} fit"
    )


def _wanted(name: str, low: int, high: int) -> str:
    if low == -FAR:
        return f"{name} must be at most {high:,}"
    if high == FAR:
        return f"{name} must be at least {low:,}"
    return f"{name} must be {low:,} to {high:,}"
