from __future__ import annotations

import random

import numpy as np
import pytest
import torch
from PIL import Image
from timm.data.auto_augment import rand_augment_transform
from torch import Tensor

from designspace.spec.crops import ResizedCrop
from designspace.spec.crops import TestView as EvalView
from designspace.spec.recipe import load_recipe
from designspace.train.augment import (
    Augment,
    RandAugmentPolicy,
    apply_policy,
    flip,
    pad_crop,
    resized_crop,
)
from designspace.train.data import load_data
from designspace.train.decode import to_bytes
from designspace.train.evaluate import view_of
from designspace.train.randomness import derive, generator, seed_everything
from designspace.train.split import Images
from designspace.train.view import View


@pytest.fixture(scope="module")
def pixels() -> Tensor:
    train = load_data().train
    assert isinstance(train, Images)
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


def test_a_padded_crop_is_a_window_of_the_padded_image(pixels: Tensor) -> None:
    cropped = pad_crop(pixels, 2, generator("test"))
    assert cropped.shape == pixels.shape
    assert cropped.dtype == torch.uint8
    padded = torch.nn.functional.pad(pixels, [2] * 4)
    places = set()
    for image, source in zip(cropped, padded, strict=True):
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
    same = resized_crop(pixels, crop, 28, generator("test"))
    assert torch.allclose(same, pixels.float(), atol=1e-2)
    small = resized_crop(pixels, ResizedCrop(), 20, generator("test"))
    assert small.shape == (32, 1, 20, 20)
    assert small.min() >= 0
    assert small.max() <= 255


def test_flips_are_as_many_as_asked(pixels: Tensor) -> None:
    assert torch.equal(flip(pixels, 0, generator("test")), pixels)
    assert torch.equal(flip(pixels, 1, generator("test")), pixels.flip(3))
    mirrored = flip(pixels, 0.5, generator("test"))
    count = sum(not torch.equal(a, b) for a, b in zip(mirrored, pixels, strict=True))
    assert 4 < count < 28


def test_rand_augment_is_timms(pixels: Tensor) -> None:
    name = "rand-m5-inc1"
    image = pixels[0].expand(3, -1, -1)[None]
    timms = rand_augment_transform(name, {"translate_const": 12, "img_mean": (73, 73, 73)})
    ours = RandAugmentPolicy(name, 28, (73 / 255,) * 3)
    plain = Image.fromarray(image[0].permute(1, 2, 0).numpy())
    for seed in range(8):
        seed_everything(seed)
        mine = apply_policy(image, ours)[0]
        seed_everything(seed)
        assert torch.equal(mine, to_bytes(timms(plain)))


def test_the_strongest_posterize_is_no_error(pixels: Tensor) -> None:
    policy = RandAugmentPolicy("rand-m10-inc1", 28, (0.3,))
    seed_everything(0)
    for _ in range(10):
        assert apply_policy(pixels, policy).shape == pixels.shape


def test_the_view_resizes_crops_and_normalises(pixels: Tensor) -> None:
    assert torch.equal(_view().fit(pixels), pixels)
    assert _view(24, crop_pct=24 / 28).fit(pixels).shape == (32, 1, 24, 24)
    assert torch.equal(_view(24, crop_pct=24 / 28).fit(pixels), pixels[:, :, 2:26, 2:26])
    assert _view(64).fit(pixels[:, :, :20]).shape == (32, 1, 64, 64)
    data = load_data()
    view = view_of(data, 28, EvalView())
    assert view.mean == pytest.approx((0.286,), abs=2e-3)
    assert view.std == pytest.approx((0.353,), abs=2e-3)
    assert isinstance(data.train, Images)
    normal = view.normalise(data.train.pixels)
    assert normal.mean().item() == pytest.approx(0, abs=1e-4)
    assert normal.std().item() == pytest.approx(1, abs=1e-3)
    assert normal.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.parametrize("crop", ["none", "pad", "resized"])
def test_augmentation_ends_at_the_views_size(pixels: Tensor, crop: str) -> None:
    recipe = load_recipe("demo", {"crop.kind": crop, "rand_augment": "rand-m9-mstd0.5-inc1"})
    augment = Augment(recipe, _view(24))
    seed_everything(0)
    first = augment(pixels, generator("a"))
    assert first.shape == (32, 1, 24, 24)
    seed_everything(0)
    assert torch.equal(first, augment(pixels, generator("a")))
