"""The verbs that describe, count and build."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors import safe_open

import designspace
from designspace.spec.documents import catalog
from tests.helpers.command import run


def test_cost_as_a_table() -> None:
    ran = run("cost", "convnext_t")
    assert ran.code == 0
    assert "28,589,128" in ran.out
    assert "4.4555" in ran.out
    assert "stage 4" in ran.out


def test_cost_as_json() -> None:
    ran = run("cost", "resnet50", "--json")
    table = json.loads(ran.out)
    assert (table["params"], table["macs"]) == (25_557_032, 4_089_184_256)
    assert table["spatial_macs"] + table["channel_macs"] == table["macs"]
    assert sum(stage["macs"] for stage in table["stages"]) == table["macs"]


def test_set_changes_what_is_counted() -> None:
    plain = json.loads(run("cost", "convnext_t", "--json").out)
    wide = json.loads(
        run("cost", "convnext_t", "--set", "block.spatial.kernel_size=31", "--json").out
    )
    assert wide["macs"] > plain["macs"]
    assert wide["digest"] != plain["digest"]


def test_build_writes_weights_with_their_spec(tmp_path: Path) -> None:
    out = tmp_path / "weights.safetensors"
    ran = run("build", "convnext_proxy", "--in-channels", 1, "--num-classes", 10, "--out", out)
    assert ran.code == 0, ran.err
    with safe_open(out, framework="pt") as file:
        facts = json.loads(file.metadata()["designspace"])
        params = sum(file.get_tensor(name).numel() for name in file.keys())  # noqa: SIM118
    spec = designspace.load(facts["spec"])
    assert spec.digest == designspace.load("convnext_proxy").digest
    assert params == designspace.cost(spec, in_channels=1, num_classes=10).params
    model = designspace.build(spec, in_channels=1, num_classes=10)
    designspace.load_weights(model, out)


def test_build_takes_a_path_and_prints_totals() -> None:
    path = catalog.root() / "specs" / "resnet_proxy.yaml"
    ran = run("build", path, "--json")
    assert json.loads(ran.out)["output"] == [2, 1000]


def test_diff_names_decisions() -> None:
    found = json.loads(run("diff", "resnet50", "convnext_t", "--json").out)
    assert [d["name"] for d in found["decisions"]][:3] == [
        "stage_ratio",
        "patchify_stem",
        "depthwise",
    ]
    assert found["rest"] == []
    assert "same architecture" in run("diff", "resnet50", "resnet50").out


@pytest.mark.parametrize("subject", ["network", "recipe", "space", "ladder"])
def test_schema_is_json_schema(subject: str) -> None:
    schema = json.loads(run("schema", subject).out)
    assert schema["$schema"].startswith("https://json-schema.org/")
    assert schema["$defs"]


def test_catalog_lists_what_ships() -> None:
    listed = json.loads(run("catalog", "--json").out)
    assert {n["name"] for n in listed["networks"]} >= {"convnext_t", "resnet50", "convnext_proxy"}
    assert {"demo", "convnext_1k"} <= set(listed["recipes"])
    assert "micro" in listed["spaces"]
    assert {k["family"] for k in listed["kinds"]} >= {"stem", "block", "mixer", "norm", "act"}


def test_train_then_eval(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    small = [
        "--set",
        "widths=[8,8,8]",
        "--recipe-set",
        "epochs=2",
        "--recipe-set",
        "schedule.warmup_epochs=0",
    ]
    words = ["train", "convnext_proxy", *small, "--device", "cpu", "--out", "out"]
    ran = run(*words)
    assert ran.code == 0, ran.err
    assert "epoch 2/2" in ran.out
    again = run(*words, "--json")
    assert json.loads(again.out)["test"]["n"] == 1000
    measured = run(
        "eval", "convnext_proxy", *small[:2], "--weights", "out/weights.safetensors", "--json"
    )
    assert json.loads(measured.out)["top1"] == json.loads(again.out)["validation"]["top1"]
