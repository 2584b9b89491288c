"""The scores of a finished study's trials: the table, the rankings, and the command."""

from __future__ import annotations

import csv
import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from designspace.images.data import load_data
from designspace.records.facts import RecipeFacts
from designspace.records.measured.zero_cost import (
    NetworkScores,
    Ranking,
    ScoreValue,
    StudyScores,
    TrialScores,
)
from designspace.records.study.study import LEDGER, META
from designspace.searching.request import Request
from designspace.searching.study import run_study
from designspace.searching.trials.trial_training import make_run
from designspace.spec.recipe.recipe import load_recipe
from designspace.spec.space.load_space import load_space
from designspace.training.data_facts import data_facts
from designspace.zero_cost.rankings import rankings
from tests.helpers.command import run

EPOCHS = 2
SPACE: dict[str, Any] = {
    "name": "tiny",
    "base": {
        "base": "convnext_proxy",
        "changes": {"depths": [1, 1], "widths": [8, 16], "stem.patch_size": 4},
    },
    "axes": {
        "kernel_size": {"path": "block.spatial.kernel_size", "choices": [3, 5, 7]},
        "act": {"path": "act", "choices": ["gelu", "none"]},
    },
}


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Five networks, trained for two epochs on a few images."""
    folder = tmp_path_factory.mktemp("scores")
    draw = np.random.default_rng(0)
    images, labels = draw.integers(0, 256, (60, 28, 28), np.uint8), np.arange(60) % 3
    source = folder / "data.npz"
    np.savez(source, train_x=images, train_y=labels, test_x=images[:9], test_y=labels[:9])
    load: dict[str, Any] = {"source": str(source), "val_fraction": 0.2, "image_size": 28}
    recipe = load_recipe("demo", {"epochs": EPOCHS, "batch_size": 16})
    request = Request(
        directory=folder / "study",
        space=load_space(SPACE),
        recipe=RecipeFacts.of(recipe),
        data=data_facts(load_data(**load), load, recipe),
        factory=make_run,
        trials=5,
        proposer="random",
        scheduler="none",
        executor="local",
    )
    assert run_study(request).exit_code == 0
    return request.directory


def test_a_study_gets_a_table_and_a_record(study: Path) -> None:
    words = ("score", "--study", study, "--batch-size", 8, "--repeats", 2)
    ran = run(*words, "--json")
    assert ran.code == 0, ran.err
    found = StudyScores.model_validate_json(ran.out)
    assert StudyScores.model_validate_json((study / "zero_cost.json").read_text()) == found
    assert found.record.conditions["data"]["name"] == "data"
    assert (found.ranked, found.epochs, len(found.trials)) == (5, EPOCHS, 5)
    rows = list(csv.DictReader((study / "zero_cost.csv").read_text().splitlines()))
    assert [int(row["trial"]) for row in rows] == list(range(5))
    for row, trial in zip(rows, found.trials, strict=True):
        assert (int(row["params"]), int(row["macs"])) == (trial.params, trial.macs)
        assert trial.measured.scores["params"].mean == trial.params
        assert [float(row[f"top1@{epoch}"]) for epoch in (1, 2)] == list(trial.curve)
        assert float(row["zen"]) == trial.measured.scores["zen"].mean
        assert float(row["zen_std"]) == trial.measured.scores["zen"].std
        silent = "naswot: the network has no activation"
        assert row["undefined"] == ("" if row["naswot"] else silent)
    names = [ranking.column for ranking in found.rankings]
    drawn = ["grad_norm", "naswot", "snip", "synflow", "zen"]
    assert names == [*drawn, "params", "macs", "epoch 1"]
    seen = run(*words)
    assert seen.code == 0
    assert "Kendall's tau-b" in seen.out
    assert f"{study}/zero_cost.csv" in seen.out.replace("\n", "")


def test_the_first_repeat_has_the_studys_own_seed(study: Path) -> None:
    def values(*words: object) -> list[float]:
        ran = run("score", "--study", study, "--names", "synflow", "--repeats", 1, "--json", *words)
        found = StudyScores.model_validate_json(ran.out)
        return [trial.measured.scores["synflow"].values[0] for trial in found.trials]

    small = ("--batch-size", 8)
    assert values(*small) == values(*small, "--seed", 0)
    assert values(*small) != values(*small, "--seed", 1)


def trial(number: int, top1: tuple[float | None, ...], **scores: float | None) -> TrialScores:
    known = {
        name: ScoreValue(reason="it has none") if value is None else ScoreValue(values=(value,))
        for name, value in scores.items()
    }
    measured = NetworkScores(
        network="n", digest=str(number), input_size=28, seconds=0.0, scores=known
    )
    return TrialScores(
        trial=number, state="complete", params=10 - number, macs=7, curve=top1, measured=measured
    )


def test_rankings_by_hand() -> None:
    trials = [
        trial(0, (30.0, 50.0), good=1, part=None),
        trial(1, (30.0, 60.0), good=2, part=4),
        trial(2, (20.0, 70.0), good=3, part=3),
        trial(3, (50.0, 80.0), good=4, part=None),
        trial(4, (60.0, None), good=0, part=1),
    ]
    found = {ranking.column: ranking for ranking in rankings(trials, epochs=2)}

    def tau(ranking: Ranking) -> float:
        assert ranking.tau is not None
        return ranking.tau.value

    assert tau(found["good"]) == 1
    assert tau(found["params"]) == -1
    assert found["good"].n == 4  # the diverged one has no top-1
    assert found["good"].over_params is not None
    assert found["good"].over_params.value == 2
    assert found["params"].over_params is None
    # one pair tied of six: of the other five, one disagrees with two of them
    assert tau(found["epoch 1"]) == pytest.approx((3 - 2) / (6 * 5) ** 0.5)
    assert found["part"].tau is None
    assert (found["part"].n, found["part"].reason) == (2, "fewer than 4 trials have both numbers")
    assert found["macs"].reason == "macs is the same for all"


def test_networks_are_shown_with_what_is_not_defined() -> None:
    words = ("score", "convnext_proxy", "--set", "depths=[1]", "--set", "widths=[8]")
    words = (*words, "--batch-size", 4, "--repeats", 2)
    shown = run(*words, "--set", "act=none")
    assert shown.code == 0, shown.err
    assert "naswot is not defined: the network has no activation" in " ".join(shown.out.split())
    told = json.loads(run(*words, "--names", "zen,params", "--json").out)
    (network,) = told["networks"]
    assert list(network["scores"]) == ["zen", "params"]
    assert len(network["scores"]["zen"]["values"]) == 2
    assert told["conditions"]["batch_size"] == 4
    assert told["sources"]["zen"] == "Lin et al. 2021, arXiv 2102.01063"


def refused(*words: object) -> str:
    ran = run("score", *words)
    assert ran.code == 2, ran.out
    assert ran.out == ""
    assert ran.err.count("\n") == 1
    return ran.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "no network is named"),
        (("convnext_proxi",), "did you mean 'convnext_proxy'"),
        (("convnext_proxy", "--names", "zenn"), "unknown score 'zenn'; did you mean 'zen'"),
        (("convnext_proxy", "--names", ""), "unknown score ''"),
        (("convnext_proxy", "--batch-size", 1), "batch_size: a mini-batch has at least 2 images"),
        (("convnext_proxy", "--batch-size", 4001), "fashion-mnist-mini has 4000 to train with"),
        (("convnext_proxy", "--repeats", 0), "repeats: at least 1"),
        (("convnext_proxy", "--data", "cifar"), "unknown data 'cifar'"),
        (("convnext_proxy", "--device", "tpu"), "tpu"),
        (("convnext_proxy", "--recipe", "dmo"), "did you mean 'demo'"),
        (("convnext_proxy", "--set", "act"), "--set"),
        (("--study", "nowhere"), "nowhere: no study here"),
        (("convnext_proxy", "--study", "nowhere"), "SPEC cannot be combined with --study"),
        (("--study", "nowhere", "--data", "x"), "--data cannot be combined with --study"),
        (("--study", "nowhere", "--set", "a=1"), "--set cannot be combined with --study"),
        (("--study", "nowhere", "--download"), "--download cannot be combined with --study"),
    ],
)
def test_bad_input_is_one_line(words: tuple[object, ...], said: str) -> None:
    assert said in refused(*words)


def copied(study: Path, to: Path) -> Path:
    to.mkdir()
    for name in (META, LEDGER):
        shutil.copy(study / name, to / name)
    return to


def test_what_is_no_finished_study_is_refused_and_nothing_written(
    study: Path, tmp_path: Path
) -> None:
    running = copied(study, tmp_path / "running")
    lines = (running / LEDGER).read_text().splitlines(keepends=True)
    (running / LEDGER).write_text("".join(lines[:-12]))
    assert "the study is not finished" in refused("--study", running)
    other = copied(study, tmp_path / "other")
    text = (other / META).read_text()
    (other / META).write_text(text.replace("wide: middle", "wide: ends", 1))
    assert "is another network now" in refused("--study", other, "--batch-size", 8)
    for folder in (running, other):
        assert sorted(path.name for path in folder.iterdir()) == [META, LEDGER]


def test_other_data_are_refused(study: Path, tmp_path: Path) -> None:
    moved = copied(study, tmp_path / "moved")
    document: Any = (moved / META).read_text()
    data = study.parent / "data.npz"
    draw = np.random.default_rng(1)
    images, labels = draw.integers(0, 256, (60, 28, 28), np.uint8), np.arange(60) % 3
    np.savez(tmp_path / "data.npz", train_x=images, train_y=labels, test_x=images, test_y=labels)
    (moved / META).write_text(document.replace(str(data), str(tmp_path / "data.npz")))
    assert "changed since the study began" in refused("--study", moved)
