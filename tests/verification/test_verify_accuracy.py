"""`designspace verify --data`: published accuracies measured again with published weights."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from designspace.compiler import build
from designspace.evaluation.imagenet import wnids
from designspace.records.measured.accuracy import AccuracyRecord
from designspace.spec.network.load import load
from designspace.verification.published_weights import find_claims, is_cached
from designspace.weights import save_weights
from tests.helpers.command import Ran, run
from tests.helpers.random_weights import randomise

SPEC = """\
name: small
base: convnext_proxy
changes: {{depths: [1, 1], widths: [8, 16], stem.patch_size: 4, input_size: 32}}
published:
  - {{top1: {top1}, resolution: {size}, source: here}}
"""
CHOSEN = wnids()[:600:60]


@pytest.fixture(scope="module")
def imagenet(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Ten of ImageNet's classes, by number, with images of several shapes."""
    root = tmp_path_factory.mktemp("imagenet") / "val"
    draw = np.random.default_rng(0)
    for name in CHOSEN:
        (root / name).mkdir(parents=True)
        for number in range(8):
            pixels = draw.integers(0, 256, (5, 5, 3), dtype=np.uint8)
            image = Image.fromarray(pixels).resize((40 + 9 * number, 50), Image.Resampling.BICUBIC)
            image.save(root / name / f"{number}.png")
    return root


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """A network, its weights for 1,000 classes as timm would have them, and no result yet."""
    spec = tmp_path / "small.yaml"
    spec.write_text(SPEC.format(top1=1.0, size=32))
    network = load(spec)
    torch.manual_seed(0)
    model = randomise(build(network, num_classes=1000, input_size=32))
    wanted = [wnids().index(name) for name in CHOSEN]
    with torch.no_grad():  # so that some answers are right
        bias = model.state_dict()["head.classifier.bias"]
        bias.fill_(-50.0)
        bias[wanted] = 0.0
    (tmp_path / "weights").mkdir()
    save_weights(model, network, tmp_path / "weights" / "small.pth", layout="timm")
    return tmp_path


def publish(folder: Path, top1: float, size: int = 32) -> Path:
    (folder / "small.yaml").write_text(SPEC.format(top1=top1, size=size))
    return folder / "small.yaml"


def verify(folder: Path, images: Path, *words: object) -> Ran:
    return run(
        "verify", folder / "small.yaml", "--data", images, "--weights", folder / "weights",
        "--out", folder / "record.json", "--device", "cpu", *words,
    )  # fmt: skip


def scored(folder: Path, images: Path, *words: object) -> dict[str, Any]:
    """What `eval` says of the same weights."""
    file = folder / "weights" / "small.pth"
    ran = run("eval", folder / "small.yaml", "--weights", file, "--data", images, "--json", *words)
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def test_a_result_that_is_what_is_published_agrees(small: Path, imagenet: Path) -> None:
    score = scored(small, imagenet)
    assert 0 < score["top1"] < 100
    publish(small, score["top1"])
    ran = verify(small, imagenet)
    assert ran.code == 0, ran.err
    assert "agrees" in ran.out
    assert "reproduced" not in ran.out
    assert "not the full validation set" in ran.out
    record = AccuracyRecord.model_validate_json((small / "record.json").read_text())
    (row,) = record.rows
    assert (row.score.top1, row.score.n, row.verdict) == (score["top1"], 80, "agrees")
    assert row.score.loss == pytest.approx(score["loss"])
    assert row.weights == str(small / "weights" / "small.pth")
    assert row.view["crop_pct"] == 0.875
    assert (record.images.n, record.images.classes, record.images.full) == (80, 10, False)
    assert record.device.kind == "cpu"
    assert record.environment["torch"]
    assert record.command[:2] == ("designspace", "verify")


def test_a_result_that_is_not_what_is_published_is_exit_code_1(small: Path, imagenet: Path) -> None:
    top1 = scored(small, imagenet)["top1"]
    publish(small, top1 + 0.2 if top1 < 99 else top1 - 0.2)
    ran = verify(small, imagenet)
    assert ran.code == 1
    assert "1 of 1 results differ from the published value by more than 0.1 points" in ran.err
    assert verify(small, imagenet, "--tolerance", 0.3).code == 0
    shown = json.loads(verify(small, imagenet, "--tolerance", 0.3, "--json").out)
    assert shown["ok"] is True
    assert shown["rows"][0]["verdict"] == "agrees"


def test_a_result_at_384_is_measured_with_a_warp(small: Path, imagenet: Path) -> None:
    publish(small, 50.0, size=384)
    (small / "weights" / "small.pth").rename(small / "weights" / "small_384.pth")
    ran = verify(small, imagenet, "--tolerance", 100, "--json")
    assert ran.code == 0, ran.err
    view = json.loads(ran.out)["rows"][0]["view"]
    assert (view["crop_mode"], view["crop_pct"], view["size"]) == ("squash", 1.0, 384)


def test_all_thousand_classes_with_an_image_each(small: Path, tmp_path: Path) -> None:
    root = tmp_path / "all"
    for label, name in enumerate(wnids()):
        (root / name).mkdir(parents=True)
        Image.new("RGB", (8, 8), (label % 256, label // 4, 0)).save(root / name / "1.png")
    ran = verify(small, root, "--tolerance", 100, "--json")
    assert ran.code == 0, ran.err
    shown = json.loads(ran.out)
    assert (shown["images"]["n"], shown["images"]["full"]) == (1000, False)
    assert shown["rows"][0]["score"]["top1"] == scored(small, root)["top1"]


def test_whatever_cannot_be_measured_is_one_line(small: Path, imagenet: Path) -> None:
    def refused(*words: object) -> str:
        ran = run("verify", *words, "--device", "cpu")
        assert ran.code == 2, ran.out + ran.err
        assert ran.err.count("\n") == 1
        return ran.err

    data, spec = ["--data", imagenet], small / "small.yaml"
    weights = ["--weights", small / "weights"]
    assert "need the images of --data" in refused(spec, *weights)
    assert "no such directory of weights" in refused(spec, *data, "--weights", small / "no")
    assert "no file convnext_t.safetensors" in refused("convnext_t", *data, *weights)
    assert "no weights of a published network are in" in refused(*data, *weights)
    assert "its accuracy is not published" in refused("resnet_proxy", *data, *weights)
    assert "convnext_q" in refused("convnext_q", *data, *weights)
    assert "no such file" in refused(spec, "--data", small / "no", *weights)
    assert "is a directory" in refused(spec, *data, *weights, "--out", small)
    (small / "weights" / "small.safetensors").write_bytes(b"")
    assert "several files for one network" in refused(spec, *data, *weights)
    (small / "weights" / "small.pth").unlink()
    refused(spec, *data, *weights)
    with_others = small / "other"
    (with_others / "apple").mkdir(parents=True)
    (with_others / "zebra").mkdir()
    for name in ("apple", "zebra"):
        Image.new("RGB", (8, 8)).save(with_others / name / "1.png")
    save_weights(
        build(load(spec), num_classes=1000, input_size=32), load(spec),
        small / "weights" / "small.safetensors", layout="timm",
    )  # fmt: skip
    assert "apple, zebra" in refused(spec, "--data", with_others, *weights)


def test_every_published_accuracy_knows_its_weights_or_why_not() -> None:
    """Each network's rows are told apart; what timm does not have is named."""
    for name in ("convnext_t", "convnextv2_base", "swin_b_384", "resnet50"):
        claims, left_out = find_claims([name], None)
        network = load(name)
        rows = [row for row in network.published if row.top1 is not None]
        assert len(claims) + len(left_out) == len(rows)
        assert len({claim.weights for claim in claims}) == len(claims)
    assert not is_cached("timm:convnext_tiny.no_such_tag")
