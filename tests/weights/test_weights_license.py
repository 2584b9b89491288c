"""The license of weights: printed on loading, kept in what is written, and told without loading."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file

import designspace
from designspace.errors import InputError
from designspace.weights import about, read_facts, read_weights, state_dict_as
from tests.helpers.command import run
from tests.helpers.trainings import npz

SPEC = designspace.load("convnext_proxy")


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    """A directory as the Hugging Face hub has it, with timm's settings."""
    folder = tmp_path / "snapshot"
    folder.mkdir()
    model = designspace.build(SPEC, num_classes=2)
    save_file(state_dict_as(model, "timm"), folder / "model.safetensors")
    settings = {
        "license": "cc-by-nc-4.0",
        "crop_mode": "squash",
        "crop_pct": 1.0,
        "mean": [0.4, 0.4, 0.4],
        "std": [0.2, 0.2, 0.2],
        "input_size": [3, 28, 28],
        "hf_hub_id": "someone/network",
    }
    (folder / "config.json").write_text(json.dumps({"pretrained_cfg": settings}))
    return folder


def test_it_is_printed_and_kept(snapshot: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.safetensors"
    ran = run("build", "convnext_proxy", "--num-classes", 2, "--weights", snapshot, "--out", out)
    assert ran.code == 0, ran.err
    assert "license cc-by-nc-4.0" in ran.out
    kept = read_facts(out)["input"]
    assert (kept["license"], kept["crop_mode"]) == ("cc-by-nc-4.0", "squash")
    again = tmp_path / "again.safetensors"
    ran = run("build", "convnext_proxy", "--num-classes", 2, "--weights", out, "--out", again)
    assert "license cc-by-nc-4.0" in ran.out
    assert read_weights(again).license == "cc-by-nc-4.0"


def test_it_holds_for_what_is_trained_from_them(snapshot: Path, tmp_path: Path) -> None:
    words: list[Any] = ["train", "convnext_proxy", "--data", npz(tmp_path), "--from", snapshot]
    words += ["--recipe-set", "epochs=2", "--recipe-set", "batch_size=8", "--device", "cpu"]
    ran = run(*words, "--out", tmp_path / "run")
    assert ran.code == 0, ran.err
    assert "license cc-by-nc-4.0" in (tmp_path / "run" / "record.json").read_text()
    assert read_weights(tmp_path / "run").license == "cc-by-nc-4.0"


def test_about_a_file(snapshot: Path, tmp_path: Path) -> None:
    facts = about(snapshot)
    assert next(iter(facts)) == "license"
    assert (facts["license"], facts["hf_hub_id"]) == ("cc-by-nc-4.0", "someone/network")
    assert facts["layout"] == "timm's layout of convnext"
    assert facts["input"]["size"] == 28
    assert facts["precision"] == "float32"
    save_file({"x": torch.zeros(3, dtype=torch.bfloat16)}, tmp_path / "x.safetensors")
    assert about(tmp_path / "x.safetensors") == {"tensors": 1, "values": 3, "precision": "bfloat16"}
    json.dumps(facts)


def test_about_timms_weights_reads_settings_alone() -> None:
    assert about("timm:convnextv2_nano.fcmae")["license"] == "cc-by-nc-4.0"
    assert about("timm:convnext_tiny_in22k")["hf_hub_id"] == "timm/convnext_tiny.fb_in22k"
    with pytest.raises(InputError, match="no model 'nothing'; did you mean"):
        about("timm:nothing")


@pytest.mark.parametrize("name", ["nothing", "convnext", "x" * 40, ""])
def test_an_unknown_name_of_timms_prints_five(name: str) -> None:
    ran = run("build", "convnext_t", "--weights", f"timm:{name}")
    assert ran.code == 2
    assert ran.err.count(",") == 4
    assert len(ran.err) < 300
