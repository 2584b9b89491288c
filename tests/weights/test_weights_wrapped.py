"""Weights as training codes leave them: containers, wrappers, suffixes, other kinds of files."""

from __future__ import annotations

import argparse
import json
import pickle
from collections import OrderedDict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file
from torch import Tensor, nn
from torch.optim.swa_utils import AveragedModel

import designspace
from designspace.errors import InputError
from designspace.weights import load_weights, read_weights, state_dict_as
from tests.helpers.command import run
from tests.helpers.random_weights import randomise

SPEC = designspace.load("convnextv2_atto", {"depths": [1, 1], "widths": [8, 16]})


def network(seed: int = 0) -> nn.Module:
    return randomise(designspace.build(SPEC, num_classes=5, input_size=32), seed)


WANTED = network(1)
TIMMS = state_dict_as(WANTED, "timm")
OTHERS = state_dict_as(network(2), "timm")


def loads(source: Any, wanted: nn.Module = WANTED) -> str:
    """Load it, compare with the network that it must give, and say what was said."""
    model = network()
    loaded = load_weights(model, source, classifier="match")
    assert all(model.state_dict()[name].equal(value) for name, value in wanted.state_dict().items())
    return loaded.told


def prefixed(prefix: str, tensors: dict[str, Tensor] = TIMMS) -> dict[str, Tensor]:
    return {prefix + name: value for name, value in tensors.items()}


PREFIXES = ("_orig_mod.", "module.", "model.", "encoder.", "backbone.", "net.", "network.", "1.")
CONTAINERS = (
    "state_dict", "model", "model_state_dict", "model_state", "net", "weights", "params", "ema",
    "model_ema", "state_dict_ema", "my_own_key", "module", "teacher",
)  # fmt: skip
TRAINING = {
    "epoch": 3,
    "optimizer": {"state": {0: {"exp_avg": torch.zeros(9, 9), "step": torch.tensor(3.0)}}},
    "args": argparse.Namespace(lr=0.1),
    "loops": {"fit_loop": {"state_dict": {}}},
    "scaler": {"scale": torch.tensor(65536.0)},
    "rng_state": torch.zeros(8, dtype=torch.uint8),
}


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.sampled_from(PREFIXES), max_size=4),
    st.lists(st.sampled_from(CONTAINERS), max_size=4),
    st.booleans(),
)
def test_wrappers_nest_in_any_order(
    prefixes: list[str], containers: list[str], training: bool
) -> None:
    found: Any = prefixed("".join(prefixes))
    for name in containers:
        found = {name: found} | (TRAINING if training else {})
    told = loads(found)
    assert all(name in told for name in (*prefixes, *containers))


@pytest.mark.parametrize(
    ("plain", "averaged"),
    [
        ("model", "model_ema"),
        ("model", "ema"),
        ("state_dict", "state_dict_ema"),
        ("params", "params_ema"),
        ("student", "teacher"),
        ("model_state", "ema_state"),
        ("net", "ema_model"),
    ],
)
def test_the_averaged_set_is_taken_and_said(plain: str, averaged: str) -> None:
    told = loads({**TRAINING, plain: OTHERS, averaged: prefixed("module.")})
    assert f"averaged weights from '{averaged}', prefix 'module.' (there is also '{plain}')" in told


@pytest.mark.parametrize("empty", [None, {}, [], {"decay": 0.99}, {"decay": torch.tensor(0.9)}])
def test_an_average_that_is_none_is_passed_over(empty: Any) -> None:
    told = loads({"model": TIMMS, "model_ema": empty, "state_dict": None})
    assert "weights from 'model'" in told


def test_an_average_of_torchs(tmp_path: Path) -> None:
    averaged = AveragedModel(WANTED)
    averaged.update_parameters(WANTED)
    for found in (averaged.state_dict(), {"swa": averaged.state_dict(), "model": OTHERS}):
        torch.save(found, tmp_path / "a.pt")
        assert "averaged" in loads(tmp_path / "a.pt")


def test_a_lightning_checkpoint(tmp_path: Path) -> None:
    inner = {
        **prefixed("net."),
        "criterion.weight": torch.ones(5),
        "val_accuracy.total": torch.tensor(3),
    }
    found = {**TRAINING, "state_dict": inner, "pytorch-lightning_version": "2.4.0"}
    torch.save(found, tmp_path / "last.ckpt")
    assert "not used: criterion.weight, val_accuracy.total" in loads(tmp_path / "last.ckpt")
    both = {**prefixed("model.", OTHERS), **prefixed("ema_model.module.")}
    assert "averaged" in loads({"state_dict": both})


def test_pairs_of_names_and_tensors_and_subclasses_of_dictionaries() -> None:
    loads(OrderedDict(model=list(TIMMS.items())))
    loads({"net": [[name, value] for name, value in TIMMS.items()]})


def test_a_checkpoint_of_a_run_of_ours(tmp_path: Path) -> None:
    from designspace.training.state import checkpoint

    state = {"model": network(2).state_dict(), "ema": WANTED.state_dict(), "optimizer": {}}
    checkpoint.save(tmp_path, {"spec": "x"}, state)
    assert "averaged weights from 'state.ema'" in loads(tmp_path / "checkpoint.pt")
    checkpoint.save(tmp_path, {"spec": "x"}, {"model": WANTED.state_dict(), "ema": None})
    assert "weights from 'state.model'" in loads(tmp_path / "checkpoint.pt")


SUFFIXES = (".pt", ".pth", ".bin", ".ckpt", ".tar", ".pyth", ".th", ".pkl", ".PTH", ".weights", "")


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_file_is_what_it_holds_whatever_its_suffix(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"w{suffix}"
    torch.save({"model": TIMMS}, path)
    loads(path)
    torch.save({"model": TIMMS}, path, _use_new_zipfile_serialization=False)
    loads(path)
    path.write_bytes(pickle.dumps({"model": TIMMS}))
    loads(path)
    save_file(TIMMS, path)
    loads(path)


@pytest.mark.parametrize("protocol", [2, 4, 5])
def test_arrays_of_numpy(protocol: int, tmp_path: Path) -> None:
    path = tmp_path / "zoo.pkl"
    arrays = {name: value.numpy() for name, value in TIMMS.items()}
    found = {"model": arrays, "__author__": "zoo", "matching_heuristics": True}
    path.write_bytes(pickle.dumps(found, protocol=protocol))
    loads(path)
    big = {name: value.astype(value.dtype.newbyteorder(">")) for name, value in arrays.items()}
    loads({"model": big})


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64, torch.float8_e5m2])
def test_other_precisions_are_converted(dtype: torch.dtype, tmp_path: Path) -> None:
    half = {name: value.to(dtype) for name, value in TIMMS.items()}
    save_file(half, tmp_path / "w.safetensors")
    model = network()
    load_weights(model, tmp_path / "w.safetensors")
    assert {value.dtype for value in model.state_dict().values()} == {torch.float32}
    stem = model.state_dict()["stem.conv.weight"]
    assert stem.equal(half["stem.0.weight"].float())


def one(value: Tensor) -> dict[str, Tensor]:
    return {**TIMMS, "stem.0.bias": value}


@pytest.mark.parametrize("value", [float("nan"), float("inf")])
def test_values_that_are_no_numbers_are_said(value: float) -> None:
    loaded = load_weights(network(), one(torch.full((8,), value)))
    assert "1 tensor is not finite (NaN or infinity), 'stem.0.bias' first" in loaded.told


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (torch.zeros(8, dtype=torch.int8), "stem.0.bias holds whole numbers"),
        (torch.zeros(8, dtype=torch.bool), "stem.0.bias holds whole numbers"),
        (torch.zeros(8, dtype=torch.complex64), "stem.0.bias holds complex numbers"),
        (torch.zeros(0), r"stem.0.bias is \(0,\), but \(8,\) is needed"),
        (torch.empty(8, device="meta"), "'stem.0.bias' has no values: it is on the meta device"),
    ],
)
def test_tensors_that_are_no_weights(value: Tensor, said: str) -> None:
    model, before = network(), network()
    with pytest.raises(InputError, match=said):
        load_weights(model, one(value))
    assert all(a.equal(b) for a, b in zip(model.parameters(), before.parameters(), strict=True))


def test_sparse_and_tied_tensors() -> None:
    loads({name: value.to_sparse() for name, value in TIMMS.items()})
    shared = TIMMS["stages.0.blocks.0.norm.bias"]
    loaded = load_weights(network(), {**TIMMS, "stem.1.bias": shared, "stem.1.weight": shared})
    assert loaded.tensors == len(WANTED.state_dict())


def test_an_index_and_a_directory_from_a_hub(tmp_path: Path) -> None:
    names = sorted(TIMMS)
    halves = {"model-1-of-2.safetensors": names[::2], "model-2-of-2.safetensors": names[1::2]}
    for file, some in halves.items():
        save_file({name: TIMMS[name] for name in some}, tmp_path / file)
    index = tmp_path / "model.safetensors.index.json"
    index.write_text(json.dumps({"weight_map": {n: f for f, some in halves.items() for n in some}}))
    loads(index)
    loads(tmp_path)
    settings = {"mean": [0.5] * 3, "std": [0.5] * 3, "license": "mit", "crop_mode": "squash"}
    (tmp_path / "config.json").write_text(json.dumps({"pretrained_cfg": settings}))
    loaded = load_weights(network(), tmp_path)
    assert loaded.told.endswith("license mit")
    assert loaded.preprocessing
    assert (loaded.preprocessing.crop_mode, loaded.preprocessing.mean) == ("squash", (0.5,) * 3)
    (tmp_path / "model-2-of-2.safetensors").unlink()
    with pytest.raises(InputError, match="part listed in its index is missing"):
        read_weights(index)


def test_where_nothing_fits_the_sets_are_listed() -> None:
    wrong = {name: torch.zeros(3, 3) for name in ("a.weight", "b.weight")}
    with pytest.raises(InputError) as caught:
        load_weights(network(), {"generator": wrong, "discriminator": {"x": torch.zeros(2)}})
    said = str(caught.value)
    assert "'generator' (2 tensors, 18 values), 'discriminator' (1 tensors, 2 values)" in said
    assert "no known layout" in said


class Custom(OrderedDict[str, Any]):
    """Only importing this file would rebuild it."""


@pytest.mark.parametrize("write", ["zip", "old", "plain"])
@pytest.mark.parametrize(
    ("value", "name"),
    [
        (nn.Linear(2, 2), "torch.nn.modules.linear.Linear"),
        (Custom(a=1), "test_weights_wrapped.Custom"),
        (eval, "eval"),
    ],
)
def test_a_refused_pickle_names_the_global(
    write: str, value: Any, name: str, tmp_path: Path
) -> None:
    path = tmp_path / "w.pth"
    if write == "plain":
        path.write_bytes(pickle.dumps({"model": TIMMS, "more": value}))
    else:
        new = write == "zip"
        torch.save({"model": TIMMS, "more": value}, path, _use_new_zipfile_serialization=new)
    ran = run("build", "convnextv2_atto", "--weights", path)
    assert ran.code == 2
    assert name in ran.err
    assert "weights_only" not in ran.err
    assert "\x1b" not in ran.err
    assert len(ran.err.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "the file is empty"),
        (b"<!DOCTYPE html><html>", "a web page"),
        (b"version https://git-lfs.github.com/spec/v1\noid", "Git LFS"),
        (b"\x1f\x8b\x08\x00abc", "gzip"),
        (b"\x89HDF\r\n\x1a\n", "HDF5"),
        (b'{"weight_map": 3}', "weight_map"),
        (b'\xff\xff\xff\x00\x00\x00\x00\x00{"a":', "not a checkpoint|not a safetensors"),
        (b"\x02\x00\x00\x00\x00\x00\x00\x00{}", "no tensors"),
        (b"\x80\x04N.", "holds a NoneType"),
        (b"PK\x03\x04 and no more", "damaged"),
        (b"neither", "neither safetensors|not a safetensors file"),
    ],
)
@pytest.mark.parametrize("suffix", ["pth", "safetensors"])
def test_other_files_are_refused_by_what_they_are(
    content: bytes, said: str, suffix: str, tmp_path: Path
) -> None:
    path = tmp_path / f"w.{suffix}"
    path.write_bytes(content)
    with pytest.raises(InputError, match=said) as caught:
        read_weights(path)
    assert "\n" not in str(caught.value)


def test_a_directory_without_weights(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="a directory, not a weights file"):
        read_weights(tmp_path)
    for name in ("b.pth", "a.safetensors"):
        (tmp_path / name).write_bytes(b"x")
    with pytest.raises(InputError, match=r"name one of its files: a\.safetensors, b\.pth"):
        read_weights(tmp_path)


def test_names_with_control_characters_stay_in_one_line() -> None:
    odd = {
        "a\x1b[31m\nb.weight": torch.zeros(2, 2),
        "c\u2028d": torch.zeros(2),
        "e\r": torch.ones(3),
    }
    for found in (odd, {"x\x07": odd, "y": {**TIMMS, **odd}}):
        with pytest.raises(InputError) as caught:
            load_weights(network(), found)
        assert str(caught.value).isprintable()


def test_reading_numpy_scalars_beside_the_weights(tmp_path: Path) -> None:
    torch.save({"model": TIMMS, "best": np.float64(0.8), "when": np.arange(3)}, tmp_path / "w.pth")
    loads(tmp_path / "w.pth")
