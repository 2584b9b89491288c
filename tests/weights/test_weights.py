"""Recognising layouts, loading all or none, and what is said about it."""

from __future__ import annotations

import argparse
import json
import pickle
from pathlib import Path
from typing import Any

import pytest
import timm
import torch
from safetensors.torch import save_file
from timm.layers.pos_embed import resample_abs_pos_embed
from torch import Tensor, nn

import designspace
from designspace.errors import InputError
from designspace.weights import load_weights, save_weights, sources, state_dict_as
from designspace.weights.patterns import rewrite
from tests.helpers.command import run
from tests.helpers.random_weights import randomise

SMALL: dict[str, dict[str, Any]] = {
    "convnext_t": {"depths": [1, 1, 1, 1], "widths": [96, 16, 24, 32]},
    "convnextv2_atto": {"depths": [1, 1, 1, 1], "widths": [8, 16, 24, 32]},
    "convnext_iso_l": {"depths": [2], "widths": [16]},
    "resnet50": {"depths": [2, 1, 1, 1], "widths": {"base": 8, "growth": 2}},
    "swin_t": {"depths": [2, 2], "widths": [32, 64]},
    "deit_s": {"depths": [2], "widths": [64]},
    "poolformer_s12": {"depths": [1, 1], "widths": [8, 16]},
    "regnetx_002": {"depths": [1, 2], "widths": [8, 16]},
}
LAYOUTS = [
    ("convnext_t", "timm"),
    ("convnext_t", "official"),
    ("convnextv2_atto", "timm"),
    ("convnextv2_atto", "official"),
    ("convnext_iso_l", "official"),
    ("convnext_t", "torchvision"),
    ("resnet50", "timm"),
    ("resnet50", "torchvision"),
    ("regnetx_002", "timm"),
    ("regnetx_002", "torchvision"),
    ("regnetx_002", "official"),
    ("swin_t", "torchvision"),
    ("swin_t", "timm"),
    ("swin_t", "official"),
    ("deit_s", "timm"),
    ("deit_s", "official"),
    ("poolformer_s12", "timm"),
    ("poolformer_s12", "official"),
    *((name, "designspace") for name in SMALL),
]


def small(name: str, seed: int = 0, **task: int) -> nn.Module:
    spec = designspace.load(name, SMALL[name])
    given: dict[str, Any] = {"num_classes": 5, "input_size": 64, **task}
    return randomise(designspace.build(spec, **given), seed)


def equal(a: nn.Module, b: nn.Module) -> bool:
    mine, other = a.state_dict(), b.state_dict()
    return mine.keys() == other.keys() and all(mine[k].equal(other[k]) for k in mine)


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
@pytest.mark.parametrize("suffix", ["safetensors", "pth"])
def test_out_and_back(name: str, layout: str, suffix: str, tmp_path: Path) -> None:
    model, other = small(name), small(name, seed=1)
    path = tmp_path / f"w.{suffix}"
    save_weights(model, designspace.load(name, SMALL[name]), path, layout=layout)
    loaded = load_weights(other, path)
    assert equal(model, other)
    assert loaded.layout in (layout, "timm")  # two of DeiT, and two of ResNet, are one
    assert loaded.tensors == len(model.state_dict())
    assert not loaded.classifier_replaced
    if layout != "designspace":
        assert list(state_dict_as(model, layout)) != list(model.state_dict())


def test_numbers_in_names_are_shifted_both_ways() -> None:
    assert rewrite("network.3.proj.bias", "network.{2s-1}.proj.*", "s.{s}.*") == "s.2.bias"
    assert rewrite("s.2.bias", "s.{s}.*", "network.{2s-1}.proj.*") == "network.3.proj.bias"
    assert rewrite("network.2.proj.bias", "network.{2s-1}.proj.*", "s.{s}.*") is None
    assert rewrite("s.0.bias", "s.{s}.*", "layers.{s-1}.*") is None


@pytest.mark.parametrize("nest", ["model", "state_dict", "model_ema"])
def test_a_checkpoint_as_authors_write_it(nest: str, tmp_path: Path) -> None:
    model, other = small("convnext_t"), small("convnext_t", seed=1)
    inner = {f"module.{k}": v for k, v in state_dict_as(model, "official").items()}
    torch.save({nest: inner, "epoch": 3, "args": argparse.Namespace(lr=1)}, tmp_path / "c.pth")
    assert load_weights(other, tmp_path / "c.pth").layout == "official"
    assert equal(model, other)


def test_the_averaged_weights_come_first() -> None:
    model, other = small("resnet50"), small("resnet50", seed=1)
    load_weights(
        other, {"model": small("resnet50", 2).state_dict(), "model_ema": model.state_dict()}
    )
    assert equal(model, other)


class _Bomb:
    def __reduce__(self) -> tuple[Any, ...]:
        return pytest.fail, ("code was unpickled",)


def test_code_is_never_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pth"
    torch.save({"model": {"head.weight": torch.zeros(1)}, "more": _Bomb()}, path)
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(_Bomb(), protocol=2))
    for file in (path, tmp_path / "plain.pth"):
        with pytest.raises(InputError, match="never loaded"):
            load_weights(small("resnet50"), file)


def test_files_that_are_no_checkpoints(tmp_path: Path) -> None:
    (tmp_path / "broken.pth").write_bytes(b"PK\x03\x04 broken")
    torch.save([1, 2], tmp_path / "list.pth")
    torch.save({"epoch": 3}, tmp_path / "empty.pth")
    for name, said in (("broken", "broken.pth"), ("list", "holds a list"), ("empty", "no tensor")):
        with pytest.raises(InputError, match=said):
            load_weights(small("resnet50"), tmp_path / f"{name}.pth")
    with pytest.raises(InputError, match="no tensors"):
        load_weights(small("resnet50"), {})


def _broken(given: dict[str, Tensor], how: str) -> dict[str, Tensor]:
    first = "stages.0.blocks.0.conv_dw.weight"
    if how == "missing":
        return {k: v for k, v in given.items() if k != first}
    if how == "odd":
        return {**given, "stages.9.blocks.0.gamma": torch.ones(3)}
    return {**given, first: torch.zeros(96, 1, 5, 5)}


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ("missing", r"stages\.0\.blocks\.0\.conv_dw\.weight is missing"),
        ("odd", r"stages\.9\.blocks\.0\.gamma is not in the network"),
        ("shape", r"conv_dw\.weight is \(96, 1, 5, 5\), but \(96, 1, 7, 7\) is needed"),
    ],
)
def test_a_mismatch_is_named_and_changes_nothing(how: str, said: str) -> None:
    model, same = small("convnext_t"), small("convnext_t")
    given = _broken(state_dict_as(small("convnext_t", seed=1), "timm"), how)
    with pytest.raises(InputError, match=rf"timm's layout of convnext\): .*{said}"):
        load_weights(model, given)
    assert equal(model, same)


def test_weights_of_another_family_change_nothing() -> None:
    model, same = small("convnext_t"), small("convnext_t")
    for name in ("resnet50", "swin_t", "deit_s", "poolformer_s12", "regnetx_002"):
        family = name.partition("_")[0].rstrip("0x5")
        with pytest.raises(InputError, match=f"no known layout .*look like timm's.* of {family}"):
            load_weights(model, state_dict_as(small(name), "timm"))
    assert equal(model, same)


@pytest.mark.parametrize(("name", "layout"), LAYOUTS)
def test_another_number_of_classes_is_told(name: str, layout: str) -> None:
    given = state_dict_as(small(name, seed=1), layout)
    model = small(name, num_classes=7)
    before = model.state_dict()["head.classifier.weight"].clone()
    with pytest.raises(InputError, match="5 classes, the network has 7"):
        load_weights(model, given, classifier="match")
    with pytest.warns(UserWarning, match="classifier left at its initial values"):
        loaded = load_weights(model, given)
    assert loaded.classifier_replaced
    assert "5 classes in the weights, 7 here" in str(loaded)
    assert model.state_dict()["head.classifier.weight"].equal(before)
    assert model.state_dict()["stem.conv.weight"].equal(
        small(name, 1).state_dict()["stem.conv.weight"]
    )
    del given
    load_weights(model, state_dict_as(small(name, seed=2), layout), classifier="replace")


def test_weights_without_a_classifier_are_told_too() -> None:
    theirs = timm.create_model("resnet50", layers=(1, 1, 1, 1), num_classes=0)
    model = designspace.build(designspace.load("resnet50", {"depths": [1, 1, 1, 1]}))
    assert "none in the weights" in str(
        load_weights(model, theirs.state_dict(), classifier="replace")
    )


def test_tables_of_swin_are_recomputed() -> None:
    model, other = small("swin_t"), small("swin_t", seed=1)
    given = state_dict_as(model, "official")
    given["layers.0.blocks.0.attn.relative_position_index"] = torch.zeros(49, 49)
    given["layers.0.blocks.1.attn_mask"] = torch.zeros(4, 49, 49)
    loaded = load_weights(other, given)
    assert equal(model, other)
    assert len(loaded.recomputed) == 2
    assert "2 buffers recomputed" in str(loaded)


def test_counters_of_old_resnets_may_be_missing() -> None:
    model, other = small("resnet50"), small("resnet50", seed=1)
    given = {k: v for k, v in state_dict_as(model, "timm").items() if "num_batches" not in k}
    assert load_weights(other, given).recomputed
    assert equal(model, other)


def test_positions_of_another_size_are_interpolated() -> None:
    table = "stem.positions.table"
    model, other = small("deit_s"), small("deit_s", seed=1, input_size=96)
    loaded = load_weights(other, state_dict_as(model, "timm"))
    assert loaded.resized == (table,)
    old, new = model.state_dict()[table], other.state_dict()[table]
    assert (tuple(old.shape), tuple(new.shape)) == ((1, 17, 64), (1, 37, 64))
    assert new[:, 0].equal(old[:, 0])
    wanted = resample_abs_pos_embed(old, [6, 6])
    assert torch.allclose(new, wanted, atol=1e-6)


def test_window_biases_of_another_window_are_interpolated() -> None:
    model = small("swin_t")
    spec = designspace.load("swin_t", {**SMALL["swin_t"], "block.mixer.window": 4})
    other = designspace.build(spec, num_classes=5, input_size=64)
    loaded = load_weights(other, state_dict_as(model, "official"))
    assert len(loaded.resized) == 4
    assert "4 tables interpolated" in str(loaded)


def test_a_layout_that_is_not_there() -> None:
    with pytest.raises(
        InputError, match="'official' is known for this network; valid: designspace"
    ):
        state_dict_as(small("resnet50"), "official")
    with pytest.raises(InputError, match="did you mean 'timm'"):
        state_dict_as(small("resnet50"), "tim")


@pytest.fixture
def fake_timm(monkeypatch: pytest.MonkeyPatch) -> nn.Module:
    """timm's own network where the pretrained one would be fetched."""
    model = randomise(timm.create_model("resnet50", layers=(1, 1, 1, 1), num_classes=5))
    settings = timm.get_pretrained_cfg("resnet50.tv_in1k")
    assert settings
    model.__dict__["pretrained_cfg"] = settings.to_dict()

    def create(name: str, *, pretrained: bool) -> nn.Module:
        assert (name, pretrained) == ("resnet50.tv_in1k", True)
        return model

    monkeypatch.setattr(timm, "create_model", create)
    return model


def test_from_timm_by_name(fake_timm: nn.Module) -> None:
    model = designspace.build(
        designspace.load("resnet50", {"depths": [1] * 4}), num_classes=5
    ).eval()
    loaded = load_weights(model, "timm:resnet50.tv_in1k")
    assert (loaded.source, loaded.layout) == ("timm:resnet50.tv_in1k", "timm")
    assert loaded.preprocessing
    assert loaded.preprocessing.interpolation == "bilinear"
    images = torch.randn(1, 3, 64, 64)
    assert torch.allclose(model(images), fake_timm(images), atol=1e-4)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("resnet5", "timm has no model 'resnet5'; did you mean"),
        ("resnet50.tv_in2k", "no weights 'tv_in2k' of 'resnet50'; did you mean tv_in1k"),
        ("resnet200", "no weights of 'resnet200'"),
    ],
)
def test_names_that_timm_does_not_have(name: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_weights(small("resnet50"), f"timm:{name}")


def test_timm_without_a_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def offline(*_: object, **__: object) -> nn.Module:
        raise FileNotFoundError("cannot find the files in the local cache\nand more")

    monkeypatch.setattr(timm, "create_model", offline)
    ran = run("build", "resnet50", "--weights", "timm:resnet50.tv_in1k")
    assert ran.code == 2
    assert "timm cannot load 'resnet50.tv_in1k': cannot find the files" in ran.err
    assert "timm needs network access once" in ran.err
    assert ran.err.count("\n") == 1


def test_build_takes_published_weights_and_writes_any_layout(tmp_path: Path) -> None:
    theirs = randomise(timm.create_model("resnet50", layers=(1, 1, 1, 1), num_classes=5))
    save_file(theirs.state_dict(), tmp_path / "in.safetensors")
    words = ["build", "resnet50", "--set", "depths=[1,1,1,1]", "--input-size", "64"]
    words += ["--num-classes", "5", "--weights", str(tmp_path / "in.safetensors")]
    out = tmp_path / "out.pth"
    ran = run(*words, "--layout", "timm", "--out", out)
    assert ran.code == 0, ran.err
    assert "tensors in timm's and torchvision's layout of resnet" in ran.out
    theirs.load_state_dict(torch.load(out, weights_only=True))
    told = json.loads(run(*words, "--json", "--out", tmp_path / "own.safetensors").out)["loaded"]
    assert "timm's and torchvision's layout" in told
    facts = sources.read_facts(tmp_path / "own.safetensors")
    assert facts["input"]["mean"] == [0.485, 0.456, 0.406]
    assert facts["input"]["size"] == 64
