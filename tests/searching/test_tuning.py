"""The same small budget for each side: the same draws, chosen on the validation split, recorded."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.errors import InputError, TrialsFailedError
from designspace.images.data import Data
from designspace.records.as_record import record_of, records_of
from designspace.records.study.study import load_study
from designspace.searching.recipe_tuning import RecipeTuning, budget_of, tuned
from designspace.searching.study import run_study
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import load_recipe
from tests.helpers.command import run
from tests.helpers.trainings import BREAKS, SHORT, npz, tiny_data, tiny_net, words

OTHER = {"block.spatial.kernel_size": 3}


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Data:
    return tiny_data(tmp_path_factory.mktemp("data"))


def tuning(
    data: Data, network: Network, trials: int = 3, recipe: Mapping[str, Any] | None = None
) -> RecipeTuning:
    how = load_recipe("demo", {**SHORT, "epochs": 1, **(recipe or {})})
    return RecipeTuning(network, how, data, budget_of(how, ["lr"], trials), seed=0, device="cpu")


@given(st.integers(2, 40), st.integers(0, 9))
def test_draws_depend_on_seed_and_number_alone(trials: int, seed: int) -> None:
    how = load_recipe("demo")
    few, many = (budget_of(how, ["lr", "weight_decay"], n) for n in (trials, trials + 5))
    drawn, more = (
        RecipeTuning(tiny_net(), how, data=None, budget=b, seed=seed, device="cpu").draws  # type: ignore[arg-type]
        for b in (few, many)
    )
    assert more[:trials] == drawn
    assert drawn[0] == {"optimizer.lr": 3e-3, "optimizer.weight_decay": 0.05}
    for values in drawn:
        for path, (low, high) in few.ranges.items():
            assert low * 0.99 <= values[path] <= high * 1.01
    assert few.ranges["optimizer.lr"] == pytest.approx((3e-3 / 4, 3e-3 * 4))


@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["lrr"], "did you mean 'lr'"),
        (["epochs"], "'epochs' is not a number in the recipe that can be tuned"),
        (["mixup"], "mixup: the recipe's value is 0"),
    ],
)
def test_what_cannot_be_tuned_is_refused(names: list[str], said: str) -> None:
    with pytest.raises(InputError, match=said):
        budget_of(load_recipe("demo"), names, 4)


def test_a_drawn_value_that_the_recipe_refuses_is_told(data: Data, tmp_path: Path) -> None:
    how = load_recipe("demo")
    wide = RecipeTuning(tiny_net(), how, data, budget_of(how, ["crop_pct"], 8), 0, "cpu")
    with pytest.raises(InputError, match=r"--tune: test.crop_pct: a drawn value is not valid"):
        wide.request(tmp_path)


def test_each_network_gets_the_same_draws_and_no_look_at_the_test(
    data: Data, tmp_path: Path
) -> None:
    results = []
    for name, network in (("a", tiny_net()), ("b", tiny_net(OTHER))):
        wanted = tuning(data, network)
        request = wanted.request(tmp_path / name)
        state = run_study(request).state
        assert state.tested is None
        assert state.complete
        results.append(wanted.result(state))
        assert run_study(request).idle  # as any study
    a, b = results
    assert [t.values for t in a.tried] == [t.values for t in b.tried] == tuning(data, network).draws
    assert a.budget == b.budget
    for result in results:
        scores = [t.top1 or 0.0 for t in result.tried]
        assert scores[result.chosen] == max(scores)
    changed = tuned(tuning(data, network).recipe, a)
    assert changed.optimizer.lr == a.values["optimizer.lr"]


def test_a_training_that_diverges_is_a_result_of_the_tuning(data: Data, tmp_path: Path) -> None:
    wanted = tuning(data, tiny_net(), 2, BREAKS)
    state = run_study(wanted.request(tmp_path / "x")).state
    assert all(trial.divergence for trial in state.trials.values())
    with pytest.raises(TrialsFailedError, match="no training of the tuning finished"):
        wanted.result(state)


def test_two_tuned_sides_are_comparable(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    images = npz(tmp_path)
    asked = ["--tune", "lr", "--tune-trials", "2", "--seeds", "2", "--json"]
    other = [f"--set={path}={value}" for path, value in OTHER.items()]
    for side in ([], other):
        ran = run(*words(images, {"epochs": 1}), *side, *asked)
        assert ran.code == 0, ran.err
        assert [each["seed"] for each in json.loads(ran.out)["runs"]] == [1, 2]
    homes = sorted(Path("runs/train").iterdir())
    assert [len(records_of(home)) for home in homes] == [2, 2]
    for home in homes:
        record = record_of(home / "s1")
        assert record.tuning is not None
        assert len(record.tuning.tried) == record.tuning.budget.trials == 2
        chosen = record.tuning.values["optimizer.lr"]
        assert record.recipe.full["optimizer"]["lr"] == chosen
        assert record.test is not None
        assert load_study(home / "tuning").state.tested is None
    told = run("compare", *homes, "--strict", "--json")
    assert told.code == 0, told.err
    assert [group["seeds"] for group in json.loads(told.out)["groups"]] == [[1, 2], [1, 2]]
    again = run(*words(images, {"epochs": 1}), *asked)
    assert again.code == 0
    assert record_of(homes[0] / "s1").attempts[1:] == ()
