"""What leaves: ONNX files and exported programs give the network's outputs."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import torch

import designspace
from designspace.errors import DesignspaceError, InputError
from designspace.exporting import FORMATS, write
from designspace.exporting.formats import Format
from designspace.naming import find_network
from designspace.weights import load_weights, save_weights
from tests.helpers.command import run
from tests.helpers.named import make_study
from tests.helpers.small import SIDE, every_family, small, stir

SMALL = ["--set", "widths=[8,8,8]", "--set", "depths=[1,1,1]"]
CHANGES = {"widths": [8, 8, 8], "depths": [1, 1, 1]}


def saved(name: str, path: Path) -> torch.nn.Module:
    """A network with stirred weights, and the file that they went to."""
    spec = designspace.load(name, CHANGES)
    model = designspace.build(spec, num_classes=5, in_channels=1).eval()
    stir(model)
    save_weights(model, spec, path, num_classes=5, in_channels=1)
    return model


@pytest.mark.parametrize(
    ("name", "target"), [("convnext_proxy", "onnx"), ("resnet_proxy", "pt2")], ids=lambda x: x
)
def test_export_writes_what_the_weights_compute(
    name: str, target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    model = saved(name, Path("w.safetensors"))
    ran = run("export", name, *SMALL, "--weights", "w.safetensors", "--format", target, "--json")
    assert ran.code == 0, ran.err
    assert ran.err == ""
    said = json.loads(ran.out)
    assert (said["input"], said["num_classes"]) == ([1, 28, 28], 5)
    assert said["file"] == f"{name}.{target}"
    assert said["max_difference"] <= 1e-5 * said["max_output"]
    assert sorted(file.name for file in Path().iterdir()) == [f"{name}.{target}", "w.safetensors"]
    x = torch.randn(4, 1, 28, 28)
    (ours,) = FORMATS[target].load(Path(f"{name}.{target}"))(x)
    torch.testing.assert_close(ours, model(x).detach(), rtol=1e-4, atol=1e-5)
    facts = facts_in(Path(f"{name}.{target}"))
    assert (facts["num_classes"], facts["in_channels"]) == (5, 1)
    assert designspace.load(facts["spec"]).digest == said["digest"] == facts["digest"]


def facts_in(path: Path) -> dict[str, Any]:
    """What the file says of itself, read as its users would."""
    if path.suffix == ".onnx":
        import onnx

        return json.loads({p.key: p.value for p in onnx.load(path).metadata_props}["designspace"])
    extra = {"designspace.json": ""}
    torch.export.load(path, extra_files=extra)
    return json.loads(extra["designspace.json"])


def test_a_file_that_computes_something_else_is_not_put_in_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = saved("resnet_proxy", tmp_path / "w.safetensors")
    path = tmp_path / "a.pt2"
    path.write_text("what was there")
    wrong: Mapping[str, Any] = {
        "pt2": Format(FORMATS["pt2"].write, lambda _: lambda x: [torch.zeros(x.shape[0], 5)])
    }
    monkeypatch.setattr(write, "FORMATS", wrong)
    with pytest.raises(DesignspaceError, match="not written, because its outputs differ"):
        designspace.export(model, (1, 28, 28), path)
    assert path.read_text() == "what was there"
    assert len(list(tmp_path.iterdir())) == 2


def test_mistakes_are_named(tmp_path: Path) -> None:
    model = saved("resnet_proxy", tmp_path / "w.safetensors")
    with pytest.raises(InputError, match="no format 'onx'; did you mean 'onnx'"):
        designspace.export(model, (1, 28, 28), tmp_path / "a.onx")
    with pytest.raises(InputError, match="training mode"):
        designspace.export(model.train(), (1, 28, 28), tmp_path / "a.onnx")
    with pytest.raises(InputError, match="cannot be written"):
        designspace.export(model.eval(), (1, 28, 28), tmp_path / "w.safetensors" / "a.pt2")
    ran = run("build", "convnext_proxy", *SMALL, "--weights", tmp_path / "w.safetensors")
    assert ran.code == 2
    assert "the weights do not fit the network" in ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "no format is given; give one with --format: onnx, pt2"),
        (["--out", "x.bin"], "'x.bin' does not end in a format"),
        (["--format", "pt2", "--out", "x.onnx"], "x.onnx: the file's name does not end in .pt2"),
        (["--format", "pt2", "--out", "folder"], "folder: is a directory; name a file, such as"),
        (["--format", "pt2", "--out", "file/x/y.pt2"], "is not a directory"),
        (["--format", "onx"], "'onx' is not one of"),
    ],
)
def test_a_wrong_place_is_told_before_anything_is_built(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("folder").mkdir()
    Path("file").touch()
    ran = run("export", "resnet_proxy", *words)
    assert ran.code == 2
    assert said in ran.err
    assert ran.err.count("\n") == 1
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_the_winner_is_exported_with_its_weights(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_study(tmp_path)
    monkeypatch.chdir(tmp_path)
    named = find_network("runs/demo:winner")
    ran = run("export", "runs/demo:winner", "--format", "pt2")
    assert ran.code == 0, ran.err
    assert f"runs/demo:winner is trial {named.trial}" in ran.out
    assert f"{named.weights}: 28 of 28 tensors" in ran.out
    model = designspace.build("runs/demo:winner").eval()
    load_weights(model, "runs/demo:winner")
    path = Path(f"demo-{named.trial}.pt2")
    x = torch.randn(2, 1, 12, 12)
    (theirs,) = FORMATS["pt2"].load(path)(x)
    torch.testing.assert_close(theirs, model(x).detach(), rtol=1e-4, atol=1e-5)
    assert facts_in(path)["num_classes"] == 2
    assert designspace.export("runs/demo:winner", path="deep/er/y.pt2").difference <= 1e-5


def test_another_number_of_classes_is_told(tmp_path: Path) -> None:
    path = tmp_path / "w.safetensors"
    saved("resnet_proxy", path)
    ran = run("build", "resnet_proxy", *SMALL, "--num-classes", 4, "--weights", path)
    assert ran.code == 0, ran.err
    assert "classifier left at its initial values" in ran.out


@pytest.mark.slow
@every_family
@pytest.mark.parametrize("target", FORMATS)
def test_every_family_leaves(name: str, target: str, tmp_path: Path) -> None:
    model = designspace.build(small(name), num_classes=10, input_size=SIDE).eval()
    stir(model)
    written = designspace.export(model, (3, SIDE, SIDE), tmp_path / f"a.{target}")
    assert written.difference <= 1e-5 * written.largest


@pytest.mark.slow
@pytest.mark.parametrize("target", FORMATS)
def test_feature_maps_leave(target: str, tmp_path: Path) -> None:
    model = designspace.build("convnext_proxy", features_only=True).eval()
    stir(model)
    written = designspace.export(model, (3, 28, 28), tmp_path / f"a.{target}")
    assert written.difference <= 1e-5 * written.largest


@pytest.mark.slow
def test_large_weights_stand_beside_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from designspace.exporting import formats

    monkeypatch.setattr(formats, "_ONE_FILE", 0)
    model = designspace.build("convnext_proxy").eval()
    designspace.export(model, (3, 28, 28), tmp_path / "a.onnx")
    assert sorted(file.name for file in tmp_path.iterdir()) == ["a.onnx", "a.onnx.data"]
    x = torch.randn(2, 3, 28, 28)
    (ours,) = FORMATS["onnx"].load(tmp_path / "a.onnx")(x)
    torch.testing.assert_close(ours, model(x).detach(), rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_the_terminal_shows_only_ours(tmp_path: Path) -> None:
    out = str(tmp_path / "a.onnx")
    words = ["export", "resnet_proxy", *SMALL, "--out", out, "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "designspace", *words],
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stderr == ""
    assert json.loads(done.stdout)["file"] == out


def test_loading_leaves_the_names_of_the_classifier(tmp_path: Path) -> None:
    model = saved("resnet_proxy", tmp_path / "w.safetensors")
    spec = designspace.load("resnet_proxy", CHANGES)
    features = designspace.build(spec, in_channels=1, features_only=True, out_indices=[1]).eval()
    load_weights(features, tmp_path / "w.safetensors")
    own = model.state_dict()
    assert all(torch.equal(value, own[name]) for name, value in features.state_dict().items())
