"""Why nothing fits: the limit at fault, the nearest value, and how many networks have it."""

from __future__ import annotations

from designspace.sampling.count.bounds import FAR, Bounds
from designspace.sampling.feasible import Feasible


def why_empty(feasible: Feasible) -> str:
    """In words; for networks of which none is within the bounds."""
    bounds = feasible.bounds
    others = {name: bounds.with_(name) for name in bounds.limited}
    left = {name: feasible.networks.count(each) for name, each in others.items()}
    at_fault = [name for name in bounds.limited if left[name]]
    said = [_said(feasible, name, others[name], left[name]) for name in at_fault]
    if not said:
        ranges = [(name, feasible.range(name, Bounds())) for name in bounds.limited]
        said = [
            f"{_wanted(bounds, name)}, and the space has {found[0]:,} to {found[1]:,}"
            for name, found in ranges
            if found
        ]
    return f"none of its {feasible.total:,} networks is within the limits: {'; '.join(said)}"


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
        f"{_wanted(feasible.bounds, name)}, the nearest {rest} is {near:,}, which {relaxed:,} {has}"
        f"; without this limit {left:,} fit"
    )


def _wanted(bounds: Bounds, name: str) -> str:
    low, high = bounds.of(name)
    if low == -FAR:
        return f"{name} must be at most {high:,}"
    if high == FAR:
        return f"{name} must be at least {low:,}"
    return f"{name} must be {low:,} to {high:,}"
