"""`designspace resume`: a study goes on with what it holds, and says what it lacks."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml

from designspace.records.study.study import load_study
from designspace.sampling.space import load_space
from designspace.searching.continuing import continued
from designspace.spec.recipe.recipe import load_recipe
from designspace.spec.space.load_space import with_recipe
from tests.helpers.command import Ran, run

ROOT = Path(__file__).parents[2]
OPTIONS = (
    *("--recipe-set", "epochs=2", "--recipe-set", "schedule.warmup_epochs=0"),
    *("--recipe-set", "batch_size=8", "--recipe-set", "val_fraction=0.3"),
    *("--seed", 3, "--proposer", "random", "--scheduler", "asha", "--eta", 3),
    *("--executor", "local", "--study", "s"),
)
SPACE = (
    "name: two\nbase: {base: convnext_proxy, changes: {depths: [1, 1], widths: [4, 8]}}\n"
    "recipe: demo\n"
    "axes:\n"
    "  kernel: {path: block.spatial.kernel_size, choices: [3, 5, 7]}\n"
    "  act: {path: act, choices: [gelu, relu]}\n"
    "  decay: {path: recipe.optimizer.weight_decay, choices: [0.05, 0.1]}\n"
)


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    images, labels = rng.integers(0, 256, (64, 12, 12), np.uint8), np.arange(64) % 2
    np.savez("d.npz", train_x=images, train_y=labels, test_x=images[:9], test_y=labels[:9])
    Path("two.yaml").write_text(SPACE)


def search(trials: int, *words: object) -> Ran:
    ran = run(
        "search", "--space", "two.yaml", "--data", "d.npz", "--trials", trials, *OPTIONS, *words
    )
    assert ran.code == 0, ran.err
    return ran


def cut(lines: int) -> None:
    """Leave a study as a driver that was killed leaves it, without what it kept of trials."""
    ledger = Path("s/trials.jsonl")
    ledger.write_text("".join(ledger.read_text().splitlines(keepends=True)[:lines]))
    shutil.rmtree("s/trials")


def story(directory: str) -> Any:
    """What a study found, times and pace aside."""
    found = load_study(Path(directory))
    slow = {"seconds", "images_per_second", "time", "peak_memory"}
    trials = [
        (t.point, t.digest, t.recipe, t.state, [e.model_dump(exclude=slow) for e in t.history])
        for t in found.state.trials.values()
    ]
    return found.meta.model_dump(exclude={"name", "created", "command", "trials"}), trials


def test_an_interrupted_study_goes_on_as_if_it_had_not_been(tmp_path: Path) -> None:
    search(4, "--study", "whole")
    search(4)
    for lines in (1, 4, 9):
        cut(lines)
        for name in ("two.yaml", "d.npz"):  # the study holds the space, but not the images
            shutil.copy(name, f"{name}.copy")
        Path("two.yaml").unlink()
        ran = run("resume", tmp_path / "s")
        assert ran.code == 0, ran.err
        assert '"action":"resumed"' in Path("s/trials.jsonl").read_text()
        assert story("s") == story("whole")
        Path("two.yaml.copy").rename("two.yaml")


def test_a_study_is_extended_as_by_the_same_command() -> None:
    search(5, "--study", "whole")
    search(3)
    ran = run("resume", "s", "--trials", 5)
    assert ran.code == 0, ran.err
    assert '"action":"extended"' in Path("s/trials.jsonl").read_text()
    assert story("s")[1] == story("whole")[1]
    assert "nothing to do" in run("resume", "s").out
    assert "nothing to do" in search(5).out
    assert load_study(Path("s")).meta.trials == 5
    lower = run("resume", "s", "--trials", 2)
    assert lower.code == 2
    assert "has 5 trials, but 2 are requested; the total can only be raised" in lower.err


def test_options_of_their_own() -> None:
    search(2)
    ran = run("resume", "s", "--trials", 3, "--executor", "local", "--keep-checkpoints", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["study"] == "s"
    assert list(Path("s/trials/2").glob("checkpoint*"))
    assert run("resume", "s", "--retest").code == 0
    assert len(load_study(Path("s")).state.readings) >= 1


@pytest.mark.parametrize("name", sorted(path.stem for path in (ROOT / "search").glob("*.yaml")))
def test_every_space_reads_again_from_what_a_study_holds(name: str) -> None:
    """As plain data, without the files that it was written in."""
    if "axes" not in yaml.safe_load((ROOT / "search" / f"{name}.yaml").read_text()):
        return  # a ladder
    space = load_space(name)
    if space.recipe_axes:
        space = with_recipe(space, load_recipe("demo"))
    written = yaml.safe_load(yaml.safe_dump(space.authored))
    again = load_space(written)
    assert again.digest == space.digest
    assert again.authored == space.authored


def refused(*said: str) -> None:
    before = {path: path.read_bytes() for path in Path("s").rglob("*") if path.is_file()}
    ran = run("resume", "s", "--trials", 9)
    assert ran.code == 2, ran
    assert all(part in ran.err for part in said), ran.err
    assert len(ran.err.splitlines()) == 1
    assert before == {path: path.read_bytes() for path in Path("s").rglob("*") if path.is_file()}


def test_missing_moved_and_changed_data_are_told_in_one_line() -> None:
    search(2)
    Path("d.npz").rename("moved.npz")
    refused("the data of the study cannot be read", "d.npz: no such file", "the same --study")
    again = run("search", "--space", "two.yaml", "--data", "moved.npz", "--trials", 3, *OPTIONS)
    assert again.code == 0, again.err
    rng = np.random.default_rng(1)
    images, labels = rng.integers(0, 256, (40, 12, 12), np.uint8), np.arange(40) % 2
    np.savez("d.npz", train_x=images, train_y=labels, test_x=images[:9], test_y=labels[:9])
    refused("the data changed since the study began (train 44 there, 28 here", "start a new study")
    images = np.zeros((64, 12, 12), np.uint8)
    images[::2] = 7
    np.savez("d.npz", train_x=images, train_y=np.arange(64) % 2, test_x=images[:9],
             test_y=np.arange(9) % 2)  # fmt: skip
    refused("the data changed since the study began (")
    Path("d.npz").write_bytes(b"broken")
    refused("the data of the study cannot be read")


def change(**parts: Callable[[Any], Any]) -> None:
    meta = yaml.safe_load(Path("s/study.yaml").read_text())
    for part, apply in parts.items():
        apply(meta[part])
    Path("s/study.yaml").write_text(yaml.safe_dump(meta))


@pytest.mark.parametrize(
    ("parts", "said"),
    [
        (
            {"space": lambda space: space["authored"].pop("base")},
            "study.yaml: space.authored.base: ",
        ),
        (
            {"space": lambda space: space["authored"].pop("axes")},
            "study.yaml: space.authored.axes: ",
        ),
        ({"space": lambda space: space["authored"]["base"].pop("depths")}, "study.yaml: space"),
        (
            {"space": lambda space: space.update(digest="x")},
            "space: the space has changed since it was",
        ),
        ({"space": lambda space: space.pop("digest")}, "space.digest: "),
        (
            {"recipe": lambda recipe: recipe["full"].update(epochs=1)},
            "recipe: the recipe has changed since it was written",
        ),
        ({"recipe": lambda recipe: recipe["full"].update(nonsense=1)}, "recipe.full.nonsense: "),
        ({"data": lambda data: data.pop("load")}, "does not record how its data is read"),
        ({"data": lambda data: data.update(load=3)}, "data.load: "),
        ({"data": lambda data: data["load"].update(x=3)}, "does not record how its data is read"),
        ({"data": lambda data: data.update(digest="x")}, "the data changed since the study began"),
        ({"data": lambda data: data.pop("digest")}, "data.digest: "),
        (
            {"environment": lambda where: where.pop("device")},
            "does not record its device and resources",
        ),
    ],
)
def test_a_study_file_that_was_changed_is_refused_in_one_line(
    parts: dict[str, Callable[[Any], Any]], said: str
) -> None:
    search(1)
    change(**parts)
    refused(said, "study.yaml")


@pytest.mark.parametrize(
    ("part", "key"), [("space", "authored"), ("data", "classes"), ("data", "train")]
)
def test_a_trial_of_a_study_file_that_lacks_a_part_ends_in_one_line(part: str, key: str) -> None:
    search(1)
    change(**{part: lambda values: values.pop(key)})
    ran = run("cost", "s:0")
    assert (ran.code, len(ran.err.splitlines())) == ((0, 0) if key == "classes" else (2, 1))
    assert key == "classes" or ("study.yaml:" in ran.err and key in ran.err)


def test_wrong_directories_are_told_in_one_line() -> None:
    words = ("--set", "depths=[1,1]", "--set", "widths=[4,8]", "--data", "d.npz", "--out", "r")
    assert run("train", "convnext_proxy", *words, *OPTIONS[:6]).code == 0
    Path("empty").mkdir()
    for place, said in (
        ("r", "this directory holds a run, not a study; the same designspace train command"),
        ("empty", "no study here"),
        ("nowhere", "no study here"),
        ("d.npz", "no study here"),
    ):
        ran = run("resume", place)
        assert ran.code == 2
        assert said in ran.err
        assert len(ran.err.splitlines()) == 1


def test_the_study_of_a_tuning_belongs_to_its_training() -> None:
    words = ("--set", "depths=[1,1]", "--set", "widths=[4,8]", "--data", "d.npz", "--out", "r")
    tune = ("--tune", "lr", "--tune-trials", 2)
    assert run("train", "convnext_proxy", *words, *OPTIONS[:6], *tune).code == 0
    ran = run("resume", "r/tuning")
    assert ran.code == 2
    assert "the same train --tune continues it" in ran.err


def test_a_request_is_the_one_that_the_study_began_with() -> None:
    search(1)
    request = continued(Path("s")).request
    assert (request.seed, request.proposer, request.eta) == (3, "random", 3)
    assert request.rules == load_study(Path("s")).meta.scheduler
    assert request.recipe.full["val_fraction"] == 0.3
