"""The page that teaches the method says what the code does."""

from __future__ import annotations

import doctest

import pytest

import designspace.images.augmentation.noise
import designspace.records.study.state
import designspace.sampling
import designspace.sampling.count.range_queries
import designspace.sampling.tables.wavelet


@pytest.mark.parametrize(
    ("module", "examples"),
    [
        (designspace.sampling, 16),
        (designspace.sampling.tables.wavelet, 4),
        (designspace.sampling.count.range_queries, 4),
        (designspace.images.augmentation.noise, 4),
        (designspace.records.study.state, 5),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_worked_examples_give_what_they_say(module: object, examples: int) -> None:
    results = doctest.testmod(module)  # pyright: ignore[reportArgumentType]
    assert results.failed == 0
    assert results.attempted >= examples
