"""What counting stands on: ranks, the wavelet matrix and the indices, against brute force."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.sampling import random_ranks as module
from designspace.sampling.count.range_queries import index
from designspace.sampling.random_ranks import ranks
from designspace.sampling.tables.wavelet import Wavelet

FAR = 1 << 60
sizes = st.integers(1, 70)
seeds = st.integers(0, 1 << 32)


@given(sizes, seeds)
def test_a_wavelet_matrix_counts_and_selects_as_sorting_does(n: int, seed: int) -> None:
    stream = np.random.default_rng(seed)
    values = stream.permutation(n).astype(np.int32)
    ends = np.sort(stream.integers(0, n + 1, (2, 30)), axis=0).astype(np.int32)
    bound = stream.integers(0, n, 30).astype(np.int32)
    slices = [values[start:stop] for start, stop in ends.T]
    wavelet = Wavelet(values)
    below = wavelet.below(ends[0], ends[1], bound)
    assert below.tolist() == [int((s < b).sum()) for s, b in zip(slices, bound, strict=True)]
    some = [i for i, each in enumerate(slices) if len(each)]
    k = np.array([stream.integers(len(slices[i])) for i in some], np.int32)
    kth = wavelet.kth(ends[0, some], ends[1, some], k)
    assert kth.tolist() == [int(np.sort(slices[i])[j]) for i, j in zip(some, k, strict=True)]


@given(st.integers(0, 2), sizes, seeds, st.booleans())
def test_an_index_finds_all_that_lies_in_each_window(
    costs: int, n: int, seed: int, one_sided: bool
) -> None:
    stream = np.random.default_rng(seed)
    vectors = stream.integers(0, 20, (costs, n))
    low, high = np.sort(stream.integers(-2, 22, (2, costs, 25)), axis=0)
    if one_sided and costs:
        low[-1] = -FAR
    order = np.argsort(high[-1]) if costs else np.arange(25)
    own = index(vectors)
    found = own.count(low, high, order)
    for window, number in enumerate(found):
        inside = (low[:, [window]] <= vectors) & (vectors <= high[:, [window]])
        wanted = np.flatnonzero(inside.all(axis=0))
        assert number == len(wanted)
        each = np.repeat([window], number)
        chosen = own.select(low[:, each], high[:, each], np.arange(number))
        assert sorted(chosen.tolist()) == wanted.tolist()
        if costs:
            assert (np.diff(vectors[-1, chosen]) >= 0).all(), "in the order of the last cost"


@pytest.fixture
def drawn(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Ranks that are drawn and not shuffled, however few there are."""
    monkeypatch.setattr(module, "_SHUFFLED", 0)
    return ranks


def test_ranks_are_distinct_and_the_first_of_a_longer_draw_those_of_a_shorter(drawn: Any) -> None:
    for count in (1, 2, 3, 10, 1001, 1 << 33):
        for seed in range(3):
            longest = drawn(count, 1000, seed)
            assert len(longest) == len(set(longest.tolist())) == min(count, 1000)
            assert 0 <= longest.min() <= longest.max() < count
            for n in (0, 1, min(count // 2, 600), min(count // 2 + 1, 700)):
                assert drawn(count, n, seed).tolist() == longest[:n].tolist()


def test_all_ranks_come_once_where_all_are_drawn(drawn: Any) -> None:
    count = 20_001
    found = drawn(count, 2 * count, 0)
    assert np.bincount(found, minlength=count).tolist() == [1] * count


def test_drawn_ranks_are_uniform_in_every_place(drawn: Any) -> None:
    """Pearson's statistic of each place of a draw, beyond the half included."""
    count, rounds = 12, 1500
    every = np.array([drawn(count, count, seed) for seed in range(rounds)])
    for place in every.T:
        times = Counter(place.tolist())
        statistic = sum((times[i] - rounds / count) ** 2 for i in range(count)) * count / rounds
        assert statistic < count - 1 + 5 * (2 * (count - 1)) ** 0.5
