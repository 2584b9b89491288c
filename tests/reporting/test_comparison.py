"""What may be compared with what, what is named where it may not, and what is more than noise."""

from __future__ import annotations

import json
import math
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import designspace
from designspace.comparison.terms import confounders, differing, recipe_terms, record_terms
from designspace.errors import InputError
from designspace.records.run import Record, write_record
from designspace.spec.ladder import load_ladder
from designspace.spec.recipe.recipe import load_recipe
from designspace.statistics.binomial import standard_error
from tests.helpers.command import Ran, run
from tests.helpers.trainings import budget, made

CHANGES: list[dict[str, Any]] = [{}, {"flip": 0.1}, {"optimizer.lr": 0.01}, {"epochs": 9}]
RECORDS = st.builds(
    lambda network, seed, top1, changes: made(network, seed, top1, recipe=changes),
    st.sampled_from("abc"),
    st.integers(0, 3),
    st.one_of(st.none(), st.floats(1, 99)),
    st.sampled_from(CHANGES),
)


def identity(record: Record) -> tuple[str, str]:
    return record.spec.digest, record.recipe.digest


@given(st.lists(RECORDS, min_size=2, max_size=12))
def test_groups_hold_each_seed_once_and_nothing_else(records: list[Record]) -> None:
    found = designspace.compare(*records)
    members = [record for group in found.groups for record in group.records]
    assert len(members) + len(found.left_out) == len(records)
    assert {(*identity(r), r.seed) for r in members} == {(*identity(r), r.seed) for r in records}
    assert len({identity(group.records[0]) for group in found.groups}) == len(found.groups)
    for group in found.groups:
        assert len({identity(record) for record in group.records}) == 1
        assert len(set(group.seeds)) == len(group.records) == group.n + group.diverged


@given(RECORDS, RECORDS)
def test_confounders_are_what_differs_whichever_comes_first(a: Record, b: Record) -> None:
    there = confounders(record_terms(a), record_terms(b))
    back = confounders(record_terms(b), record_terms(a))
    assert {(c.path, c.a, c.b) for c in there} == {(c.path, c.b, c.a) for c in back}
    assert bool(there) == (a.recipe.digest != b.recipe.digest)
    assert set(differing([record_terms(a), record_terms(b)])) == {c.path for c in there}


def test_seeds_are_a_sample_with_welchs_interval() -> None:
    scores = {"a": (80.0, 80.4, 80.2), "b": (81.9, 82.1)}
    records = [made(net, seed, top1) for net, of in scores.items() for seed, top1 in enumerate(of)]
    found = designspace.compare(*records)
    (row,) = found.rows
    assert found.comparable
    assert [group.label for group in found.groups] == ["a", "b"]
    assert row.base.mean == pytest.approx(mean(scores["a"]))
    assert row.base.std == pytest.approx(stdev(scores["a"]))
    assert row.group.seeds == (0, 1)
    assert row.delta == pytest.approx(1.8)
    assert row.interval is not None
    assert row.interval.low < 1.8 < row.interval.high
    assert row.interval.resolved
    # Welch and Satterthwaite by hand: 0.2^2 / 3 and 0.1414^2 / 2
    assert row.interval.freedom == pytest.approx((0.04 / 3 + 0.01) ** 2 / (0.04**2 / 18 + 0.01**2))


def test_one_seed_knows_no_spread_over_seeds() -> None:
    (row,) = designspace.compare(made("a", 0, 80.0), made("b", 0, 84.0)).rows
    assert row.interval is None
    assert row.group.std is None
    expected = math.hypot(standard_error(80.0, 400), standard_error(84.0, 400))
    assert expected == pytest.approx(100 * math.sqrt((0.8 * 0.2 + 0.84 * 0.16) / 400), rel=1e-3)
    assert row.standard_error == pytest.approx(expected)


def test_each_kind_of_confounder_is_named_with_both_values() -> None:
    base = made("a")
    others = base.model_copy(
        update={
            "spec": base.spec.model_copy(update={"digest": "b" * 16}),
            "input_size": 32,
            "data": base.data.model_copy(update={"digest": "e" * 16, "name": "other"}),
            "selection": base.selection.model_copy(update={"best_of": 16}),
            "epochs": base.epochs[:3],
            "recipe": made(recipe={"flip": 0.25, "optimizer": {"kind": "sgd", "lr": 0.1}}).recipe,
        }
    )
    found = {c.path: (c.a, c.b) for c in designspace.compare(base, others).confounders}
    assert found["epochs"] == ("8", "3 of 8")
    assert found["input_size"] == (28, 32)
    assert found["data"] == (f"photos ({'d' * 16})", f"other ({'e' * 16})")
    assert found["selection"][1].endswith("the best of 16 by validation top-1")
    assert found["recipe.flip"] == (0.5, 0.25)
    assert found["recipe.optimizer.kind"] == ("adamw", "sgd")
    assert found["recipe.optimizer.betas"] == ((0.9, 0.999), None)
    assert "recipe.name" not in found
    assert "recipe.epochs" not in found


def test_the_same_network_under_two_recipes_is_said_to_be_that() -> None:
    (row,) = designspace.compare(made("a"), made("a", recipe={"flip": 0.1})).rows
    assert row.same_network
    assert [group.label for group in (row.base, row.group)] == ["a-s0", "a-s0"]


def test_a_divergence_counts_but_has_no_score() -> None:
    a = [made("a", seed, top1) for seed, top1 in enumerate((80.0, None, 82.0))]
    found = designspace.compare(*a, made("b", 0, None))
    assert found.comparable  # as many epochs were asked of all
    assert (found.groups[0].n, found.groups[0].diverged, found.groups[0].mean) == (2, 1, 81.0)
    assert found.groups[1].mean is None
    assert found.rows[0].delta is None
    assert found.rows[0].standard_error is None


def test_values_tuned_with_equal_budgets_confound_nothing() -> None:
    a, b = (
        made(net, tuned=budget(), recipe={"optimizer.lr": lr})
        for net, lr in (("a", 0.002), ("b", 0.01))
    )
    found = designspace.compare(a, b)
    assert found.comparable
    assert [(c.path, c.a, c.b) for c in found.rows[0].tuned] == [
        ("recipe.optimizer.lr", 0.002, 0.01)
    ]
    for other in (made("b", tuned=budget(9)), made("b", recipe={"optimizer.lr": 0.01})):
        unequal = designspace.compare(a, other)
        assert "tuning" in {c.path for c in unequal.confounders}
        assert "recipe.optimizer.lr" in {c.path for c in unequal.confounders}
    flipped = made("b", tuned=budget(), recipe={"flip": 0.1, "optimizer.lr": 0.01})
    assert {c.path for c in designspace.compare(a, flipped).confounders} == {"recipe.flip"}


def test_where_they_ran_is_told_and_confounds_nothing() -> None:
    there = made("b")
    device = there.attempts[0].device.model_copy(update={"name": "another"})
    moved = there.attempts[0].model_copy(update={"device": device})
    found = designspace.compare(made("a"), there.model_copy(update={"attempts": (moved,)}))
    assert found.comparable
    assert [(c.path, c.b) for c in found.rows[0].also] == [("device", "another")]


def test_one_training_is_no_comparison() -> None:
    with pytest.raises(InputError, match="needs two trainings"):
        designspace.compare(made("a"))


def test_a_ladder_uses_the_same_mechanism() -> None:
    steps = load_ladder("resnet50_to_convnext_t")
    first, second = steps[0].recipe, steps[1].recipe
    assert first is not None
    assert second is not None
    expected = {c.path for c in confounders(*(recipe_terms(r.plain()) for r in (first, second)))}
    told = json.loads(run("ladder", "resnet50_to_convnext_t", "--json").out)["steps"]
    assert {c["path"] for c in told[1]["confounders"]} == expected
    assert {"recipe.optimizer.kind", "epochs", "recipe.mixup"} <= expected
    assert all(step["confounders"] == [] for step in told[2:])
    shown = run("ladder", "resnet50_to_convnext_t").out
    assert "resnet_enhanced, recipe: epochs 90 | 300" in shown
    (line,) = [line for line in shown.splitlines() if line.startswith("resnet_enhanced ")]
    assert line.split()[-1] == "r"


def kept(folder: Path, *records: Record) -> list[Path]:
    for record in records:
        write_record(folder / record.name, record)
    return [folder / record.name for record in records]


def test_exit_codes_of_the_command(tmp_path: Path) -> None:
    a, b, c = kept(tmp_path, made("a", test=79.0), made("b"), made("c", recipe={"flip": 0.1}))

    def compared(*words: object) -> Ran:
        return run("compare", *words)

    equal, unequal = compared(a, b, "--strict"), compared(a, c)
    assert (equal.code, unequal.code) == (0, 0)
    assert "NOT COMPARABLE" not in equal.out
    assert "79.00" in equal.out
    assert "NOT COMPARABLE" in unequal.out
    assert "a | c: not comparable: recipe.flip 0.5 | 0.1" in unequal.out
    strict = compared(a, c, "--strict")
    assert strict.code == 2
    assert strict.err == "error: not comparable: recipe.flip\n"
    told = json.loads(compared(a, c, "--json").out)
    assert told["comparable"] is False
    assert told["against_first"][0]["confounders"] == [{"path": "recipe.flip", "a": 0.5, "b": 0.1}]
    assert told["groups"][0]["test_top1"] == [79.0]
    missing = compared(a, tmp_path / "nothing")
    assert missing.code == 2
    assert "no run here" in missing.err
    assert compared(a).code == 2


def test_a_directory_of_runs_and_trials_are_taken_too(tmp_path: Path) -> None:
    kept(tmp_path / "all", *(made("a", seed, 80.0 + seed) for seed in range(3)))
    (b,) = kept(tmp_path, made("b"))
    told = json.loads(run("compare", tmp_path / "all", b, "--json").out)
    assert [group["n"] for group in told["groups"]] == [3, 1]
    assert [group["label"] for group in told["groups"]] == ["a", "b"]
    again = kept(tmp_path / "more", *(made("a", seed, recipe={"flip": 0.1}) for seed in range(2)))
    told = json.loads(run("compare", tmp_path / "all", again[0].parent, "--json").out)
    assert [group["label"] for group in told["groups"]] == ["all", "more"]
    micro = Path(__file__).resolve().parents[2] / "reports/micro"
    trials = json.loads(run("compare", f"{micro}:0", f"{micro}:6", micro, "--json").out)
    assert [row["confounders"] == [] for row in trials["against_first"]] == [True, False]
    assert trials["against_first"][1]["confounders"][0]["path"] == "selection"


def test_recipes_that_mean_the_same_are_one() -> None:
    named = load_recipe("demo", {"name": "other", "note": "a word"})
    assert confounders(recipe_terms(load_recipe("demo").plain()), recipe_terms(named.plain())) == ()
