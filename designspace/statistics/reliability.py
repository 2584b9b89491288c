"""How much of a ranking by one noisy measurement each can be known, from repeated measurements.

A one-way analysis of variance (Fisher, 1925; ICC(1) of Shrout and Fleiss, 1979): what was measured
is a true value, of variance `between` over the things, plus noise of variance `within`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, variance


@dataclass(frozen=True, slots=True)
class Reliability:
    """Repeated measurements of several things.

    Attributes:
        things: How many there are.
        measurements: How many were made in all.
        within: Variance of one measurement about its thing's true value.
        between: Variance of the true values; 0 where noise explains all of the differences.
    """

    things: int
    measurements: int
    within: float
    between: float

    @property
    def one(self) -> float:
        """Share of the variance of single measurements that is of the things: ICC(1)."""
        whole = self.between + self.within
        return self.between / whole if whole else math.nan

    @property
    def tau_between_two(self) -> float:
        """Kendall's tau to expect of two measurements a thing, where all is normal."""
        return _tau(self.one)

    @property
    def tau_ceiling(self) -> float:
        """Kendall's tau to expect of the true values with one measurement each.

        No predictor that does not know the noise can expect more.
        """
        return _tau(math.sqrt(self.one))


def reliability(groups: Sequence[Sequence[float]]) -> Reliability:
    """Of at least two things, each measured as often as any other, at least twice."""
    repeats = len(groups[0])
    assert len(groups) >= 2
    assert repeats >= 2
    assert all(len(group) == repeats for group in groups)
    within = fmean(variance(group) for group in groups)
    means = variance([fmean(group) for group in groups])
    between = max(0.0, means - within / repeats)
    return Reliability(len(groups), repeats * len(groups), within, between)


def _tau(correlation: float) -> float:
    """Kendall's tau of a bivariate normal of this correlation (Greiner's relation)."""
    return 2 / math.pi * math.asin(correlation)
