"""The reliability of a ranking by one noisy measurement each, from repeated measurements.

The model is a one-way analysis of variance (Fisher, 1925; ICC(1) of Shrout and Fleiss, 1979): a
measurement is a true value, with variance `between` over the things, plus noise with variance
`within`.

Example: two networks measured twice, (70, 72) and (80, 82). `within` is 2, the means 71 and 81 have
variance 50, so `between` is 50 - 2 / 2 = 49 and ICC(1) is 49 / 51 = 0.96.
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
        things: Number of things.
        measurements: Number of measurements in all.
        within: Variance of one measurement around the true value of its thing.
        between: Variance of the true values; 0 if noise explains all of the differences.
    """

    things: int
    measurements: int
    within: float
    between: float

    @property
    def one(self) -> float:
        """Share of the variance of single measurements that is between things, ICC(1)."""
        whole = self.between + self.within
        return self.between / whole if whole else math.nan

    @property
    def tau_between_two(self) -> float:
        """Expected Kendall's tau between two measurements per thing, for normal distributions."""
        return _tau(self.one)

    @property
    def tau_ceiling(self) -> float:
        """Expected Kendall's tau between the true values and one measurement each.

        No predictor without knowledge of the noise can expect more.
        """
        return _tau(math.sqrt(self.one))


def reliability(groups: Sequence[Sequence[float]]) -> Reliability:
    """Estimate the reliability from two or more things, with two or more measurements each.

    All groups must have the same number of measurements.
    """
    repeats = len(groups[0])
    assert len(groups) >= 2
    assert repeats >= 2
    assert all(len(group) == repeats for group in groups)
    within = fmean(variance(group) for group in groups)
    means = variance([fmean(group) for group in groups])
    between = max(0.0, means - within / repeats)
    return Reliability(len(groups), repeats * len(groups), within, between)


def _tau(correlation: float) -> float:
    """Return Kendall's tau of a bivariate normal with this correlation (Greiner's relation)."""
    return 2 / math.pi * math.asin(correlation)
