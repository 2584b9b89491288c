"""Ladders: the staircase is the paper's, a decision a step, and what of it is resolved."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import designspace
from designspace.costing import cost
from designspace.errors import InputError
from designspace.spec import load
from designspace.spec.documents import catalog
from designspace.spec.documents.published import rounds_to
from designspace.spec.ladder import Ladder, load_ladder
from designspace.spec.network.diff import diff
from designspace.statistics.student import cdf, quantile
from designspace.statistics.welch import Sample, difference
from tests.helpers.command import run
from tests.helpers.references import reference

STAIRCASE = "resnet50_to_convnext_t"
SECOND = "resnet200_to_convnext_b"
every_ladder = pytest.mark.parametrize("name", catalog.names("search", "steps"))


@pytest.fixture(scope="module")
def staircase() -> Ladder:
    return designspace.ladder(STAIRCASE)


def test_every_row_counts_what_it_must(staircase: Ladder) -> None:
    for step in staircase.steps:
        table = cost(step.spec)
        assert step.expected is not None
        assert (table.params, table.macs) == (step.expected.params, step.expected.macs), step.name


def test_the_rows_are_those_of_the_references(staircase: Ladder) -> None:
    rows = {row["step"]: row for row in reference("staircase.json")["steps"]}
    assert [*(step.name for step in staircase), "swin"] == list(rows)
    for step in staircase:
        row, printed, table = rows[step.name], step.published, cost(step.spec)
        counted = {"params": table.params, "macs": table.macs}
        assert counted == row["counted"], step.name
        assert step.side is not row["adopted"]
        given = {"top1": printed.top1, "std": printed.std, "gflops": printed.gmacs}
        assert given == {key: row["published"][key] for key in given}
        assert rounds_to(table.macs / 1e9, printed.gmacs or 0) is row["gflops_as_printed_agree"]
        assert printed.seeds == (None if printed.std is None else 3)
    (swin,) = staircase.references
    assert swin.published.top1 == rows["swin"]["published"]["top1"]


def test_its_ends_are_the_published_networks(staircase: Ladder) -> None:
    assert staircase[0].spec.digest == load("resnet50").digest
    assert staircase[-1].spec.digest == load("convnext_t").digest


@every_ladder
def test_neighbours_differ_by_the_decision_that_the_step_names(name: str) -> None:
    for step in load_ladder(name).steps[1:]:
        found = diff(f"{name}:{step.start}", f"{name}:{step.name}")
        assert tuple(decision.name for decision in found.decisions) == step.decision, step.name
        assert not found.rest, step.name


def test_a_step_of_the_staircase_is_one_decision(staircase: Ladder) -> None:
    assert all(len(step.decision) == 1 for step in staircase.steps[1:])
    assert [s.start for s in staircase if s.side] == ["move_up_dw", "kernel_7", "kernel_7"]
    assert staircase["gelu"].start == "kernel_7"


def test_the_recipe_step_changes_the_recipe_alone(staircase: Ladder) -> None:
    before, after = staircase[0], staircase[1]
    assert before.spec.digest == after.spec.digest
    assert before.recipe is not None
    assert after.recipe is not None
    assert (before.recipe.name, after.recipe.name) == ("resnet_original", "convnext_roadmap")
    assert after.recipe.ema is None
    assert {s.recipe.digest for s in staircase.steps[1:] if s.recipe} == {after.recipe.digest}


def test_the_second_regime_counts_what_is_printed() -> None:
    ladder = load_ladder(SECOND)
    for step in ladder:
        assert rounds_to(cost(step.spec).macs / 1e9, step.published.gmacs or 0), step.name
    assert ladder["stage_ratio"].decision == ("stage_ratio", "width")
    assert cost(ladder[-1].spec).params == 88_591_464


def test_the_second_regime_ends_in_the_published_network() -> None:
    model = next(m for m in reference("models.json")["models"] if m["name"] == "convnext_base")
    table = cost(load_ladder(SECOND)[-1].spec)
    assert table.params == model["params"]
    assert f"{table.macs / 1e9:.6f}" == f"{model['gmacs']:.6f}"


def test_a_step_is_a_network_wherever_one_is_taken() -> None:
    shown = json.loads(run("cost", f"{STAIRCASE}:kernel_5", "--json").out)
    assert (shown["params"], shown["macs"]) == (25_720_648, 4_097_293_440)
    found = json.loads(
        run("diff", f"{STAIRCASE}:resnet_original", f"{STAIRCASE}:resnet_enhanced", "--json").out
    )
    assert [decision["name"] for decision in found["decisions"]] == ["recipe"]


def test_the_table_fits_and_says_what_is_resolved() -> None:
    ran = run("ladder", STAIRCASE)
    assert ran.code == 0, ran.err
    assert max(len(line.rstrip()) for line in ran.out.splitlines()) <= 90
    rows = {line.split()[0]: line.split() for line in ran.out.splitlines() if line.strip()}
    assert rows["stage_ratio"][1:] == [
        "28,628,520", "4.5259", "4.53", "79.36", "0.07", "+0.54", "+0.38", "+0.70", "yes",
    ]  # fmt: skip
    assert "*4.46" in rows["bn_to_ln"]
    assert rows["resnet_enhanced"][-1] == "r"  # the recipe changes too
    assert "  kernel_5" in ran.out
    assert "slipped" in ran.out
    assert "layer scale" in ran.out


def test_the_deltas_as_json() -> None:
    steps = {s["name"]: s for s in json.loads(run("ladder", STAIRCASE, "--json").out)["steps"]}
    unresolved = [name for name, step in steps.items() if step["resolved"] is False]
    assert unresolved == [
        "patchify_stem", "kernel_9", "kernel_11", "gelu", "fewer_norms", "bn_to_ln",
    ]  # fmt: skip
    assert [n for n, s in steps.items() if s["resolved"] is None] == [
        "resnet_original",
        "resnet_enhanced",
    ]
    assert [n for n, s in steps.items() if not s["printed_macs_agree"]] == [
        "bn_to_ln",
        "separate_ds",
    ]
    assert steps["depthwise_conv"]["delta"] == -1.23


# Two-sided 95 % and other points of Student's t, from the usual printed tables.
@pytest.mark.parametrize(
    ("probability", "freedom", "value"),
    [
        (0.975, 1, 12.7062), (0.975, 2, 4.30265), (0.975, 3, 3.18245), (0.975, 4, 2.77645),
        (0.975, 10, 2.22814), (0.975, 30, 2.04227), (0.95, 5, 2.01505), (0.995, 30, 2.75000),
        (0.975, 1e6, 1.95997), (0.025, 4, -2.77645), (0.5, 7, 0.0),
    ],
)  # fmt: skip
def test_quantiles_of_t(probability: float, freedom: float, value: float) -> None:
    assert quantile(probability, freedom) == pytest.approx(value, abs=1e-4)
    assert cdf(quantile(probability, freedom), freedom) == pytest.approx(probability, abs=1e-10)


def test_welch_against_a_case_worked_by_hand() -> None:
    found = difference(Sample(80.0, 0.1, 3), Sample(80.5, 0.1, 3))
    reach = 2.7764451 * (2 * 0.01 / 3) ** 0.5  # equal spreads: four degrees of freedom
    assert found.freedom == pytest.approx(4)
    assert (found.low, found.high) == pytest.approx((0.5 - reach, 0.5 + reach))
    assert found.resolved
    lopsided = difference(Sample(80.0, 0.1, 3), Sample(80.5, 0.0, 3))
    assert lopsided.freedom == pytest.approx(2)
    assert not difference(Sample(80.0, 0.1, 3), Sample(80.1, 0.1, 3)).resolved


OWN = """\
name: mine
base: resnet_proxy
steps:
  - name: start
  - decision: depthwise
  - decision: kernel_size
    value: 5
    side: true
  - {name: slim, decision: my_width, reason: less of everything, changes: {widths: [8, 16, 32]}}
references:
  - {name: rival, network: convnext_proxy}
"""


def test_a_ladder_of_ones_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(OWN)
    ladder = load_ladder(path)
    assert [step.name for step in ladder] == ["start", "depthwise", "kernel_size", "slim"]
    assert ladder["slim"].start == "depthwise"
    assert ladder["slim"].recipe is None
    assert ladder["slim"].spec.digest == load(f"{path}:slim").digest
    ran = run("ladder", path)
    assert ran.code == 0, ran.err
    assert f"rival {cost('convnext_proxy').params:,}" in " ".join(ran.out.split())


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("decision: depthwise", "decision: depthwize", [":5: steps.1", "did you mean 'depthwise'"]),
        ("value: 5", "value: 6", [":6: block.spatial.kernel_size", "step 'kernel_size'"]),
        ("widths: [8", "widths: [-8", [":9: widths", "step 'slim'"]),
        ("widths:", "wdths:", [":9: wdths: ", "'widths'"]),
        ("name: slim", "name: depthwise", ["two steps are called 'depthwise'"]),
        ("- name: start", "- decision: width", ["the first step is the base"]),
        ("base: resnet_proxy", "base: resnet_prxy", ["did you mean 'resnet_proxy'"]),
        ("side: true", "sid: true", [":8: steps.2.sid: unknown key 'sid'", "'side'"]),
    ],
)
def test_a_wrong_ladder(tmp_path: Path, old: str, new: str, said: list[str]) -> None:
    assert old in OWN
    path = tmp_path / "mine.yaml"
    path.write_text(OWN.replace(old, new, 1))
    ran = run("ladder", path)
    assert ran.code == 2, ran.err
    assert ran.err.count("\n") == 1
    for words in said:
        assert words in ran.err


def test_spaces_and_ladders_are_told_apart() -> None:
    listed = json.loads(run("catalog", "--json").out)
    assert {STAIRCASE, SECOND} <= set(listed["ladders"])
    assert not set(listed["ladders"]) & set(listed["spaces"])
    ran = run("search", "--space", STAIRCASE)
    assert (ran.code, ran.err.count("\n")) == (2, 1)
    assert "is a ladder, not a space; try `designspace ladder" in ran.err
    assert "is a space, not a ladder" in run("ladder", "micro").err
    assert "did you mean 'kernel_7'?" in run("cost", f"{STAIRCASE}:kernel_77").err
    with pytest.raises(InputError, match="no ladder is called 'nowhere'"):
        load("nowhere:kernel_7")
