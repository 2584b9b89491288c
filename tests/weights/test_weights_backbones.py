"""Weights without a head: pre-trained backbones, whatever else stands beside them."""

from __future__ import annotations

from math import isqrt
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from torch import Tensor, nn

import designspace
from designspace.errors import InputError
from designspace.weights import load_weights, state_dict_as
from tests.helpers.command import run
from tests.helpers.random_weights import randomise

CHANGES = ["--set", "depths=[1,1]", "--set", "widths=[8,16]"]
SPEC = designspace.load("convnextv2_atto", {"depths": [1, 1], "widths": [8, 16]})
HEAD = ("norm.", "head.", "head.norm.", "head.fc.", "fc.", "classifier.")


def network(seed: int = 0) -> nn.Module:
    return randomise(designspace.build(SPEC, num_classes=5, input_size=32), seed)


WHOLE = network(1)
OFFICIAL = state_dict_as(WHOLE, "official")
BACKBONE = {name: value for name, value in OFFICIAL.items() if not name.startswith(HEAD)}
DECODER = {
    "mask_token": torch.zeros(1, 512, 1, 1),
    "proj.weight": torch.zeros(512, 16, 1, 1),
    "decoder.0.dwconv.weight": torch.zeros(512, 1, 7, 7),
    "pred.bias": torch.zeros(3072),
}


def flat(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """GRN as its authors' pre-training keeps it, (1, C)."""
    return {name: t.reshape(1, -1) if "grn" in name else t for name, t in tensors.items()}


def sparse(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    """As MinkowskiEngine has them: kernels of positions, and layers within layers."""
    found: dict[str, Tensor] = {}
    for name, value in flat(tensors).items():
        inside = "stages." in name or name.startswith("downsample_layers.1")
        layer, _, word = name.rpartition(".")
        if inside and value.ndim == 4:
            positions = value.transpose(2, 3).flatten(2)
            depthwise = value.shape[1] == 1
            kernel = positions[:, 0].T if depthwise else positions.permute(2, 1, 0)
            assert isqrt(kernel.shape[0]) == value.shape[2]
            found[f"{layer}.kernel"] = kernel.contiguous()
        elif inside and ("norm" in layer or layer.endswith("1.0")):
            found[f"{layer}.ln.{word}"] = value
        elif inside and "pwconv" in layer:
            found[f"{layer}.linear.{word}"] = value
        else:
            found[name] = value.reshape(1, -1) if inside and word == "bias" else value
    return found


def encoder(tensors: dict[str, Tensor]) -> dict[str, Tensor]:
    return {f"encoder.{name}": value for name, value in tensors.items()}


SHAPES: dict[str, dict[str, Tensor]] = {
    "as published": flat(BACKBONE),
    "grn of a map": BACKBONE,
    "with its decoder": {**flat(BACKBONE), **DECODER},
    "encoder and decoder": {**encoder(flat(BACKBONE)), **DECODER},
    "sparse": sparse(BACKBONE),
    "sparse encoder and decoder": {**encoder(sparse(BACKBONE)), **DECODER},
    "timm": {n: t for n, t in state_dict_as(WHOLE, "timm").items() if not n.startswith("head.")},
}


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("nested", [False, True])
def test_a_backbone_leaves_the_head_and_says_so(shape: str, nested: bool) -> None:
    model, before = network(), network()
    given: Any = {"model": SHAPES[shape], "epoch": 800} if nested else SHAPES[shape]
    loaded = load_weights(model, given, classifier="replace")
    for name, value in model.state_dict().items():
        source = before if name.startswith("head.") else WHOLE
        assert value.equal(source.state_dict()[name]), name
    assert loaded.classifier_replaced
    assert loaded.initial == ("head.norm_after.weight", "head.norm_after.bias")
    assert "also left at initial values: head.norm_after.weight" in loaded.told
    assert set(loaded.unused) == (set(DECODER) if "decoder" in shape else set())
    assert not loaded.unused or "not used: mask_token" in loaded.told


@pytest.mark.parametrize("shape", SHAPES)
def test_its_maps_are_the_whole_networks(shape: str) -> None:
    features = designspace.build(SPEC, features_only=True, input_size=32).eval()
    whole = designspace.build(SPEC, features_only=True, input_size=32).eval()
    load_weights(whole, OFFICIAL)
    loaded = load_weights(features, SHAPES[shape])
    assert loaded.tensors == len(features.state_dict())
    images = torch.randn(1, 3, 32, 32)
    for ours, theirs in zip(features(images), whole(images), strict=True):
        assert ours.equal(theirs)


@pytest.mark.parametrize("name", ["convnext_tiny.dinov3_lvd1689m", "convnextv2_atto.fcmae"])
def test_timms_networks_without_a_classifier(name: str) -> None:
    theirs: Any = randomise(timm.create_model(name, pretrained=False, depths=(1, 1, 1, 1)))
    ours = name.split("_", 1)[0]
    spec = {"convnext": "convnext_t", "convnextv2": "convnextv2_atto"}[ours]
    model = designspace.build(designspace.load(spec, {"depths": [1] * 4}), num_classes=7)
    loaded = load_weights(model, theirs.state_dict(), classifier="replace")
    assert "classifier left at its initial values (none in the weights, 7 here)" in loaded.told
    assert not loaded.initial  # timm keeps the last norm
    features = designspace.build(designspace.load(spec, {"depths": [1] * 4}), features_only=True)
    load_weights(features, theirs.state_dict())
    x = torch.randn(1, 3, 64, 64)
    wanted = theirs.forward_intermediates(x, intermediates_only=True)
    for mine, other in zip(features.eval()(x), wanted, strict=True):
        torch.testing.assert_close(mine, other, rtol=1e-4, atol=1e-4)


def test_norms_of_each_stage_are_not_used() -> None:
    """As DINOv3's own files have them, beside the classifier's."""
    norms = {f"norms.{stage}.weight": torch.ones(8 << stage) for stage in range(2)}
    loaded = load_weights(network(), {**OFFICIAL, **norms})
    assert loaded.unused == ("norms.0.weight", "norms.1.weight")
    assert not loaded.initial


def test_a_head_without_its_norm_is_no_backbone() -> None:
    given = {name: t for name, t in OFFICIAL.items() if not name.startswith("norm.")}
    with pytest.raises(InputError, match=r"norm\.weight is missing"):
        load_weights(network(), given)


@pytest.mark.parametrize("stray", ["extra.weight", "stages.7.0.gamma", "blocks.0.attn.qkv.weight"])
def test_other_tensors_are_still_refused(stray: str) -> None:
    with pytest.raises(InputError, match=f"{stray} is not in the network"):
        load_weights(network(), {**flat(BACKBONE), stray: torch.zeros(3)}, classifier="replace")


def test_a_block_that_is_missing_is_still_missed() -> None:
    given = {name: t for name, t in BACKBONE.items() if "stages.1.0.pwconv1" not in name}
    with pytest.raises(InputError, match=r"pwconv1\.weight is missing"):
        load_weights(network(), encoder(given), classifier="replace")


def test_on_the_command_line(tmp_path: Path) -> None:
    path = tmp_path / "fcmae.pt"
    torch.save({"model": SHAPES["encoder and decoder"]}, path)
    built = run("build", "convnextv2_atto", *CHANGES, "--input-size", 32, "--weights", path)
    assert built.code == 0, built.err
    assert "head.norm_after.weight" in built.out
    save_file(flat(BACKBONE), tmp_path / "b.safetensors")
    built = run("build", "convnextv2_atto", *CHANGES, "--weights", tmp_path / "b.safetensors")
    assert built.code == 0, built.err


def test_eval_refuses_what_has_no_classifier(tmp_path: Path) -> None:
    save_file(flat(BACKBONE), tmp_path / "b.safetensors")
    words = ["--weights", tmp_path / "b.safetensors", "--input-size", 32]
    ran = run("eval", "convnextv2_atto", *CHANGES, *words)
    assert ran.code == 2
    assert "no classifier" in ran.err
