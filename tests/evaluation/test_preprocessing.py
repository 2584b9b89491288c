"""The view that published weights were measured with: from timm's settings, or by family."""

from __future__ import annotations

from typing import Any

import pytest
import timm
from hypothesis import given
from hypothesis import strategies as st

from designspace.weights import Preprocessing, published_view


@pytest.mark.parametrize(
    ("name", "mode", "license"),
    [
        ("convnext_base.fb_in22k_ft_in1k_384", "squash", "apache-2.0"),
        ("convnext_tiny.fb_in1k", "center", "apache-2.0"),
        ("convnextv2_tiny.fcmae_ft_in22k_in1k_384", "squash", "cc-by-nc-4.0"),
        ("swin_base_patch4_window12_384.ms_in22k_ft_in1k", "center", "mit"),
    ],
)
def test_crop_mode_and_license_are_timms(name: str, mode: str, license: str) -> None:  # noqa: A002
    settings = timm.get_pretrained_cfg(name)
    assert settings
    known = Preprocessing.from_timm(settings.to_dict())
    assert (known.crop_mode, known.license) == (mode, license)
    assert known.origin_url
    assert known.hf_hub_id
    assert Preprocessing.from_facts(known.facts()) == known
    assert known.at(100).crop_mode == mode


def test_settings_may_be_incomplete() -> None:
    assert Preprocessing.from_timm({}) == Preprocessing()
    assert Preprocessing.from_facts({"mean": [0.5], "std": [0.5]}).crop_mode == "center"
    assert "license" not in Preprocessing().facts()


@pytest.mark.parametrize(
    ("family", "size", "facts", "expected"),
    [
        ("convnext", 224, {}, (0.875, "center", "bicubic")),
        ("convnext", 320, {}, (0.875, "center", "bicubic")),
        ("convnext", 384, {}, (1.0, "squash", "bicubic")),
        ("convnext", 512, {}, (1.0, "squash", "bicubic")),
        ("swin", 224, {}, (0.875, "center", "bicubic")),
        ("swin", 384, {}, (1.0, "squash", "bicubic")),
        ("deit", 384, {}, (0.875, "center", "bicubic")),
        ("poolformer", 224, {"width": 64}, (0.9, "center", "bicubic")),
        ("poolformer", 224, {"width": 96}, (0.95, "center", "bicubic")),
        ("regnet", 224, {}, (0.875, "center", "bilinear")),
        ("resnet", 224, {"origin": "torchvision"}, (0.875, "center", "bilinear")),
        ("convnext", 384, {"origin": "torchvision"}, (224 / 232, "center", "bilinear")),
    ],
)
def test_a_familys_view_follows_from_the_size(
    family: str, size: int, facts: dict[str, Any], expected: tuple[float, str, str]
) -> None:
    view = published_view(family, size, **facts)
    assert (view.crop_pct, view.crop_mode, view.interpolation) == expected
    assert view.size == size


@given(st.integers(1, 12))
def test_mean_and_deviation_follow_the_channels(channels: int) -> None:
    view = Preprocessing().on(channels)
    assert len(view.mean) == len(view.std) == channels
    assert view.on(channels) is view
    assert (
        min(Preprocessing().mean) <= min(view.mean) <= max(view.mean) <= max(Preprocessing().mean)
    )


def test_gray_takes_the_average() -> None:
    gray = Preprocessing().on(1)
    assert gray.mean == pytest.approx((0.449,))
    assert gray.std == pytest.approx((0.226,))
    assert gray.on(3).mean == pytest.approx((0.449,) * 3)
