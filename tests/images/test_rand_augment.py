"""RandAugment of batches against timm's of single images."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from timm.data import auto_augment
from torch import Tensor

from designspace.errors import InputError
from designspace.images.augmentation.batch_random import Draw
from designspace.images.augmentation.operators import NAMES, TONES, WARPS, Layer
from designspace.images.augmentation.parcel import Parcel
from designspace.images.augmentation.policy import parse_policy
from designspace.images.augmentation.rand_augment import RandAugment, early
from designspace.images.data import load_data
from designspace.images.pixels.decode import to_bytes
from designspace.images.randomness import generator
from designspace.images.split import DecodedSplit
from tests.helpers.shared import imagenette

MEAN = (0.485, 0.456, 0.406)
FILL = tuple(round(255 * value) for value in MEAN)
LEVELS = (0.0, 0.3, 2.7, 5.0, 7.31, 9.0, 9.77, 10.0)


@pytest.fixture(scope="module")
def photos() -> Tensor:
    """Bytes of real images in colour: photographs, or three gray ones in the place of a channel."""
    files = imagenette(8)
    if files is not None:
        images = [Image.open(file).convert("RGB").resize((48, 40)) for file in files]
        return torch.stack([to_bytes(image) for image in images])
    train = load_data().train
    assert isinstance(train, DecodedSplit)
    return train.pixels[:24, 0].view(8, 3, 28, 28)


def _image(pixels: Tensor) -> Image.Image:
    return Image.fromarray(pixels.permute(1, 2, 0).numpy())


def _timms_name(name: str, increasing: bool) -> str:
    plain = "".join(word.capitalize() for word in name.split("_"))
    plain += "Rel" if plain.startswith("Translate") else ""
    rising = plain + "Increasing"
    return rising if increasing and rising in auto_augment.LEVEL_TO_ARG else plain


def _timms(
    pixels: Tensor,
    name: str,
    level: float,
    bicubic: bool,
    monkeypatch: pytest.MonkeyPatch,
    sign: int,
) -> Tensor:
    """timm's operator of each image; its sign comes from Python's global stream."""
    mode = Image.Resampling.BICUBIC if bicubic else Image.Resampling.BILINEAR
    hints = {"img_mean": FILL, "interpolation": mode}
    operator: Any = auto_augment.AugmentOp(name, prob=1.0, magnitude=level, hparams=hints)  # pyright: ignore[reportArgumentType]
    with monkeypatch.context() as patch:
        patch.setattr(random, "random", lambda: 1.0 if sign < 0 else 0.0)
        return torch.stack([to_bytes(operator(_image(image))) for image in pixels])


def _ours(
    pixels: Tensor, name: str, level: float, bicubic: bool, increasing: bool, sign: int
) -> Tensor:
    count = len(pixels)
    layer = Layer(
        np.full(count, NAMES.index(name)),
        np.full(count, level),
        np.full(count, sign),
        np.full(count, bicubic),
    )
    augment = RandAugment(f"rand-inc{int(increasing)}", MEAN)
    return augment.applied([layer], (pixels.shape[2], pixels.shape[3]), Parcel())(pixels)


@pytest.mark.parametrize("increasing", [False, True])
@pytest.mark.parametrize("name", TONES)
def test_tones_are_timms_to_the_level(
    photos: Tensor, monkeypatch: pytest.MonkeyPatch, name: str, increasing: bool
) -> None:
    for level in LEVELS:
        for sign in (1, -1):
            ours = _ours(photos, name, level, False, increasing, sign)
            assert ours.dtype == torch.uint8
            if name == "posterize" and level * 0.4 < 1 and not increasing:
                assert ours.max() == 0  # no bit is kept, which Pillow 13 refuses
                continue
            if name == "posterize" and level == 10 and increasing:
                assert ours.max() == 0
                continue
            theirs = _timms(photos, _timms_name(name, increasing), level, False, monkeypatch, sign)
            off = (ours.int() - theirs.int()).abs()
            assert off.max() == 0


@pytest.mark.parametrize("name", WARPS)
def test_warps_are_timms(photos: Tensor, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    for level in LEVELS:
        for sign in (1, -1):
            args = _timms_name(name, True), level
            sharp = _ours(photos, name, level, True, True, sign).float()
            off = (sharp - _timms(photos, *args, True, monkeypatch, sign)).abs()
            assert off.mean() < 2  # the two libraries' bicubic kernels differ
            plain = _ours(photos, name, level, False, True, sign).int()
            off = (plain - _timms(photos, *args, False, monkeypatch, sign).int()).abs()
            assert off.max() <= 1
            assert off.float().mean() < 0.1


def test_a_gray_image_is_treated_as_its_colour_copy(photos: Tensor) -> None:
    gray = photos[:, :1]
    one, three = (RandAugment("rand-m9-n4-p1-inc1", (0.4,) * k) for k in (1, 3))
    size = (gray.shape[2], gray.shape[3])
    alone = one(size, Draw(generator("a"), 8))(gray)
    assert alone.shape == gray.shape
    assert not torch.equal(alone, gray)
    colour = three(size, Draw(generator("a"), 8))(gray.expand(-1, 3, -1, -1))
    assert torch.equal(colour, alone.expand(-1, 3, -1, -1))


@pytest.mark.parametrize(
    "name",
    ["rand-m9-mstd0.5-inc1", "rand-m5", "rand-n3-m7-p0.25-mmax15-mstd101", "rand-mstd1-inc0"],
)
def test_a_name_says_what_it_says_to_timm(name: str) -> None:
    policy, timms = parse_policy(name), auto_augment.rand_augment_transform(name)
    operator = timms.ops[0]
    assert (policy.layers, policy.probability) == (timms.num_layers, operator.prob)
    assert (policy.magnitude, policy.spread) == (operator.magnitude, operator.magnitude_std)
    assert policy.ceiling == (operator.magnitude_max or 10)
    names = [_timms_name(name, policy.increasing) for name in NAMES]
    assert {operator.name for operator in timms.ops} == set(names)


def test_an_unknown_section_is_refused() -> None:
    with pytest.raises(InputError, match="unknown section 'mstdd1'; did you mean 'mstd'"):
        parse_policy("rand-mstdd1")


def test_operators_are_as_frequent_as_timms() -> None:
    """Half of the layers do something; levels have the mean and spread asked for."""
    policy = parse_policy("rand-m5-mstd0.5")
    levels = policy.levels(Draw(generator("levels"), 20_000))
    assert levels.mean() == pytest.approx(5, abs=0.02)
    assert levels.std() == pytest.approx(0.5, abs=0.02)
    uniform = parse_policy("rand-m4-mstd999").levels(Draw(generator("levels"), 20_000))
    assert (uniform.min(), uniform.max()) == pytest.approx((0, 4), abs=0.01)
    pixels = torch.arange(256, dtype=torch.uint8).view(1, 1, 16, 16).expand(4000, 3, -1, -1)
    changed = (
        RandAugment("rand-n1-m5-inc1", MEAN)((16, 16), Draw(generator("often"), 4000))(pixels)
        != pixels
    )
    # Four of the operators leave a gray ramp over the whole range as it is.
    assert changed.flatten(1).any(1).float().mean() == pytest.approx(0.5 * 11 / 15, abs=0.04)


def test_the_draws_come_from_the_generator_alone(photos: Tensor) -> None:
    augment = RandAugment("rand-m9-mstd0.5-inc1", MEAN)
    torch.manual_seed(0)
    random.seed(0)
    size = (photos.shape[2], photos.shape[3])
    first = augment(size, Draw(generator("x"), 8))(photos)
    torch.manual_seed(1)
    random.seed(1)
    assert torch.equal(first, augment(size, Draw(generator("x"), 8))(photos))
    rows = torch.tensor([6, 1, 3])
    assert torch.equal(first[rows], augment(size, Draw(generator("x"), 8, rows))(photos[rows]))


@given(layers=st.integers(1, 4), images=st.integers(1, 40), seed=st.integers(0, 2**31))
def test_gathering_layers_keeps_the_operators_of_each_image(
    layers: int, images: int, seed: int
) -> None:
    draw = np.random.default_rng(seed)
    drawn = [
        Layer(
            np.where(draw.random(images) < 0.5, draw.integers(len(NAMES), size=images), -1),
            draw.random(images),
            draw.choice([-1, 1], images),
            draw.random(images) < 0.5,
        )
        for _ in range(layers)
    ]
    gathered = early(drawn)
    assert len(gathered) == layers
    for image in range(images):
        before, after = (
            [tuple(values[image] for values in layer) for layer in some if layer.kinds[image] >= 0]
            for some in (drawn, gathered)
        )
        assert after == before
    launched = [sum(len({*layer.kinds} - {-1}) for layer in some) for some in (drawn, gathered)]
    assert layers > 2 or launched[1] <= launched[0]


def test_gathered_layers_change_images_as_before(photos: Tensor) -> None:
    """Second operators alone, which the first layer takes over."""
    first, second = (
        Layer(np.array([-1, 3, -1, 1, -1, 10, -1, 0]), *_numbers()),
        Layer(np.array([1, -1, 7, 0, 12, 1, -1, 5]), *_numbers()),
    )
    augment, size = RandAugment("rand-inc1", MEAN), (photos.shape[2], photos.shape[3])
    plain = augment.applied([first, second], size, Parcel())(photos)
    assert torch.equal(augment.applied(early([first, second]), size, Parcel())(photos), plain)
    assert not torch.equal(plain, photos)


def _numbers() -> tuple[Any, Any, Any]:
    return np.linspace(2, 9, 8), np.array([1, -1] * 4), np.arange(8) % 3 == 0
