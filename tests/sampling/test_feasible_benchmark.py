"""What the benchmark of drawing under a budget rests on: formula, identity, distance."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.feasible.space import check_formula
from benchmarks.feasible.uniform import distance
from benchmarks.feasible.worker import distinct

TRUTH = [[10, 20, 70], [50, 50, 0]]


def test_the_formula_is_the_package_s_count() -> None:
    check_formula(n=50, seed=1)


def test_a_repeated_network_counts_once() -> None:
    points = np.array([[0, 1, 2], [2, 1, 0], [0, 1, 2], [0, 2, 1]], dtype=np.int8)
    assert distinct(points, [3, 3, 3]).tolist() == [0, 1, 3]


def test_a_uniform_sample_is_as_far_as_chance_and_a_biased_one_farther() -> None:
    rng = np.random.default_rng(0)
    p = [np.array(row) / 100 for row in TRUTH]
    uniform = distance([rng.multinomial(2000, each).tolist() for each in p], TRUTH)
    biased = distance([[800, 600, 600], [1000, 1000, 0]], TRUTH)
    assert uniform["tv_mean"] < 3 * uniform["noise_mean"]
    assert biased["tv_max"] == pytest.approx(0.4)
    assert biased["tv_mean"] > 3 * biased["noise_mean_95"]
