"""What the report computes before it draws."""

from __future__ import annotations

import itertools
import math
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.records.life_cycle import Status
from designspace.records.study.study import load_study
from designspace.reporting.drawing.numbers import decimals_for, signed
from designspace.reporting.drawing.palette import front_colors
from designspace.reporting.study.choices import natural, strips
from designspace.reporting.study.curves import spread
from designspace.reporting.study.frontier import front_members, frontier
from designspace.reporting.study.rows import Row, changes_against, rows
from designspace.reporting.study.summary import summarize
from designspace.statistics.binomial import standard_error
from tests.helpers.report_studies import Plan, Script, realistic, write_study

SCORES = st.floats(1, 99).map(lambda score: round(score, 1))


def row(
    number: int, state: Status, top1: float | None, macs: int, *, on_front: bool = False
) -> Row:
    return Row(
        number=number, state=state, attempts=1, epochs=1, top1=top1, top5=None, params=1, macs=macs,
        acts=1, digest="d", proposer="tpe", point={}, changes=(), curve=(), seconds=0.0, error=None,
        on_front=on_front, is_base=number == 0, is_winner=False,
    )  # fmt: skip


def test_a_standard_error_known_by_hand() -> None:
    assert standard_error(80.0, 400) == pytest.approx(2.0, rel=1e-3)
    # Wilson's interval for 100 of 100 at one standard error: 1 / (1 + 1/100) to 1
    assert standard_error(100.0, 100) == pytest.approx(100 * (1 - 1 / 1.01) / 2)
    assert standard_error(0.0, 100) == standard_error(100.0, 100)


@given(st.lists(st.tuples(SCORES, st.integers(1, 9)), min_size=1, max_size=20))
def test_every_mark_stands_within_the_picture(trials: list[tuple[float, int]]) -> None:
    picture = frontier([row(i, "complete", top1, macs) for i, (top1, macs) in enumerate(trials)])
    assert len(picture.marks) == len(trials)
    for mark in picture.marks:
        assert picture.x[0] <= mark.macs <= picture.x[1]
        assert picture.y[0] <= mark.top1 <= picture.y[1]
        assert mark.on_floor or mark.top1 == mark.row.top1


def test_far_lower_scores_do_not_press_the_finished_ones_flat() -> None:
    done = [row(i, "complete", 80.0 + i, 10 + i) for i in range(4)]
    picture = frontier([*done, row(9, "stopped", 12.0, 12), row(10, "failed", None, 12)])
    assert picture.y[0] > 70
    assert [mark.row.number for mark in picture.marks if mark.on_floor] == [9, 10]


def test_the_step_line_rises_and_runs_to_the_edge(tmp_path: Path) -> None:
    trials = rows(load_study(write_study(tmp_path / "s", realistic())).state)
    steps = frontier(trials).steps
    assert len(steps) == len(front_members(trials)) + 1
    assert sorted(steps) == list(steps)
    assert all(row.state == "complete" for row in front_members(trials))


@given(st.lists(SCORES, max_size=12), st.floats(0.1, 5))
def test_names_are_moved_apart_but_kept_in_order(heights: list[float], gap: float) -> None:
    heights.sort(reverse=True)
    placed = spread(heights, gap)
    assert all(a - b >= gap - 1e-6 for a, b in itertools.pairwise(placed))
    assert math.isclose(sum(placed), sum(heights), abs_tol=1e-6)


def test_changes_tell_axes_that_came_or_went() -> None:
    base = {"kind": "conv", "kernel_size": "7"}
    found = changes_against({"kind": "pool", "pool": "3"}, base)
    assert [(c.axis, c.label, c.base) for c in found] == [
        ("kind", "pool", "conv"), ("kernel_size", None, "7"), ("pool", "3", None),
    ]  # fmt: skip


def test_labels_are_ordered_as_people_count() -> None:
    assert sorted(["none", "9", "11", "1e-6"], key=natural) == ["1e-6", "9", "11", "none"]


def test_strips_count_finished_and_stopped_apart(tmp_path: Path) -> None:
    trials = rows(load_study(write_study(tmp_path / "s", realistic())).state)
    for strip in strips(trials):
        assert sum(len(choice.done) for choice in strip.choices) == 8
        assert sum(choice.stopped for choice in strip.choices) == 6
        assert sum(choice.is_base for choice in strip.choices) == 1


def test_a_diverged_trial_has_no_score_rather_than_zero(tmp_path: Path) -> None:
    study = load_study(write_study(tmp_path / "s", Plan(scripts=[Script(), Script()])))
    history = study.state.trials[1].history
    history[-1] = history[-1].model_copy(update={"top1": math.nan})
    assert rows(study.state)[1].top1 is None
    assert summarize(study).winner is not None


@pytest.mark.parametrize(
    ("values", "decimals"), [([0.00712, 3.0], 5), ([4.4555], 2), ([412.0], 0), ([], 1)]
)
def test_decimals_keep_three_digits_of_the_smallest(values: list[float], decimals: int) -> None:
    assert decimals_for(values) == decimals


def test_signs() -> None:
    assert [signed(v, 1) for v in (1.26, -0.5, 0.01)] == ["+1.3", "-0.5", "±0.0"]


@pytest.mark.parametrize("count", [0, 1, 2, 7, 30])
def test_as_many_front_colors_as_members(count: int) -> None:
    assert len(set(front_colors(count))) == count


def test_the_report_never_loads_what_trains_or_searches() -> None:
    code = (
        "import sys, designspace.reporting.study.writing, designspace.reporting.study.terminal\n"
        "banned = {'torch', 'ray', 'optuna', 'timm', 'torchvision', 'altair'} & set(sys.modules)\n"
        "rooms = {n for n in sys.modules if n.startswith(('designspace.training',"
        " 'designspace.searching', 'designspace.compiler'))}\n"
        "sys.exit(str(banned | rooms) if banned | rooms else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
