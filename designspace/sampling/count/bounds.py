"""Limits as bounds: one lower and one upper a cost."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

from designspace.errors import InputError
from designspace.spec.space.limits import Limit

FAR = 1 << 60  # beyond any cost


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a network may cost, both ends included; `FAR` is no bound.

    Attributes:
        params: Lower and upper bound of the parameters.
        macs: Of the multiply-adds.
        acts: Of the activations.
    """

    params: tuple[int, int] = (-FAR, FAR)
    macs: tuple[int, int] = (-FAR, FAR)
    acts: tuple[int, int] = (-FAR, FAR)

    def of(self, cost: str) -> tuple[int, int]:
        """The bounds of one cost."""
        bounds: tuple[int, int] = getattr(self, cost)
        return bounds

    def with_(self, cost: str, low: int = -FAR, high: int = FAR) -> Bounds:
        """Other bounds of one cost; without values, none."""
        return replace(self, **{cost: (low, high)})

    def also(self, cost: str, low: int, high: int) -> Bounds:
        """These bounds and others on one cost."""
        least, most = self.of(cost)
        return self.with_(cost, max(least, low), min(most, high))

    @property
    def is_empty(self) -> bool:
        """Whether some cost is to be more than it may be."""
        return any(low > high for low, high in (self.params, self.macs, self.acts))

    @property
    def limited(self) -> tuple[str, ...]:
        """The costs that are limited, those limited on both sides first."""
        names = [name for name in ("macs", "params", "acts") if self.of(name) != (-FAR, FAR)]
        return tuple(sorted(names, key=lambda name: FAR in map(abs, self.of(name))))


def bounds_of(limits: Iterable[Limit]) -> Bounds:
    """All of the limits at once.

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
    """The bounds as limits, one for each cost that has any."""
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
