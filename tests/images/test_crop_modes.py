"""The three ways to crop a test image, beside timm's own transforms."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from timm.data.transforms_factory import create_transform
from torch import Generator, Tensor

from designspace.images.loading.transforms import TestLook as Look
from designspace.images.loading.transforms import TrainLook
from designspace.images.pixels.decode import to_bytes
from designspace.images.view import View
from designspace.spec.recipe.crops import CropMode, NoCrop, PadCrop
from designspace.spec.recipe.crops import TestView as EvalView
from designspace.spec.recipe.recipe import load_recipe

MODES: tuple[CropMode, ...] = ("center", "squash", "border")
IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
SHAPES = (
    (64, 64),
    (97, 140),
    (140, 97),
    (31, 200),
    (200, 33),
    (40, 40),
    (50, 64),
    (1, 90),
    (65, 64),
)


def photo(height: int, width: int, channels: int = 3) -> Image.Image:
    """A smooth image with hard edges."""
    draw = np.random.default_rng(height * 1000 + width)
    coarse = draw.integers(0, 256, (5, 5, 3), dtype=np.uint8)
    image = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    return image.convert("L" if channels == 1 else "RGB")


def by_timm(image: Image.Image, view: View) -> Tensor:
    """The bytes that timm's evaluation shows a network."""
    test = view.test
    seen: Any = create_transform(
        (3, view.size, view.size), is_training=False, crop_pct=test.crop_pct,
        crop_mode=test.crop_mode, interpolation=test.interpolation, mean=view.mean,
        std=view.std, normalize=False,
    )  # fmt: skip
    return seen(image)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("crop", [1.0, 0.95, 0.875])
@pytest.mark.parametrize("interpolation", ["bicubic", "bilinear"])
def test_a_file_is_seen_to_the_pixel_as_timm_shows_it(
    mode: CropMode, crop: float, interpolation: Any
) -> None:
    test = EvalView(crop_pct=crop, interpolation=interpolation, crop_mode=mode)
    view = View(64, *IMAGENET, test)
    for height, width in SHAPES:
        image = photo(height, width)
        assert torch.equal(Look(view)(image, Generator()), by_timm(image, view)), (height, width)


@settings(deadline=None, max_examples=60)
@given(
    st.sampled_from(MODES), st.integers(1, 120), st.integers(1, 120), st.integers(2, 60),
    st.floats(0.3, 1.0),
)  # fmt: skip
def test_any_shape_is_seen_as_timm_shows_it(
    mode: CropMode, height: int, width: int, size: int, crop: float
) -> None:
    view = View(size, *IMAGENET, EvalView(crop_pct=crop, crop_mode=mode))
    if mode == "border" and 0 in (round(side * view.test.covering(size) / max(height, width))
                                  for side in (height, width)):  # fmt: skip
        return  # timm has no image where a side comes to nothing
    image = photo(height, width)
    assert torch.equal(Look(view)(image, Generator()), by_timm(image, view))


@pytest.mark.parametrize("mode", MODES)
def test_decoded_images_are_seen_as_their_files_are(mode: CropMode) -> None:
    """To two levels in 255, of pixels that torch rounds once where Pillow rounds twice."""
    for crop in (1.0, 0.875):
        view = View(64, *IMAGENET, EvalView(crop_pct=crop, crop_mode=mode))
        for height, width in SHAPES:
            image = photo(height, width)
            seen = view.fit(to_bytes(image)[None])[0].float()
            away = (seen - by_timm(image, view).float()).abs().max()
            assert away <= 2, (crop, height, width)


@pytest.mark.parametrize("mode", MODES)
def test_gray_images_have_the_view_too(mode: CropMode) -> None:
    view = View(32, (0.3,), (0.2,), EvalView(crop_mode=mode))
    image = photo(40, 60, channels=1)
    read = Look(view)(image, Generator())
    assert read.shape == (1, 32, 32)
    assert (view.fit(to_bytes(image)[None])[0].float() - read).abs().max() <= 2
    if mode == "border":
        assert read[0, 0, 0] == round(255 * 0.3)


def test_training_that_does_not_crop_sees_the_view() -> None:
    view = View(32, *IMAGENET, EvalView(crop_mode="squash"))
    image, draw = photo(40, 80), Generator()
    assert torch.equal(TrainLook(NoCrop(), view)(image, draw), Look(view)(image, draw))
    assert TrainLook(PadCrop(), view)(image, draw).shape == (3, 32, 32)


def test_recipes_at_384_warp_and_the_others_keep_their_digests() -> None:
    warped = {name: load_recipe(name).test.crop_mode for name in RECIPES}
    assert warped == {name: "squash" if name.endswith("_384") else "center" for name in RECIPES}
    for name, digest in RECIPES.items():
        assert digest is None or load_recipe(name).digest == digest
    named = load_recipe("demo", {"test.crop_mode": "center"})
    assert named.digest == load_recipe("demo").digest
    other = load_recipe("demo", {"test.crop_mode": "border"})
    assert other.digest != named.digest
    assert load_recipe(other.plain()) == other


# Digests before there was a mode; those of the recipes that warp changed with it.
RECIPES: dict[str, str | None] = {
    "convnext_1k": "53df799e83c35854",
    "convnext_22k": "a4f559c3e4298660",
    "convnext_finetune_1k_384": None,
    "convnext_finetune_22k": "2d1afdde27417cc2",
    "convnext_finetune_22k_384": None,
    "convnext_isotropic": "1dbe5144ff615488",
    "convnext_roadmap": "c3d424e076d55a65",
    "demo": "b577858a417d524d",
    "proxy_32": "bf13b28e1de0b823",
    "proxy_32_long": "38b75d296a8d445d",
    "resnet_original": "38a75f81d0068569",
}
