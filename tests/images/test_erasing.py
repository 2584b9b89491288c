"""Noise that is a function of what it is for, and the boxes that it fills."""

from __future__ import annotations

from statistics import NormalDist

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor

from designspace.images.augmentation.batch_random import Draw
from designspace.images.augmentation.erasing import erase
from designspace.images.augmentation.noise import CHANNEL, FRACTION, STEP, keys, normal, signed
from designspace.images.loading.batches import rows_of
from designspace.images.randomness import generator

COUNT = 400_000


def _noise(key: int, rows: int, count: int = COUNT) -> Tensor:
    begin = torch.from_numpy(keys(key, np.arange(rows)))
    return normal(begin[:, None] + torch.arange(count) * STEP).double()


def _erased(draw: Draw, images: Tensor) -> Tensor:
    size = images.shape[2], images.shape[3]
    return erase(size, 0.7, 1, draw)(images.clone())


@given(
    world=st.sampled_from([1, 2, 4]),
    parts=st.sampled_from([1, 2]),
    seed=st.integers(0, 2**31),
    size=st.tuples(st.integers(1, 20), st.integers(1, 20)),
    channels=st.sampled_from([1, 3]),
)
def test_shares_of_several_processes_are_the_rows_of_one(
    world: int, parts: int, seed: int, size: tuple[int, int], channels: int
) -> None:
    images = torch.full((16, channels, *size), 9.0)
    whole = _erased(Draw(generator(seed), 16), images)
    share = 16 // parts
    for rank in range(world):
        draw = Draw(generator(seed), 16)
        for part in range(parts):
            rows = share * part + torch.tensor(rows_of(share, rank, world, paired=True))
            assert torch.equal(_erased(draw.part(rows), images[rows]), whole[rows])


def test_noise_is_normal() -> None:
    noise = _noise(7, 4)
    spread = 5 * COUNT**-0.5  # five standard errors of the mean
    for row in noise:
        assert abs(float(row.mean())) < spread
        assert abs(float(row.var()) - 1) < spread * 2**0.5
        assert abs(float((row**3).mean())) < spread * 15**0.5
        assert abs(float((row**4).mean()) - 3) < spread * 96**0.5
        below = [float((row < bound).double().mean()) for bound in (-2, -1, 0, 1, 2)]
        assert below == pytest.approx([0.02275, 0.15866, 0.5, 0.84134, 0.97725], abs=spread / 2)


def test_elements_rows_and_steps_are_not_correlated() -> None:
    noise, other = _noise(7, 4), _noise(8, 4)
    spread = 5 * COUNT**-0.5
    for lag in (1, 2, 3, 224):
        row = noise[0]
        assert abs(float((row[lag:] * row[:-lag]).mean())) < spread
        assert abs(float((row[lag:] ** 2 * row[:-lag] ** 2).mean()) - 1) < spread * 8**0.5
    together = torch.cat([noise, other])
    products = together @ together.T / COUNT - torch.eye(8)
    assert float((products - products.diag().diag()).abs().max()) < spread
    first = normal(torch.from_numpy(keys(7, np.arange(COUNT)))).double()
    assert abs(float((first[1:] * first[:-1]).mean())) < spread
    assert float(first.var()) == pytest.approx(1, abs=spread * 2**0.5)


def test_channels_of_pixels_are_not_correlated() -> None:
    begin = int(keys(7, np.arange(1))[0])
    count = COUNT // 4
    pixels = signed(begin) + torch.arange(count) * STEP
    noise = normal(pixels[:, None] + torch.arange(4) * signed(CHANNEL)).double()
    products = noise.T @ noise / count - torch.eye(4)
    assert float((products - products.diag().diag()).abs().max()) < 5 * count**-0.5
    for lag in (1, 2, 3):
        moved = noise[lag:].T @ noise[:-lag] / count
        assert float(moved.abs().max()) < 5 * count**-0.5


def test_second_differences_are_those_of_independent_numbers() -> None:
    """Counters go on in equal steps, and a polynomial of them alone would show it there."""
    row = _noise(9, 1)[0]
    for lag in (1, 2, 224):
        change = row[2 * lag :] - 2 * row[lag:-lag] + row[: -2 * lag]
        kurtosis = float((change**4).mean()) / float(change.var()) ** 2
        assert float(change.var()) == pytest.approx(6, rel=0.03)
        assert kurtosis == pytest.approx(3, abs=0.1)


def test_noise_is_what_the_formula_says() -> None:
    """In Python's whole numbers, which do not wrap by themselves."""
    begin = int(keys(3, np.arange(1))[0])
    for element, mine in enumerate(_noise(3, 1, 50)[0].tolist()):
        mixed = signed(begin + element * STEP)
        mixed = signed(mixed * (2 * mixed + 1))
        mixed ^= mixed >> 32
        mixed = signed(mixed * (2 * mixed + 1))
        expected = NormalDist().inv_cdf((mixed / 2**63 + 1) / 2)
        assert mine == pytest.approx(expected, rel=1e-4, abs=1e-5)


def test_the_extreme_numbers_have_finite_noise() -> None:
    ends = torch.tensor([-(2**63), 2**63 - 1, 0, -1, 1])
    assert torch.isfinite(normal(ends)).all()
    assert (ends.mul(FRACTION).abs() < 1).all()


def test_a_step_that_erases_nothing_changes_nothing() -> None:
    images = torch.full((8, 3, 6, 6), 9.0)
    assert torch.equal(erase((6, 6), 0.0, 1, Draw(generator(0), 8))(images.clone()), images)
    one = torch.full((8, 3, 1, 1), 9.0)  # no box is smaller than that
    assert torch.equal(erase((1, 1), 1.0, 1, Draw(generator(0), 8))(one.clone()), one)
