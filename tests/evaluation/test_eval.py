"""`designspace eval`: held-out images by default, classes by name, the test split on record."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from designspace.records.run import read_record
from designspace.records.study.study import load_study
from tests.helpers.command import run

TINY = ["--set=depths=[1,1]", "--set=widths=[8,16]", "--set=stem.patch_size=4"]
SHORT = [
    "--recipe-set=epochs=1", "--recipe-set=schedule.warmup_epochs=0", "--recipe-set=batch_size=16",
]  # fmt: skip
SPACE = """\
name: tiny
base:
  base: convnext_proxy
  changes: {depths: [1, 1], widths: [8, 16], stem.patch_size: 4}
axes:
  act: {path: act, choices: [gelu, relu, silu]}
"""


def photos(root: Path, names: tuple[str, ...], count: int = 30, mode: str = "RGB") -> Path:
    """Flat class folders of images of several sizes, each class of a brightness of its own."""
    draw = np.random.default_rng(0)
    for label, name in enumerate(names):
        (root / name).mkdir(parents=True)
        for number in range(count):
            low = 20 + 60 * label
            pixels = draw.integers(low, low + 60, (20 + number % 5, 24, 3), dtype=np.uint8)
            Image.fromarray(pixels).convert(mode).save(root / name / f"{number:02}.png")
    return root


def found(*words: object) -> dict[str, Any]:
    ran = run("eval", *words, "--device", "cpu", "--json")
    assert ran.code == 0, ran.err
    return json.loads(ran.out)


def refused(*words: object) -> str:
    ran = run("eval", *words, "--device", "cpu")
    assert ran.code == 2, ran.err + ran.out
    assert ran.err.count("\n") == 1
    return ran.err


@pytest.fixture(scope="module")
def pets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of flat photos, and beside it a run that learned from them."""
    root = tmp_path_factory.mktemp("pets")
    photos(root / "photos", ("cat", "dog", "owl"))
    words = ["train", "convnext_proxy", *TINY, *SHORT, "--data", root / "photos"]
    ran = run(*words, "--device", "cpu", "--out", root / "run")
    assert ran.code == 0, ran.err
    return root


@pytest.fixture
def trained(pets: Path, tmp_path: Path) -> Path:
    """A copy of that run."""
    return Path(shutil.copytree(pets / "run", tmp_path / "run"))


@pytest.fixture(scope="module")
def searched(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A study of three trials."""
    root = tmp_path_factory.mktemp("study")
    (root / "space.yaml").write_text(SPACE)
    photos(root / "photos", ("cat", "dog"))
    words = ["search", "--space", root / "space.yaml", "--data", root / "photos", *SHORT]
    words += ["--trials", 3, "--executor", "local", "--scheduler", "none", "--device", "cpu"]
    ran = run(*words, "--study", root / "study")
    assert ran.code == 0, ran.err
    return root / "study"


@pytest.fixture
def study(searched: Path, tmp_path: Path) -> Path:
    """A copy of that study."""
    return Path(shutil.copytree(searched, tmp_path / "study"))


def test_a_run_is_measured_on_its_validation_split(trained: Path, pets: Path) -> None:
    record = read_record(trained)
    for name in (trained, trained / "weights.safetensors"):
        score = found(name)
        assert score["top1"] == record.top1
        assert (score["split"], score["n"], score["seen"]) == ("validation", record.data.val, 0)
        assert record.test is not None
        assert score["recorded"]["test"]["top1"] == record.test.top1
    ran = run("eval", trained, "--device", "cpu")
    assert "the validation split of photos" in ran.out
    assert "(the same)" in ran.out
    assert record.test is not None
    assert f"recorded test result: top-1 {record.test.top1:.2f}%" in ran.out
    assert "(read once)" in ran.out
    given = ["convnext_proxy", *TINY, "--weights", trained / "weights.safetensors"]
    assert found(*given, "--data", pets / "photos")["n"] == record.data.val
    assert found(*given)["top1"] == record.top1
    assert found("convnext_proxy", *TINY, "--weights", trained)["top1"] == record.top1


def test_flat_photos_are_not_measured_on_what_was_learned(pets: Path, tmp_path: Path) -> None:
    """A weights file that left its run still knows which images it learned from."""
    record = read_record(pets / "run")
    lone = tmp_path / "lone.safetensors"
    shutil.copy(pets / "run" / "weights.safetensors", lone)
    score = found(lone, "--data", pets / "photos")
    assert (score["n"], score["top1"], score["seen"]) == (record.data.val, record.top1, 0)
    learned = found(lone, "--data", pets / "photos", "--split", "train")
    assert learned["n"] == learned["seen"] == record.data.train
    assert "do not record where their training images are" in refused(lone)
    words = [lone, "--data", pets / "photos", "--split", "test", "--device", "cpu"]
    assert "not recorded: these weights lie outside" in run("eval", *words).out
    moved = shutil.copytree(pets / "photos", tmp_path / "elsewhere")
    assert found(lone, "--data", moved)["own_data"] is True
    (moved / "cat" / "00.png").unlink()
    other = found(lone, "--data", moved)
    assert (other["split"], other["seen"], other["n"]) == ("all", None, 89)
    assert "whether the weights have seen these is unknown" in other["says"][-1]


def test_images_that_changed_since_the_training_are_refused(tmp_path: Path) -> None:
    images = photos(tmp_path / "photos", ("cat", "dog"))
    out = tmp_path / "run"
    assert run("train", "convnext_proxy", *TINY, *SHORT, "--data", images, "--out", out).code == 0
    (images / "cat" / "00.png").unlink()
    assert "changed since the training" in refused(out)
    shutil.rmtree(images)
    assert str(images) in refused(out)


def test_the_test_split_is_read_again_only_on_request(trained: Path) -> None:
    record = read_record(trained)
    assert record.test is not None
    said = refused(trained, "--split", "test")
    assert "the test split was read once already; --retest reads it again" in said
    score = found(trained, "--split", "test", "--retest")
    assert (score["top1"], score["n"]) == (record.test.top1, record.data.test)
    assert [reading["command"] for reading in score["recorded"]["test_readings"]] == [
        "train", "eval",
    ]  # fmt: skip
    assert "read 2 times" in run("eval", trained, "--device", "cpu").out
    assert "read 2 times already" in refused(trained, "--split", "test")


def test_a_trial_is_measured_on_the_studys_validation_split(study: Path) -> None:
    state = load_study(study).state
    assert state.winner is not None
    winner = state.winner.number
    for number, trial in state.trials.items():
        score = found(f"{study}:{number}")
        assert (score["top1"], score["trial"]) == (trial.top1, number)
        assert score["split"] == "validation"
    best = run("eval", f"{study}:winner", "--device", "cpu")
    assert f"is trial {winner}" in best.out
    assert "(the same)" in best.out
    assert "recorded test result: top-1" in best.out
    assert "(read once)" in best.out
    other = next(n for n in range(3) if n != winner)
    assert "recorded test result" not in run("eval", f"{study}:{other}", "--device", "cpu").out


def test_a_studys_test_split_is_read_once_whoever_is_measured(study: Path) -> None:
    for name in ("winner", "0", "1"):
        assert "read once already" in refused(f"{study}:{name}", "--split", "test")
    assert found(f"{study}:winner", "--split", "test", "--retest")["split"] == "test"
    assert "read 2 times" in run("eval", f"{study}:winner", "--device", "cpu").out


def test_a_wrong_name_of_a_trial_is_one_line(study: Path) -> None:
    assert "no trial 7" in refused(f"{study}:7")
    refused(study)
    refused(f"{study}:winer")


def test_other_classes_are_refused_unless_they_are_mapped(trained: Path, tmp_path: Path) -> None:
    images = photos(tmp_path / "fruit", ("apple", "pear", "zebra"))
    said = refused(trained, "--data", images)
    assert "cat, dog, owl" in said
    assert "apple, pear, zebra" in said
    mapped = found(trained, "--data", images, "--classes", "cat=apple,dog=pear,owl=zebra")
    assert mapped["n"] == 90
    file = tmp_path / "map.yaml"
    file.write_text("cat: apple\ndog: pear\nowl: zebra\n")
    assert found(trained, "--data", images, "--classes", file)["top1"] == mapped["top1"]
    turned = found(trained, "--data", images, "--classes", "cat=zebra,dog=pear,owl=apple")
    assert turned["top1"] != mapped["top1"]
    assert "no class 'cow'" in refused(trained, "--data", images, "--classes", "cow=apple")


def test_the_same_classes_in_another_order_are_matched(trained: Path, tmp_path: Path) -> None:
    """As an npz file may list them."""
    images = photos(tmp_path / "photos", ("cat", "dog", "owl"))
    some = photos(tmp_path / "some", ("owl", "dog"))
    whole = found(trained, "--data", images)
    score = found(trained, "--data", some)
    assert score["classes"]["weights"] == 3
    assert "matched by name" in score["classes"]["says"]
    assert whole["n"] == 90 or whole["own_data"]


def test_a_few_images_are_enough(trained: Path, tmp_path: Path) -> None:
    """Images that are only measured need no share for training."""
    pair = photos(tmp_path / "pair", ("cat", "dog", "owl"), count=1)
    score = found(trained, "--data", pair)
    assert (score["n"], score["split"], score["own_data"]) == (3, "all", False)
    one = photos(tmp_path / "one", ("owl",), count=2)
    assert found(trained, "--data", one)["n"] == 2


def test_a_checkpoint_is_its_runs_too(pets: Path, tmp_path: Path) -> None:
    out, words = tmp_path / "run", ["train", "convnext_proxy", *TINY, *SHORT, "--keep-checkpoints"]
    assert run(*words, "--data", pets / "photos", "--out", out, "--device", "cpu").code == 0
    score = found("convnext_proxy", *TINY, "--weights", out / "checkpoint.pt")
    assert (score["split"], score["seen"]) == ("validation", 0)
    assert score["top1"] == score["recorded"]["validation_top1"]


def test_gray_images_and_rgb_weights(trained: Path, tmp_path: Path) -> None:
    gray = photos(tmp_path / "gray", ("cat", "dog", "owl"), mode="L")
    score = found(trained, "--data", gray)
    assert len(score["view"]["mean"]) == 1
    assert score["n"] == 90


def test_top5_of_five_classes_is_not_shown(trained: Path) -> None:
    assert found(trained)["top5"] is None
    assert "top-5" not in run("eval", trained, "--device", "cpu").out


def test_a_network_without_weights_is_one_line() -> None:
    assert "has no weights" in refused("convnext_t")
    assert "--weights" in refused("convnext_t")
    assert "--retest is for --split test" in refused("convnext_t", "--retest")
    assert "did you mean 'test'?" in refused("convnext_t", "--split", "tset")


def test_a_view_that_warps_is_the_training_s_too(tmp_path: Path) -> None:
    images = photos(tmp_path / "photos", ("cat", "dog"))
    words = ["train", "convnext_proxy", *TINY, *SHORT, "--recipe-set=test.crop_mode=squash"]
    ran = run(*words, "--data", images, "--out", tmp_path / "run", "--device", "cpu")
    assert ran.code == 0, ran.err
    assert "every batch resized and warped to 28x28" in ran.out
    score = found(tmp_path / "run")
    assert score["view"]["crop_mode"] == "squash"
    assert score["top1"] == score["recorded"]["validation_top1"]
