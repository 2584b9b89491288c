"""Axes of the recipe: what they change, what is refused, and studies whose trials differ by it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from designspace.errors import InputError
from designspace.records.study.study import load_study
from designspace.reporting import write
from designspace.reporting.study.facts import fairness, headline, not_measured
from designspace.reporting.study.summary import summarize
from designspace.searching.plan import plan
from designspace.searching.proposers.proposer import base_point
from designspace.searching.study import run_study
from designspace.spec import load
from designspace.spec.documents.document import read_yaml
from designspace.spec.recipe.recipe import load_recipe
from designspace.spec.space.load_space import load_space, with_recipe
from tests.helpers import toy
from tests.searching.test_study import cut

LR = {"path": "recipe.optimizer.lr", "choices": [0.001, 0.003]}
ACT = {"path": "act", "choices": ["gelu", "relu"]}
MIXED = {"base": "convnext_proxy", "recipe": "demo", "axes": {"act": ACT, "lr": LR}}


def test_an_axis_of_the_recipe_changes_it_and_nothing_else() -> None:
    space = load_space(MIXED)
    assert list(space.network_axes) == ["act"]
    assert list(space.recipe_axes) == ["lr"]
    point = {"act": "relu", "lr": "0.001"}
    assert space.changes(point) == {"act": "relu"}
    assert space.recipe_changes(point) == {"optimizer.lr": 0.001}
    assert space.spec(point).digest == load("convnext_proxy", {"act": "relu"}).digest
    demo = load_recipe("demo", {"optimizer.lr": 0.001})
    assert space.recipe_spec(point).digest == demo.digest == space.recipe_digest(point)
    assert base_point(space) == {"act": "gelu", "lr": "0.003"}


def test_without_an_axis_of_the_recipe_it_is_no_part_of_the_space() -> None:
    axes = {"base": "convnext_proxy", "axes": {"act": ACT}}
    plain, named = load_space(axes), load_space(axes | {"recipe": "demo"})
    assert named.digest == plain.digest
    assert plain.recipe_digest({"act": "relu"}) is None
    with pytest.raises(InputError, match="names no recipe"):
        plain.recipe_spec({})
    other = load_space(MIXED | {"recipe": "convnext_1k"})
    assert other.digest != load_space(MIXED).digest


def test_the_base_recipe_may_be_replaced() -> None:
    space = load_space(MIXED)
    longer = with_recipe(space, load_recipe("demo", {"epochs": 20}))
    assert longer.recipe_spec({"lr": "0.001"}).epochs == 20
    assert longer.digest != space.digest
    assert load_space(longer.authored).digest == longer.digest
    assert load_space(space.authored).digest == space.digest
    assert space.recipe_spec({}).epochs == load_recipe("demo").epochs


@pytest.mark.parametrize(
    ("axes", "where", "said"),
    [
        ("a: {path: recipe.optimizer.rl, choices: [1]}", "4: axes.a", "did you mean 'lr'?"),
        ("a: {path: recipe.mixup, choices: [-1]}", "4: axes.a", "choice '-1' cannot be made"),
        ("a: {path: recipe.epochs, choices: [4]}", "4: axes.a", "the same in all trials"),
        (
            "a: {choices: {x: {act: relu, recipe.mixup: 0.2}}}",
            "4: axes.a",
            "an axis changes the network or the recipe, not both",
        ),
        (
            "a: {path: act, choices: [gelu]}\n"
            "  b: {path: recipe.mixup, choices: [0], when: {a: gelu}}",
            "5: axes.b.when.a",
            "a condition of the recipe on the network: axis a changes the network",
        ),
        (
            "a: {path: recipe.mixup, each_stage: true, choices: [0]}",
            "4: axes.a",
            "no value per stage",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, axes: str, where: str, said: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"base: convnext_proxy\nrecipe: demo\naxes:\n  {axes}\n")
    with pytest.raises(InputError) as caught:
        load_space(path)
    assert f"mine.yaml:{where}: " in str(caught.value)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_recipe_must_be_named(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "base: convnext_proxy\naxes:\n  lr: {path: recipe.optimizer.lr, choices: [1]}\n"
    )
    with pytest.raises(InputError, match=r"mine\.yaml:3: axes\.lr: .* add `recipe:`"):
        load_space(path)
    path.write_text(f"recipe: demmo\n{path.read_text()}")
    with pytest.raises(InputError, match="did you mean 'demo'"):
        load_space(path)


def varied(**axes: toy.ToyAxis) -> toy.ToySpace:
    return toy.ToySpace(axes={"rate": toy.RATE, **axes})


def test_two_recipes_on_one_network_are_two_trials(tmp_path: Path) -> None:
    request = toy.request(tmp_path / "s", space=varied(), trials=9, scheduler="none")
    outcome = run_study(request)
    trials = list(outcome.state.trials.values())
    assert len({trial.digest for trial in trials}) == 1
    assert len({trial.recipe for trial in trials}) == len(trials) == outcome.state.recipes == 3
    assert outcome.exhausted == "every network within the limits is tried (3 in all)"
    assert {trial.recipe_changes["optimizer.lr"] for trial in trials} == {0.01, 0.02, 0.04}
    assert len({trial.top1 for trial in trials}) == 3
    for trial in trials:
        folder = tmp_path / "s" / "trials" / str(trial.number)
        rate = trial.recipe_changes["optimizer.lr"]
        assert read_yaml(folder / "recipe.yaml").data["optimizer"]["lr"] == rate


@pytest.mark.parametrize("proposer", ["random", "tpe"])
def test_resumed_and_extended_it_ends_as_if_undisturbed(tmp_path: Path, proposer: str) -> None:
    space = varied(width=toy.WIDTH, act=toy.ACT)
    settings: dict[str, Any] = {"space": space, "scheduler": "none", "proposer": proposer}
    calm = run_study(toy.request(tmp_path / "calm", trials=10, **settings)).state
    run_study(toy.request(tmp_path / "s", trials=6, **settings))
    cut(tmp_path / "s", lambda e: (e.event, getattr(e, "trial", 0)) != ("epoch", 4))
    state = run_study(toy.request(tmp_path / "s", trials=10, **settings)).state
    assert state.trials[4].attempt == 2
    assert [t.identity for t in state.trials.values()] == [t.identity for t in calm.trials.values()]
    assert [t.history for t in state.trials.values()] == [t.history for t in calm.trials.values()]
    assert len({t.identity for t in state.trials.values()}) == 10
    assert state.recipes > 1


def test_the_base_recipe_is_part_of_the_study(tmp_path: Path) -> None:
    run_study(toy.request(tmp_path / "s", space=varied(), trials=1))
    other = toy.ToySpace(axes={"rate": toy.RATE}, recipe={"optimizer.lr": 0.5})
    changed = {"optimizer.lr": 0.5}
    with pytest.raises(InputError, match="differs in recipe"):
        run_study(toy.request(tmp_path / "s", space=other, trials=1, recipe=changed))


def test_the_report_says_that_recipes_differ(tmp_path: Path) -> None:
    space = varied(width=toy.WIDTH)
    run_study(toy.request(tmp_path / "s", space=space, trials=6))
    summary = summarize(load_study(tmp_path / "s"))
    assert "each with its own variation of recipe toy" in headline(summary)
    recipe = dict(fairness(summary))["recipe"]
    assert recipe.startswith("NOT the same for every trial")
    assert "complete trials differ in recipe.optimizer.lr" in recipe
    assert any("effect of the network alone" in line for line in not_measured(summary))
    outputs = write(tmp_path / "s")
    page = (tmp_path / "s" / "report.html").read_text()
    assert "NOT the same for every trial" in page
    assert outputs is not None
    data = json.loads((tmp_path / "s" / "summary.json").read_text())
    assert data["recipes"] == len({trial["recipe"] for trial in data["trials"]}) > 1
    assert data["trials"][0]["recipe_changes"] == {"optimizer.lr": 0.02}


def test_a_shared_recipe_is_said_to_be_shared(tmp_path: Path) -> None:
    run_study(toy.request(tmp_path / "s", trials=3))
    summary = summarize(load_study(tmp_path / "s"))
    assert dict(fairness(summary))["recipe"].endswith("the same for every trial")
    assert "own recipe" not in headline(summary)


def test_a_dry_run_of_it(tmp_path: Path) -> None:
    told = plan(toy.request(tmp_path / "s", space=varied(), trials=3), timed=False)
    assert told.points == 3
    assert told.base.recipe is not None
