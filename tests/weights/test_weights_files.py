"""Weights on disk: there and back, whatever their layout, and refused where they are wrong."""

from __future__ import annotations

import tempfile
import warnings
from pathlib import Path

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from safetensors.torch import save_file

from designspace.compiler import build
from designspace.errors import InputError
from designspace.spec import load
from designspace.training.state import checkpoint
from designspace.weights import load_weights, read_facts, read_weights, save_weights
from tests.helpers.command import run

SPEC = load("convnext_proxy")


def same(a: torch.nn.Module, b: torch.nn.Module) -> bool:
    pairs = zip(a.state_dict().values(), b.state_dict().values(), strict=True)
    return all(torch.equal(x, y) and x.dtype == y.dtype for x, y in pairs)


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_there_and_back(dtype: torch.dtype, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    model = build(SPEC).to(dtype)
    save_weights(model, SPEC, path, num_classes=1000)
    twin = build(SPEC).to(dtype)
    load_weights(twin, path)
    assert same(model, twin)
    assert read_facts(path)["digest"] == SPEC.digest


def test_tied_and_strided_tensors_are_written(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    model = build(SPEC).to(memory_format=torch.channels_last)
    norms = [m for m in model.modules() if isinstance(m, torch.nn.LayerNorm)]
    norms[1].weight = norms[0].weight
    save_weights(model, SPEC, path)
    twin = build(SPEC)
    load_weights(twin, path)
    assert same(model, twin)


def test_a_file_from_elsewhere_has_no_facts(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file(build(SPEC).state_dict(), path)
    assert read_facts(path) == {}
    load_weights(build(SPEC), path)


@pytest.mark.parametrize("facts", ["{broken", "[1]", "3"])
def test_facts_that_cannot_be_read(facts: str, tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({"x": torch.zeros(1)}, path, metadata={"designspace": facts})
    with pytest.raises(InputError, match="beside the weights"):
        read_facts(path)


def test_whole_numbers_are_no_weights(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    save_file({name: t.int() for name, t in build(SPEC).state_dict().items()}, path)
    with pytest.raises(InputError, match="whole numbers"):
        load_weights(build(SPEC), path)


@settings(deadline=None, max_examples=200)
@given(st.binary(max_size=40) | st.text("(]}.0123KMIGJXqRtu)hcsl\n", max_size=40).map(str.encode))
def test_whatever_is_no_checkpoint_is_refused_in_one_line(content: bytes) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "weights.pth"
        path.write_bytes(content)
        with pytest.raises(InputError) as caught:
            read_weights(path)
        (Path(folder) / checkpoint.CURRENT).write_bytes(content)
        assert checkpoint.load(Path(folder), {}).state is None
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("content", [b"\x80\x00", b"\x80\x7f.", b"\x80\xff}."])
def test_an_unknown_pickle_protocol_warns_nobody(
    content: bytes, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    (tmp_path / "weights.pth").write_bytes(content)
    (tmp_path / checkpoint.CURRENT).write_bytes(content)
    warnings.simplefilter("always")
    with pytest.raises(InputError):
        read_weights(tmp_path / "weights.pth")
    assert checkpoint.load(tmp_path, {}).state is None
    assert not recwarn.list


@pytest.mark.parametrize("name", ["w.txt", "w", "w.onnx"])
def test_a_name_of_another_kind_is_refused_before_anything_is_built(
    name: str, tmp_path: Path
) -> None:
    path = tmp_path / name
    ran = run("build", "convnext_proxy", "--out", path)
    assert ran.code == 2
    assert (
        f"{name}: does not have the suffix of a weights file; did you mean 'w.safetensors'?"
        in ran.err
    )
    with pytest.raises(InputError, match=r"\.pt, \.pth, \.bin"):
        save_weights(build(SPEC), SPEC, path)
    assert not list(tmp_path.iterdir())
