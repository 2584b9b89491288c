"""Logits equal timm's, family by family, with random weights in timm's layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import timm
import torch
from torch import Tensor, nn

import designspace
from designspace.weights import load_weights, state_dict_as
from tests.helpers.random_weights import randomise


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


AFTER_POOL = {"head.norm_at": "after_pool", "head.norm": {"kind": "layernorm", "eps": 1.0e-6}}
PAD_AFTER = {"block.mixer.pad": "after_shift"}
SHALLOW: dict[str, Any] = {"depths": [1, 1, 2, 1]}
PAIRS: dict[str, Any] = {"depths": [2, 2, 2, 2]}
SWIN = "swin_tiny_patch4_window7_224"

# our network, its changes; timm's network, its arguments; sides of the images
REDUCED: dict[str, tuple[str, dict[str, Any], str, dict[str, Any], tuple[int, ...]]] = {
    "convnext": ("convnext_t", SHALLOW, "convnext_tiny", {"depths": (1, 1, 2, 1)}, (64, 75, 96)),
    "convnext_atto": (
        "convnext_t",
        {"depths": [2, 2, 6, 2], "widths": {"base": 40, "growth": 2}},
        "convnext_atto",
        {},
        (64,),
    ),
    "convnextv2_atto": (
        "convnextv2_atto",
        SHALLOW,
        "convnextv2_atto",
        {"depths": (1, 1, 2, 1)},
        (64, 70),
    ),
    "convnextv2_tiny": (
        "convnextv2_tiny",
        SHALLOW,
        "convnextv2_tiny",
        {"depths": (1, 1, 2, 1)},
        (64,),
    ),
    "resnet": ("resnet50", SHALLOW, "resnet50", {"layers": (1, 1, 2, 1)}, (64, 97)),
    "resnext": ("resnext50_32x4d", SHALLOW, "resnext50_32x4d", {"layers": (1, 1, 2, 1)}, (64,)),
    "swin": ("swin_t", PAIRS, SWIN, {"depths": (2, 2, 2, 2)}, (224,)),
    "swin_112": ("swin_t", PAIRS, SWIN, {"depths": (2, 2, 2, 2), "img_size": 112}, (112,)),
    "swin_padded": (
        "swin_t",
        {**PAIRS, **PAD_AFTER},
        SWIN,
        {"depths": (2, 2, 2, 2), "img_size": 200},
        (200,),
    ),
    "swin_window_12": (
        "swin_b_384",
        {**PAIRS, "widths": [64, 128, 256, 512]},
        "swin_base_patch4_window12_384",
        {"depths": (2, 2, 2, 2), "embed_dim": 64, "num_heads": (2, 4, 8, 16)},
        (384,),
    ),
    "deit": (
        "deit_s",
        {"depths": [2]},
        "deit_small_patch16_224",
        {"depth": 2, "dynamic_img_size": True},
        (224, 160, 256),
    ),
    "poolformer": (
        "poolformer_s12",
        AFTER_POOL,
        "poolformer_s12",
        {},
        (64, 90),
    ),
}
FULL = {
    "convnext_t": "convnext_tiny",
    "convnext_s": "convnext_small",
    "convnextv2_nano": "convnextv2_nano",
    "convnextv2_tiny": "convnextv2_tiny",
    "resnet50": "resnet50",
    "resnet101": "resnet101",
    "resnext50_32x4d": "resnext50_32x4d",
    "swin_t": SWIN,
    "swin_s": "swin_small_patch4_window7_224",
    "deit_s": "deit_small_patch16_224",
    "poolformer_s12": "poolformer_s12",
    "poolformer_s36": "poolformer_s36",
}


def pair(
    spec: str, changes: dict[str, Any], name: str, settings: dict[str, Any], size: int | None
) -> tuple[nn.Module, nn.Module]:
    """Our network with the weights of timm's, and timm's, both in float64."""
    theirs = randomise(timm.create_model(name, pretrained=False, **settings).double())
    ours = designspace.build(designspace.load(spec, changes), input_size=size).double().eval()
    loaded = load_weights(ours, theirs.state_dict())
    assert loaded.layout == "timm"
    assert loaded.tensors == len(ours.state_dict())
    assert not loaded.classifier_replaced
    return ours, theirs


@torch.no_grad()
def agree(ours: nn.Module, theirs: nn.Module, size: int) -> None:
    """In float64 to 1e-9, in float32 to 1e-4 of the largest logit."""
    images = torch.randn(2, 3, size, size, dtype=torch.float64)
    wanted: Tensor = theirs(images)
    assert wanted.std() > 0.1
    assert (ours(images) - wanted).abs().max() < 1e-9
    single, other = ours.float()(images.float()), theirs.float()(images.float())
    ours.double()
    theirs.double()
    assert (single - other).abs().max() < 1e-4 * other.abs().max()


@pytest.mark.parametrize("case", REDUCED)
def test_logits_equal_timm(case: str) -> None:
    spec, changes, name, settings, sizes = REDUCED[case]
    ours, theirs = pair(spec, changes, name, settings, settings.get("img_size"))
    for size in sizes:
        agree(ours, theirs, size)
    back = state_dict_as(ours, "timm")
    assert {key: tuple(value.shape) for key, value in back.items()} == {
        key: tuple(value.shape) for key, value in theirs.state_dict().items()
    }
    theirs.load_state_dict(back)


@pytest.mark.slow
@pytest.mark.parametrize("spec", FULL)
def test_logits_equal_timm_at_full_size(spec: str) -> None:
    changes = AFTER_POOL if spec.startswith("poolformer") else {}
    ours, theirs = pair(spec, changes, FULL[spec], {}, None)
    agree(ours, theirs, 224)


@torch.no_grad()
def test_padding_before_or_after_the_shift_differs_only_where_windows_do_not_divide() -> None:
    shapes = {"depths": [2, 2], "widths": [32, 64], "block.mixer.window": 4}
    first = randomise(designspace.build(designspace.load("swin_t", shapes), input_size=64))
    after = designspace.build(designspace.load("swin_t", {**shapes, **PAD_AFTER}), input_size=64)
    load_weights(after.eval(), first.state_dict())
    for size, same in ((64, True), (72, False)):
        images = torch.randn(1, 3, size, size)
        assert torch.equal(first(images), after(images)) == same
