"""Rank correlation of two columns, with intervals from resampling their rows.

Both correlations are read off the signs of all pairwise differences, A of one column and B of the
other. Kendall's tau-b (Kendall, 1945) is their cosine, <A, B> / (|A| |B|), so that pairs tied in a
column count neither for nor against. A row's sum in A is its midrank about the mean, up to a
factor, so Spearman's rho, ties included, is the cosine of the row sums.

An interval is the middle 95 % of the same number over rows drawn with replacement (Efron, 1979). A
draw is how often it holds each row, and all draws are one product of matrices. The draws depend on
the number of rows alone: columns over the same rows are resampled together, and so their
correlations can be compared.
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
"""Rows below which a resampled interval says nothing."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with its 95 % interval.

    Attributes:
        value: Of the rows as they are; not a number where a column is constant.
        low: Lower end.
        high: Upper end.
    """

    value: float
    low: float
    high: float


def tau_b(a: Array, b: Array, counts: Array) -> Array:
    """Kendall's tau-b from signs (rows, rows), for each draw of `counts` (draws, rows)."""

    def total(of_pairs: Array) -> Array:
        return ((counts @ of_pairs) * counts).sum(1)

    return _cosine(total(a * b), total(a * a), total(b * b))


def spearman(a: Array, b: Array, counts: Array) -> Array:
    """Spearman's rho, likewise."""
    x, y = counts @ a.T, counts @ b.T
    return _cosine((counts * x * y).sum(1), (counts * x * x).sum(1), (counts * y * y).sum(1))


def correlation(statistic: Statistic, x: Sequence[float], y: Sequence[float]) -> Estimate:
    """`tau_b` or `spearman` of two columns, with its interval."""
    a, b = signs(x), signs(y)
    return _estimate(lambda counts: statistic(a, b, counts), len(a))


def advantage(
    statistic: Statistic, x: Sequence[float], rival: Sequence[float], y: Sequence[float]
) -> Estimate:
    """By how much one column's correlation with `y` exceeds a rival's, over the same rows."""
    a, r, b = signs(x), signs(rival), signs(y)
    return _estimate(
        lambda counts: statistic(a, b, counts) - statistic(r, b, counts),
        len(a),
    )


def signs(column: Sequence[float]) -> Array:
    """1, 0 or -1 for each two rows: whether the first is above, equal to or below the second."""
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
