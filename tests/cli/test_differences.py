"""Another study or run in a directory is told by the values that differ, whatever either lacks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from designspace.records.difference import differing
from tests.helpers.command import run

PLAIN: Any = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("xyz", min_size=1), inner),
    max_leaves=8,
)
MAPPING: Any = st.dictionaries(st.text("xyz", min_size=1), PLAIN, max_size=3)


@given(was=MAPPING, now=MAPPING)
def test_nothing_is_said_of_equals_and_something_of_all_others(
    was: dict[str, Any], now: dict[str, Any]
) -> None:
    same = yaml.safe_dump(was, sort_keys=True) == yaml.safe_dump(now, sort_keys=True)
    assert (differing(was, now) == "") == (same or _empty(was, now))
    assert differing(was, was) == ""


def _empty(was: Any, now: Any) -> bool:
    """Whether they differ only by keys of empty mappings, which hold no value to tell."""
    return differing(was, now) == "" and was != now


def test_paths_values_and_the_number_of_further_ones() -> None:
    was = {"digest": "1", "epochs": 8, "optimizer": {"lr": 0.1, "betas": [0.9, 0.95]}, "ema": None}
    now = {"digest": "2", "epochs": 3, "optimizer": {"betas": (0.9, 0.99)}, "ema": {"decay": 0.5}}
    assert differing(was, now, "digest") == (
        "epochs 8 there, 3 here; optimizer.lr 0.1 there, none here; "
        "optimizer.betas [0.9, 0.95] there, [0.9, 0.99] here; and 1 more"
    )


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (64, 12, 12), np.uint8)
    labels = np.arange(64) % 2
    np.savez(tmp_path / "d.npz", train_x=images, train_y=labels, test_x=images, test_y=labels)
    return "d.npz"


SPACE: dict[str, Any] = {
    "name": "two",
    "base": {"base": "convnext_proxy", "changes": {"depths": [1, 1], "widths": [4, 8]}},
    "axes": {
        "kernel": {"path": "block.spatial.kernel_size", "choices": [3, 5]},
        "norm": {"path": "norm", "choices": ["layernorm", "batchnorm"]},
    },
    "limits": [{"cost": "macs", "high": 10**9}],
}


def search(data: str, space: dict[str, Any]) -> Any:
    Path("space.yaml").write_text(yaml.safe_dump(space))
    return run(
        *("search", "--space", "space.yaml", "--data", data, "--recipe-set", "epochs=2"),
        *("--recipe-set", "schedule.warmup_epochs=0", "--recipe-set", "batch_size=8"),
        *("--trials", 1, "--executor", "local", "--study", "s"),
    )


@pytest.mark.parametrize("gone", ["limits", "name", "axes.norm"])
def test_a_part_that_only_one_side_has_is_told(data: str, gone: str) -> None:
    part, _, inner = gone.partition(".")
    without = {key: value for key, value in SPACE.items() if key != part}
    if inner:
        without[part] = {key: value for key, value in SPACE[part].items() if key != inner}
    for first, second in ((SPACE, without), (without, SPACE)):
        for path in sorted(Path("s").rglob("*"), reverse=True) if Path("s").exists() else ():
            path.unlink() if path.is_file() else path.rmdir()
        assert search(data, first).code == 0
        refused = search(data, second)
        if part == "name":  # no part of what a space means
            assert refused.code == 0
            continue
        assert refused.code == 2
        assert f"this directory holds a study that differs in space ({gone}" in refused.err
        assert "none" in refused.err
        assert len(refused.err.splitlines()) == 1


@pytest.mark.parametrize("part", ["limits", "axes", "base", "digest", "name"])
def test_a_study_file_that_lacks_a_part_ends_in_one_line(data: str, part: str) -> None:
    assert search(data, SPACE).code == 0
    meta = yaml.safe_load(Path("s/study.yaml").read_text())
    for written in (meta["space"], meta["space"]["authored"]):
        written.pop(part, None)
    Path("s/study.yaml").write_text(yaml.safe_dump(meta))
    changed = search(data, SPACE | {"axes": {"kernel": SPACE["axes"]["kernel"]}})
    assert changed.code == 2
    assert len(changed.err.splitlines()) == 1


def test_another_training_in_a_directory_is_told_by_its_values(data: str) -> None:
    command = ("train", "convnext_proxy", "--data", data, "--out", "r", "--recipe-set", "epochs=2")
    command = (*command, "--recipe-set", "schedule.warmup_epochs=0", "--recipe-set", "batch_size=8")
    command = (*command, "--set", "depths=[1,1]")
    assert run(*command, "--set", "widths=[4,8]").code == 0
    for changes, said in (
        (("--set", "widths=[4,4]"), "spec (widths [4, 8] there, [4, 4] here)"),
        (
            ("--set", "widths=[4,8]", "--recipe-set", "optimizer.weight_decay=0.5"),
            "recipe (optimizer.weight_decay 0.05 there, 0.5 here)",
        ),
        (("--set", "widths=[4,8]", "--seed", 3), "seed (0 there, 3 here)"),
    ):
        refused = run(*command, *changes)
        assert refused.code == 2
        assert said in refused.err, refused.err
        assert len(refused.err.splitlines()) == 1
