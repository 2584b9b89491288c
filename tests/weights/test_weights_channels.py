"""Gray images with RGB weights and the reverse: the first convolution is adapted as timm does."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from safetensors.torch import save_file
from timm.models import adapt_input_conv
from torch import Tensor, nn

import designspace
from designspace.errors import InputError
from designspace.weights import load_weights, state_dict_as
from designspace.weights.conversions.channels import adapted, first_convolution
from tests.helpers.command import run
from tests.helpers.random_weights import randomise

STEMS: dict[str, dict[str, Any]] = {
    "convnext_t": {"depths": [1, 1], "widths": [8, 16]},
    "resnet50": {"depths": [1, 1], "widths": [8, 16]},
    "regnetx_002": {"depths": [1, 1], "widths": [8, 16]},
    "swin_t": {"depths": [2, 2], "widths": [32, 64]},
    "deit_s": {"depths": [1], "widths": [64]},
    "poolformer_s12": {"depths": [1, 1], "widths": [8, 16]},
}


def network(name: str, channels: int, seed: int = 0) -> nn.Module:
    spec = designspace.load(name, STEMS[name])
    return randomise(
        designspace.build(spec, num_classes=3, in_channels=channels, input_size=64), seed
    )


@given(st.integers(1, 9), st.sampled_from([torch.float32, torch.float16]))
def test_a_kernel_is_adapted_as_timm_does(channels: int, dtype: torch.dtype) -> None:
    kernel = torch.randn(4, 3, 5, 5, generator=torch.Generator().manual_seed(0)).to(dtype)
    wanted: Tensor = cast("Any", adapt_input_conv)(channels, kernel)
    ours = adapted(kernel, channels)
    assert ours.dtype == dtype
    assert torch.equal(ours, wanted)


@torch.no_grad()
@pytest.mark.parametrize("name", STEMS)
@pytest.mark.parametrize("layout", ["designspace", "timm"])
def test_a_gray_image_gives_what_it_gave_in_three_channels(name: str, layout: str) -> None:
    rgb, gray = network(name, 3), network(name, 1, seed=1)
    loaded = load_weights(gray, state_dict_as(rgb, layout))
    assert "first convolution adapted from 3 to 1 channels (summed, as timm does)" in loaded.told
    image = torch.randn(2, 1, 64, 64)
    assert torch.allclose(gray(image), rgb(image.expand(-1, 3, -1, -1)), atol=1e-4, rtol=1e-4)
    back = network(name, 3, seed=2)
    loaded = load_weights(back, state_dict_as(gray, layout))
    assert "from 1 to 3 channels (repeated and scaled by 1/3, as timm does)" in loaded.told
    assert torch.allclose(gray(image), back(image.expand(-1, 3, -1, -1)), atol=1e-4, rtol=1e-4)


def test_mean_and_deviation_follow() -> None:
    gray = network("convnext_t", 1)
    loaded = load_weights(gray, state_dict_as(network("convnext_t", 3), "timm"))
    assert loaded.preprocessing
    assert loaded.preprocessing.mean == pytest.approx((0.449,))
    view = loaded.view(384)
    assert view
    assert (len(view.std), view.crop_mode) == (1, "squash")


def test_features_of_gray_images() -> None:
    spec = designspace.load("convnext_t", STEMS["convnext_t"])
    features = designspace.build(spec, in_channels=1, features_only=True)
    loaded = load_weights(features, state_dict_as(network("convnext_t", 3), "official"))
    assert "summed" in loaded.told


def test_another_stem_is_still_refused() -> None:
    given = state_dict_as(network("convnext_t", 3), "timm")
    given["stem.0.weight"] = torch.zeros(8, 3, 2, 2)
    with pytest.raises(InputError, match=r"stem\.0\.weight is \(8, 3, 2, 2\)"):
        load_weights(network("convnext_t", 1), given)
    assert first_convolution({"stages.0.conv.weight": (1, 1, 1, 1), "stem.x": (3,)}) is None


@pytest.mark.parametrize(("images", "weights"), [(1, 3), (3, 1)])
def test_eval_and_train_take_them_without_an_option(
    images: int, weights: int, tmp_path: Path
) -> None:
    draw = np.random.default_rng(0)
    for label in ("a", "b"):
        (tmp_path / "data" / label).mkdir(parents=True)
        for number in range(12):
            pixels = draw.integers(0, 256, (32, 32) if images == 1 else (32, 32, 3), np.uint8)
            Image.fromarray(pixels).save(tmp_path / "data" / label / f"{number}.png")
    spec = designspace.load("convnext_proxy", {"input_size": 32})
    model = designspace.build(spec, num_classes=2, in_channels=weights)
    save_file(model.state_dict(), tmp_path / "w.safetensors")
    words: list[Any] = ["convnext_proxy", "--set", "input_size=32", "--data", tmp_path / "data"]
    words += ["--device", "cpu"]
    evaluated = run("eval", *words, "--weights", tmp_path / "w.safetensors", "--json")
    assert evaluated.code == 0, evaluated.err
    said = json.loads(evaluated.out)["weights"]
    assert f"adapted from {weights} to {images} channels" in said
    begun = ["--from", tmp_path / "w.safetensors", "--recipe-set", "epochs=2"]
    begun += ["--recipe-set", "batch_size=8", "--out"]
    trained = run("train", *words, *begun, tmp_path / "run")
    assert trained.code == 0, trained.err
    record = (tmp_path / "run" / "record.json").read_text()
    assert f"adapted from {weights} to {images} channels" in record
