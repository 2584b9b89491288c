"""Rank correlation of two columns, with intervals from resampling their rows.

Both correlations are read off the signs of all pairwise differences, A of one column and B of the
other. Kendall's tau-b (Kendall, 1945) is their cosine: <A, B> / (|A| |B|), so that pairs tied in a
column count neither for nor against. A row's sum in A is its midrank up to a constant, so
Spearman's rho, ties included, is Pearson's correlation of the row sums.

An interval is the middle 95 % of the same number over rows drawn with replacement (Efron, 1979).
The draws depend on the seed and the number of rows alone: columns over the same rows are resampled
together, and so their correlations can be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Signs = NDArray[np.float64]
Statistic = Callable[[Signs, Signs], float]

DRAWS = 2000
FEWEST = 4
"""Rows below which a resampled interval says nothing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval.

    Attributes:
        value: Of the rows as they are.
        low: Lower end; not a number where no draw has a value.
        high: Upper end.
    """

    value: float
    low: float
    high: float


def signs(column: Sequence[float]) -> Signs:
    """1, 0 or -1 for each two rows: whether the first is above, equal to or below the second."""
    values = np.asarray(column, dtype=np.float64)
    return np.sign(values[:, None] - values[None, :])


def tau_b(a: Signs, b: Signs) -> float:
    """Kendall's tau-b of two columns, given as signs; not a number where one is constant."""
    return _cosine(a, b)


def spearman(a: Signs, b: Signs) -> float:
    """Spearman's rho of two columns, given as signs; not a number where one is constant."""
    return _cosine(a.sum(1), b.sum(1))  # midranks about their mean, which is zero


def _cosine(a: Signs, b: Signs) -> float:
    scale = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / scale if scale else float("nan")


def resampled(
    statistic: Callable[[NDArray[np.intp]], float], rows: int, seed: int = 0
) -> NDArray[np.float64]:
    """A statistic of rows, over draws of as many rows with replacement."""
    draw = np.random.default_rng(seed)
    return np.array([statistic(draw.integers(rows, size=rows)) for _ in range(DRAWS)])


def correlation(statistic: Statistic, x: Sequence[float], y: Sequence[float]) -> Estimate:
    """`tau_b` or `spearman` of two columns, with its interval."""
    a, b = signs(x), signs(y)
    drawn = resampled(lambda rows: _of(statistic, a, b, rows), len(a))
    return _estimate(statistic(a, b), drawn)


def advantage(
    statistic: Statistic, x: Sequence[float], rival: Sequence[float], y: Sequence[float]
) -> Estimate:
    """By how much one column's correlation with `y` exceeds a rival's, over the same rows."""
    a, r, b = signs(x), signs(rival), signs(y)

    def difference(rows: NDArray[np.intp]) -> float:
        return _of(statistic, a, b, rows) - _of(statistic, r, b, rows)

    return _estimate(statistic(a, b) - statistic(r, b), resampled(difference, len(a)))


def _of(statistic: Statistic, a: Signs, b: Signs, rows: NDArray[np.intp]) -> float:
    taken = np.ix_(rows, rows)
    return statistic(a[taken], b[taken])


def _estimate(value: float, drawn: NDArray[np.float64]) -> Estimate:
    known = drawn[~np.isnan(drawn)]
    if not len(known):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
