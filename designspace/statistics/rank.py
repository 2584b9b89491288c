"""The rank correlation of two columns, with intervals from resampling their rows.

Both correlations follow from the signs of all pairwise differences, A in one column and B in the
other. Kendall's tau-b (Kendall, 1945) is their cosine, <A, B> / (|A| |B|), so that pairs tied in a
column count neither for nor against. The sum of a row of A is its midrank minus the mean rank, up
to a factor, so Spearman's rho, ties included, is the cosine of the row sums.

Example: the columns (1, 2, 3) and (1, 3, 2) order two of three pairs alike and one differently, so
tau is (2 - 1) / 3 = 1/3. Their row sums are (-2, 0, 2) and (-2, 2, 0), so rho is 4 / 8 = 0.5.

An interval is the middle 95 % of the same statistic over rows drawn with replacement (Efron, 1979).
A draw is a vector with the count of each row, so one matrix product computes all draws. The draws
depend only on the number of rows: columns over the same rows are resampled together, and their
correlations can therefore be compared.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Statistic = Callable[[Array, Array, Array], Array]

DRAWS = 2000
FEWEST = 4
"""Minimum number of rows for a meaningful resampled interval."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval.

    Attributes:
        value: Value for the rows as they are; NaN if a column is constant.
        low: Lower end; NaN if the value is undefined for every draw.
        high: Upper end, likewise.
    """

    value: float
    low: float
    high: float


def tau_b(a: Array, b: Array, counts: Array) -> Array:
    """Return Kendall's tau-b from signs (rows, rows), for each draw of `counts` (draws, rows)."""

    def total(of_pairs: Array) -> Array:
        return ((counts @ of_pairs) * counts).sum(1)

    return _cosine(total(a * b), total(a * a), total(b * b))


def spearman(a: Array, b: Array, counts: Array) -> Array:
    """Return Spearman's rho from signs (rows, rows), for each draw of `counts` (draws, rows)."""
    x, y = counts @ a.T, counts @ b.T
    return _cosine((counts * x * y).sum(1), (counts * x * x).sum(1), (counts * y * y).sum(1))


def correlation(statistic: Statistic, x: Sequence[float], y: Sequence[float]) -> Estimate:
    """Return `tau_b` or `spearman` of two columns, with its interval."""
    a, b = signs(x), signs(y)
    return _estimate(lambda counts: statistic(a, b, counts), len(a))


def advantage(
    statistic: Statistic, x: Sequence[float], rival: Sequence[float], y: Sequence[float]
) -> Estimate:
    """Return one column's correlation with `y` minus a rival's, over the same rows."""
    a, r, b = signs(x), signs(rival), signs(y)
    return _estimate(
        lambda counts: statistic(a, b, counts) - statistic(r, b, counts),
        len(a),
    )


def signs(column: Sequence[float]) -> Array:
    """Return 1, 0 or -1 for each pair of rows: the first is above, equal to or below the second."""
    values = np.asarray(column, dtype=np.float64)
    return np.sign(values[:, None] - values[None, :])


def _cosine(together: Array, first: Array, second: Array) -> Array:
    scale = np.sqrt(first * second)
    return np.divide(together, scale, out=np.full_like(scale, np.nan), where=scale > 0)


def _estimate(of: Callable[[Array], Array], rows: int) -> Estimate:
    value = float(of(np.ones((1, rows)))[0])
    draw = np.random.default_rng(0)
    counts = draw.multinomial(rows, np.full(rows, 1 / rows), size=DRAWS).astype(np.float64)
    found = of(counts)
    known = found[~np.isnan(found)]
    if not len(known):
        return Estimate(value, float("nan"), float("nan"))
    low, high = np.quantile(known, [0.025, 0.975])
    return Estimate(value, float(low), float(high))
