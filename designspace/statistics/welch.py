"""The difference of two means from few trainings each, with its interval (Welch, 1947)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from designspace.statistics.student import quantile


@dataclass(frozen=True, slots=True)
class Sample:
    """Repeated trainings of one thing.

    Attributes:
        mean: Mean.
        std: Sample standard deviation, with n - 1 in the denominator.
        n: Number of trainings.
    """

    mean: float
    std: float
    n: int


@dataclass(frozen=True, slots=True)
class Difference:
    """The difference of two means.

    Attributes:
        delta: Second mean minus the first.
        low: Lower end of the interval.
        high: Upper end of the interval.
        freedom: Degrees of freedom, by Welch and Satterthwaite.
    """

    delta: float
    low: float
    high: float
    freedom: float

    @property
    def resolved(self) -> bool:
        """Whether the interval excludes zero."""
        return self.low > 0 or self.high < 0


def difference(before: Sample, after: Sample, level: float = 0.95) -> Difference:
    """Return the difference of two means of at least two trainings each, of unequal variance."""
    assert min(before.n, after.n) >= 2
    delta = after.mean - before.mean
    first, second = before.std**2 / before.n, after.std**2 / after.n
    error = math.sqrt(first + second)
    if error == 0:
        return Difference(delta, delta, delta, math.inf)
    freedom = error**4 / (first**2 / (before.n - 1) + second**2 / (after.n - 1))
    reach = quantile((1 + level) / 2, freedom) * error
    return Difference(delta, delta - reach, delta + reach, freedom)
