"""Each training and search has its own directory, and none is written over another's."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from designspace.api.homes import data_part
from designspace.images.data import load_data
from tests.helpers.command import Ran, run

QUICK = (
    *("--recipe-set", "epochs=1", "--recipe-set", "schedule.warmup_epochs=0"),
    *("--recipe-set", "batch_size=8"),
)
NETWORK = ("convnext_proxy", "--set", "depths=[1,1]", "--set", "widths=[4,8]")


def images(folder: Path, seed: int) -> Path:
    """A folder of images by class."""
    rng = np.random.default_rng(seed)
    for part, count in (("train", 10), ("test", 4)):
        for name in ("cat", "dog"):
            (folder / part / name).mkdir(parents=True)
            for number in range(count):
                pixels = rng.integers(0, 256, (12, 12, 3), np.uint8)
                Image.fromarray(pixels).save(folder / part / name / f"{number}.png")
    return folder


@pytest.fixture(autouse=True)
def _here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def search(*words: object) -> Ran:
    return run("search", "--trials", 1, "--executor", "local", *QUICK, *words)


def directories() -> set[str]:
    return {path.name for path in Path("runs").iterdir()}


def test_searches_of_other_data_have_other_default_directories() -> None:
    first, second = images(Path("a/photos"), 0), images(Path("b/photos"), 1)
    space = Path("two.yaml")
    space.write_text(
        "name: two\nbase: {base: convnext_proxy, changes: {depths: [1, 1], widths: [4, 8]}}\n"
        "axes: {kernel: {path: block.spatial.kernel_size, choices: [3, 5]}}\n"
    )
    for data in (first, second):
        ran = search("--space", space, "--data", data)
        assert ran.code == 0, ran.err
    names = directories()
    assert len(names) == 2
    assert all(name.startswith("two-demo-photos-") for name in names)
    again = search("--space", space, "--data", first)
    assert "nothing to do" in again.out
    assert directories() == names


def test_trainings_of_other_data_have_other_default_directories() -> None:
    first, second = images(Path("a/photos"), 0), images(Path("b/photos"), 1)
    for data in (first, second):
        assert run("train", *NETWORK, *QUICK, "--data", data).code == 0
    names = {path.name for path in Path("runs/train").iterdir()}
    assert len(names) == 2
    assert all("-photos-" in name and name.endswith("-s0") for name in names)


def test_the_packaged_data_have_no_part_in_the_name(tmp_path: Path) -> None:
    assert data_part(load_data()) == ""
    assert data_part(load_data("fashion-mnist-mini")) == ""
    odd = images(tmp_path / "my / photos: {1..2}", 0)
    part = data_part(load_data(str(odd)))
    assert part.startswith("-photos_1..2-")
    assert not set(part) & set("/ :{}")


@pytest.fixture
def study() -> Path:
    """What stands for a study with a trial: the places are told by the names of files."""
    trial = Path("study/trials/0")
    trial.mkdir(parents=True)
    (trial / "weights.safetensors").write_bytes(b"kept")
    Path("study/study.yaml").write_text("name: study\n")
    Path("study/trials.jsonl").touch()
    return Path("study")


@pytest.fixture
def trained() -> Path:
    assert run("train", *NETWORK, *QUICK, "--data", images(Path("x"), 0), "--out", "run").code == 0
    return Path("run")


def contents() -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in sorted(Path().rglob("*")) if path.is_file()}


def refused(command: Callable[[], Ran], *said: str) -> None:
    before = contents()
    ran = command()
    assert ran.code == 2, ran
    assert all(part in ran.err for part in said), ran.err
    assert len(ran.err.splitlines()) == 1
    assert contents() == before


@pytest.mark.parametrize("extra", [(), ("--seeds", 2), ("--tune", "lr", "--tune-trials", 2)])
def test_nothing_is_trained_into_a_study(study: Path, extra: tuple[Any, ...]) -> None:
    def train(out: Path | str) -> Callable[[], Ran]:
        return lambda: run("train", *NETWORK, *QUICK, "--out", out, *extra)

    Path("link").symlink_to(study, target_is_directory=True)
    for out in (study, f"{study}/", "link"):
        refused(train(out), "this directory holds a study, not a run", "--out")
    for out in (study / "trials", study / "trials/0", study / "trials/7/new", "link/trials/0"):
        refused(train(out), "belongs to the trials of the study")


def test_nothing_is_trained_into_a_run_or_a_file(trained: Path) -> None:
    refused(lambda: run("train", *NETWORK, "--out", trained / "s0"), "lies inside that of a run")
    refused(
        lambda: run("train", *NETWORK, "--out", trained, "--seeds", 2), "lies inside that of a run"
    )
    Path("file").write_text("mine")
    for out in ("file", "file/deeper"):
        refused(lambda out=out: run("train", *NETWORK, "--out", out), "file: not a directory")


def test_nothing_is_searched_into_a_run_or_a_trial(trained: Path, study: Path) -> None:
    refused(lambda: search("--study", trained), "this directory holds a run, not a study")
    for place in (study / "trials", study / "trials/0", study / "trials/new"):
        refused(lambda place=place: search("--study", place), "belongs to the trials of the study")
    Path("file").write_text("mine")
    refused(lambda: search("--study", "file"), "file: not a directory")


def test_no_other_command_writes_among_trials(study: Path) -> None:
    inside = study / "trials/0"
    for words in (
        ("sample", "micro", "-n", 2, "--out", study / "trials/new"),
        ("sample", "micro", "-n", 2, "--out", inside / "x.csv"),
        ("build", "convnext_proxy", "--out", inside / "weights.safetensors"),
    ):
        refused(lambda words=words: run(*words), "belongs to the trials of the study")
    refused(lambda: run("sample", "micro", "-n", 2, "--out", study), "exists already")
