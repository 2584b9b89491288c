"""Limits as bounds: one lower and one upper bound per cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from designspace.errors import InputError
from designspace.spec.space.limits import Limit

FAR = 1 << 60  # beyond any cost


@dataclass(frozen=True, slots=True)
class Bounds:
    """Bounds on the cost of a network, both ends included; `FAR` means no bound.

    Attributes:
        params: Lower and upper bound of the parameters.
        macs: Lower and upper bound of the multiply-adds.
        acts: Lower and upper bound of the activations.
    """

    params: tuple[int, int] = (-FAR, FAR)
    macs: tuple[int, int] = (-FAR, FAR)
    acts: tuple[int, int] = (-FAR, FAR)

    def of(self, cost: str) -> tuple[int, int]:
        """Return the bounds of one cost."""
        bounds: tuple[int, int] = getattr(self, cost)
        return bounds

    def with_(self, cost: str, low: int = -FAR, high: int = FAR) -> Bounds:
        """Return the bounds with those of one cost replaced, or removed if no values are given."""
        return replace(self, **{cost: (low, high)})

    def also(self, cost: str, low: int, high: int) -> Bounds:
        """Return the bounds with more bounds on one cost added."""
        least, most = self.of(cost)
        return self.with_(cost, max(least, low), min(most, high))

    @property
    def is_empty(self) -> bool:
        """Whether the lower bound of some cost is above its upper bound."""
        return any(low > high for low, high in (self.params, self.macs, self.acts))

    @property
    def limited(self) -> tuple[str, ...]:
        """The limited costs, those limited on both sides first."""
        names = [name for name in ("macs", "params", "acts") if self.of(name) != (-FAR, FAR)]
        return tuple(sorted(names, key=lambda name: FAR in map(abs, self.of(name))))


def bounds_of(limits: Iterable[Limit]) -> Bounds:
    """Return all limits together as bounds.

    Raises:
        InputError: Two of them exclude each other.
    """
    bounds = Bounds()
    for limit in limits:
        low = -FAR if limit.low is None else limit.low
        high = FAR if limit.high is None else limit.high
        bounds = bounds.also(limit.cost, low, high)
        least, most = bounds.of(limit.cost)
        if least > most:
            raise InputError(f"no {limit.cost} are at least {least:,} and at most {most:,}")
    return bounds


def limits_of(bounds: Bounds) -> tuple[Limit, ...]:
    """Return the bounds as limits, one per limited cost."""
    ends = {name: bounds.of(name) for name in bounds.limited}
    return tuple(
        Limit.model_validate(
            {
                "cost": name,
                "low": None if low == -FAR else low,
                "high": None if high == FAR else high,
            }
        )
        for name, (low, high) in ends.items()
    )
