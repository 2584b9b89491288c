"""Crops, jitter and erasing of batches, and what a recipe makes of them."""

from __future__ import annotations

import random
from itertools import permutations

import numpy as np
import pytest
import torch
from PIL import Image, ImageEnhance
from timm.data.random_erasing import RandomErasing
from torch import Tensor

from designspace.images.augmentation.augment import Augment
from designspace.images.augmentation.batch_random import Draw
from designspace.images.augmentation.crops import flip, pad_crop, resized_crop
from designspace.images.augmentation.erasing import erase
from designspace.images.augmentation.jitter import ORDERS, color_jitter
from designspace.images.data import load_data
from designspace.images.pixels.decode import to_bytes
from designspace.images.randomness import derive, generator, seed_everything
from designspace.images.split import DecodedSplit
from designspace.images.view import View
from designspace.spec.recipe.crops import ResizedCrop
from designspace.spec.recipe.crops import TestView as EvalView
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.evaluate import view_of
from tests.helpers.shared import imagenette

NONE = torch.zeros(32, dtype=torch.bool)


@pytest.fixture(scope="module")
def pixels() -> Tensor:
    train = load_data().train
    assert isinstance(train, DecodedSplit)
    return train.pixels[:32]


def _view(size: int = 28, **test: float) -> View:
    return View(size, (0.286,), (0.353,), EvalView.model_validate(test))


def test_streams_depend_on_their_purpose_alone() -> None:
    assert derive(1, 2) != derive(12)
    seed_everything("epoch", 0, 3)
    first = random.random(), np.random.rand(), torch.rand(1).item()
    torch.rand(99)
    seed_everything("epoch", 0, 3)
    assert first == (random.random(), np.random.rand(), torch.rand(1).item())


def _draw(name: str = "test", count: int = 32) -> Draw:
    return Draw(generator(name), count)


def test_a_padded_crop_is_a_window_of_the_padded_image(pixels: Tensor) -> None:
    mirrored = torch.arange(32) % 2 == 0
    cropped = pad_crop(28, 2, mirrored, _draw())(pixels)
    assert cropped.shape == pixels.shape
    assert cropped.dtype == torch.uint8
    padded = torch.nn.functional.pad(pixels, [2] * 4)
    places = set()
    for image, source in zip(flip(mirrored, _draw())(cropped), padded, strict=True):
        found = [
            (top, left)
            for top in range(5)
            for left in range(5)
            if torch.equal(image, source[:, top : top + 28, left : left + 28])
        ]
        assert found
        places.add(found[0])
    assert len(places) > 5


def test_a_resized_crop_of_the_whole_image_is_the_image(pixels: Tensor) -> None:
    crop = ResizedCrop(scale=(1, 1), ratio=(1, 1), interpolation="bilinear")
    assert torch.equal(resized_crop((28, 28), crop, 28, NONE, _draw())(pixels), pixels)
    assert torch.equal(resized_crop((28, 28), crop, 28, ~NONE, _draw())(pixels), pixels.flip(3))
    small = resized_crop((28, 28), ResizedCrop(), 20, NONE, _draw())(pixels)
    assert small.shape == (32, 1, 20, 20)
    assert small.dtype == torch.uint8


def test_flips_are_those_chosen(pixels: Tensor) -> None:
    chosen = _draw().chance(0.5)
    assert 4 < chosen.sum() < 28
    for image, source, mirrored in zip(flip(chosen, _draw())(pixels), pixels, chosen, strict=True):
        assert torch.equal(image, source.flip(2) if mirrored else source)


def test_colour_jitter_is_that_of_pillows_enhancers() -> None:
    files = imagenette(4)
    if files is None:
        pytest.skip("needs photographs in colour")
    photos = [Image.open(file).convert("RGB") for file in files]
    ours = color_jitter(0.4, _draw("j", 4))(torch.stack([to_bytes(photo) for photo in photos]))
    again = _draw("j", 4)
    factors = again.uniform(3, low=0.6, high=1.4).T
    orders = ORDERS[again.integers(6)]
    assert sorted(map(tuple, ORDERS.tolist())) == list(permutations(range(3)))
    for photo, mine, factor, order in zip(photos, ours, factors, orders, strict=True):
        for kind in order.tolist():
            enhancer = (ImageEnhance.Brightness, ImageEnhance.Contrast, ImageEnhance.Color)[kind]
            photo = enhancer(photo).enhance(factor[kind].item())
        assert (mine.int() - to_bytes(photo).int()).abs().max() <= 1


def test_erasing_has_timms_boxes() -> None:
    """Share of the images touched, and the mean and spread of the erased share, agree."""
    blank = torch.full((6000, 1, 32, 32), 9.0)
    ours = erase((32, 32), 0.4, 2, _draw("boxes", 6000))(blank.clone()) != 9
    random.seed(0)
    timms = RandomErasing(0.4, mode="pixel", max_count=2, device="cpu")(blank.clone()) != 9
    for mine, theirs in ((ours, timms), (ours.any(2), timms.any(2)), (ours.any(3), timms.any(3))):
        share, other = (each.flatten(1).double().mean(1).numpy() for each in (mine, theirs))
        assert (share > 0).mean() == pytest.approx((other > 0).mean(), abs=0.03)
        assert share.mean() == pytest.approx(other.mean(), rel=0.05)
        assert share.std() == pytest.approx(other.std(), rel=0.05)


def test_what_is_erased_becomes_normal_noise_in_the_rows_that_are_here() -> None:
    blank = torch.full((400, 3, 16, 16), 9.0).contiguous(memory_format=torch.channels_last)
    whole = erase((16, 16), 0.5, 1, _draw("noise", 400))(blank.clone())
    noise = whole[whole != 9]
    assert noise.mean() == pytest.approx(0, abs=0.02)
    assert noise.std() == pytest.approx(1, abs=0.02)
    rows = torch.tensor([7, 300, 2, 399])
    part = erase((16, 16), 0.5, 1, Draw(generator("noise"), 400, rows))(blank[rows].clone())
    assert torch.equal(part, whole[rows])
    one = whole[(whole != 9).flatten(1).any(1)][0]
    erased = (one != 9).all(0)
    assert torch.equal((one != 9).any(0), erased)
    rows_, columns = erased.any(1).sum(), erased.any(0).sum()
    assert erased.sum() == rows_ * columns
    assert 0.3 * 0.6 < rows_ / columns < 1 / (0.3 * 0.6)


def test_the_view_resizes_crops_and_normalises(pixels: Tensor) -> None:
    assert torch.equal(_view().fit(pixels), pixels)
    assert _view(24, crop_pct=24 / 28).fit(pixels).shape == (32, 1, 24, 24)
    assert torch.equal(_view(24, crop_pct=24 / 28).fit(pixels), pixels[:, :, 2:26, 2:26])
    assert _view(64).fit(pixels[:, :, :20]).shape == (32, 1, 64, 64)
    data = load_data()
    view = view_of(data, 28, EvalView())
    assert view.mean == pytest.approx((0.286,), abs=2e-3)
    assert view.std == pytest.approx((0.353,), abs=2e-3)
    assert isinstance(data.train, DecodedSplit)
    normal = view.normalise(data.train.pixels)
    assert normal.mean().item() == pytest.approx(0, abs=1e-4)
    assert normal.std().item() == pytest.approx(1, abs=1e-3)
    assert normal.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("crop", ["none", "pad", "resized"])
def test_augmentation_ends_at_the_views_size(pixels: Tensor, crop: str) -> None:
    changes = {"crop.kind": crop, "rand_augment": "rand-m9-mstd0.5-inc1", "random_erasing": 0.5}
    augment = Augment(load_recipe("demo", changes), _view(24))
    first = augment.decoded(pixels, _draw("a"))
    assert first.shape == (32, 1, 24, 24)
    assert first.is_contiguous(memory_format=torch.channels_last)
    assert torch.equal(first, augment.decoded(pixels, _draw("a")))
    rows = torch.tensor([31, 4, 5])
    here = augment.decoded(pixels[rows], Draw(generator("a"), 32, rows))
    assert torch.equal(first[rows], here)
    assert augment.cropped(pixels[:, :, :24, :24], _draw("a")).shape == (32, 1, 24, 24)


def test_without_a_policy_colours_are_jittered(pixels: Tensor) -> None:
    plain = Augment(load_recipe("demo"), _view()).decoded(pixels, _draw())
    jittered = Augment(load_recipe("demo", {"color_jitter": 0.4}), _view()).decoded(pixels, _draw())
    assert not torch.equal(plain, jittered)
    assert torch.equal(plain, _view().normalise(flip(_draw().chance(0.5), _draw())(pixels)))
