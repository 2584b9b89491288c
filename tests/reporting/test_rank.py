"""Rank correlations and reliability: hand-worked, and beside scipy where it is installed."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.statistics import rank
from designspace.statistics.reliability import reliability

Columns = tuple[list[int], list[int]]
columns = st.integers(2, 12).flatmap(
    lambda n: st.tuples(*(st.lists(st.integers(0, 5), min_size=n, max_size=n) for _ in range(2)))
)


def tau(x: list[int], y: list[int]) -> float:
    return rank.correlation(rank.tau_b, x, y).value


def rho(x: list[int], y: list[int]) -> float:
    return rank.correlation(rank.spearman, x, y).value


@pytest.mark.parametrize(
    ("x", "y", "kendall", "spearman"),
    [
        ([1, 2, 3, 4], [1, 3, 2, 4], 4 / 6, 0.8),
        ([1, 2, 3, 4], [4, 3, 2, 1], -1, -1),
        # one pair tied in each: 4 pairs agree of 5 untied in either column
        ([1, 1, 2, 3], [1, 2, 2, 3], 4 / 5, 3.75 / 4.5),
        # two rows equal in both columns
        ([1, 1, 2], [5, 5, 9], 1, 1),
    ],
)
def test_hand_worked(x: list[int], y: list[int], kendall: float, spearman: float) -> None:
    assert tau(x, y) == pytest.approx(kendall)
    assert rho(x, y) == pytest.approx(spearman)


def by_pairs(x: list[int], y: list[int]) -> float:
    """Tau-b as its definition counts it."""
    pairs = [(i, j) for i in range(len(x)) for j in range(i)]
    agree = sum(np.sign(x[i] - x[j]) * np.sign(y[i] - y[j]) for i, j in pairs)
    untied = [sum(column[i] != column[j] for i, j in pairs) for column in (x, y)]
    return agree / math.sqrt(untied[0] * untied[1]) if all(untied) else math.nan


@given(columns)
def test_tau_is_that_of_its_definition(both: Columns) -> None:
    assert tau(*both) == pytest.approx(by_pairs(*both), nan_ok=True)
    assert math.isnan(rho(*both)) == math.isnan(tau(*both))


@given(columns)
def test_equals_scipy(both: Columns) -> None:
    stats = pytest.importorskip("scipy.stats")
    if min(len(set(column)) for column in both) > 1:
        assert tau(*both) == pytest.approx(stats.kendalltau(*both).statistic)
        assert rho(*both) == pytest.approx(stats.spearmanr(*both).statistic)


def test_an_interval_holds_its_value_and_shrinks_with_more_rows() -> None:
    draw = np.random.default_rng(1)
    widths: list[float] = []
    found = rank.Estimate(0, 0, 0)
    for rows in (20, 200):
        x = draw.normal(size=rows)
        y = x + draw.normal(size=rows)
        found = rank.correlation(rank.tau_b, x.tolist(), y.tolist())
        assert found.low < found.value < found.high
        widths.append(found.high - found.low)
    assert found.low < 0.5 < found.high  # tau of a correlation of sqrt(1/2)
    assert widths[1] < widths[0] / 2
    perfect = rank.correlation(rank.spearman, [1, 2, 3, 4, 5], [2, 4, 6, 8, 10])
    assert (perfect.value, perfect.low, perfect.high) == pytest.approx((1, 1, 1))


def test_columns_over_the_same_rows_are_compared_together() -> None:
    draw = np.random.default_rng(2)
    y = draw.normal(size=40)
    good, bad = (y + draw.normal(size=40) * noise for noise in (0.3, 3.0))
    ahead = rank.advantage(rank.tau_b, good.tolist(), bad.tolist(), y.tolist())
    assert 0 < ahead.low < ahead.value < ahead.high
    itself = rank.advantage(rank.tau_b, good.tolist(), good.tolist(), y.tolist())
    assert (itself.value, itself.low, itself.high) == (0, 0, 0)


def test_a_draw_is_the_statistic_of_the_rows_that_it_holds() -> None:
    x, y = [3, 1, 4, 1, 5], [2, 7, 1, 8, 2]
    rows = [0, 0, 2, 4, 4]
    counts = np.array([[2.0, 0, 1, 0, 2]])
    drawn = [[column[row] for row in rows] for column in (x, y)]
    for statistic in (rank.tau_b, rank.spearman):
        (seen,) = statistic(rank.signs(x), rank.signs(y), counts)
        assert seen == pytest.approx(rank.correlation(statistic, *drawn).value)


def test_a_constant_column_has_no_rank() -> None:
    found = rank.correlation(rank.tau_b, [1, 1, 1, 1], [1, 2, 3, 4])
    assert all(math.isnan(x) for x in (found.value, found.low, found.high))


def test_reliability_by_hand() -> None:
    # variances within: 1, 1, 0; means 1, 5, 9 have the variance 16, of which 2/3 by 2 is noise
    found = reliability([[1 - 0.5**0.5, 1 + 0.5**0.5], [5 - 0.5**0.5, 5 + 0.5**0.5], [9.0, 9.0]])
    assert found.within == pytest.approx(2 / 3)
    assert found.between == pytest.approx(16 - 1 / 3)
    assert found.one == pytest.approx((16 - 1 / 3) / (16 + 1 / 3))
    assert found.tau_between_two < found.tau_ceiling < 1


def test_reliability_of_noise_alone_is_none_and_agrees_with_drawn_ranks() -> None:
    assert reliability([[1.0, 3.0], [3.0, 1.0]]).tau_ceiling == 0
    draw = np.random.default_rng(3)
    true = draw.normal(size=400)
    first, second = (true + draw.normal(size=400) * 0.5 for _ in range(2))
    found = reliability(np.stack([first, second], axis=1).tolist())
    seen = [
        rank.correlation(rank.tau_b, a.tolist(), b.tolist()).value
        for a, b in ((true, first), (first, second))
    ]
    assert [found.tau_ceiling, found.tau_between_two] == pytest.approx(seen, abs=0.05)
