"""Proposals depend on seed, number and history only; repairs are near, new and within limits."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest

from designspace.errors import InfeasibleError
from designspace.records.study.state import Trial
from designspace.searching.proposers.proposer import base_point
from designspace.searching.proposers.repair import Candidates
from designspace.searching.proposers.tpe import STARTUP, OptunaProposer
from designspace.searching.proposers.uniform import RandomProposer
from designspace.searching.study import run_study
from designspace.spec.space.load_space import load_space
from tests.helpers import toy

PROPOSERS = [RandomProposer, OptunaProposer]


def candidates(space: toy.ToySpace) -> Candidates:
    request = toy.request(Path("unused"), space=space)
    return Candidates(request.space, request.cost)


@pytest.mark.parametrize("kind", PROPOSERS)
def test_points_are_whole_and_conditional_axes_follow(kind: Any) -> None:
    space = toy.ToySpace()
    proposer = kind(space, 0)
    points = [proposer.ask(number) for number in range(1, 30)]
    assert all(set(point) == set(space.active(point)) for point in points)
    assert {"order" in point for point in points} == {True, False}
    assert points == [kind(space, 0).ask(number) for number in range(1, 30)]
    assert points != [kind(space, 1).ask(number) for number in range(1, 30)]


def test_the_estimator_resumes_where_it_was(tmp_path: Path) -> None:
    request = toy.request(tmp_path / "s", proposer="tpe", trials=STARTUP + 8)
    trials = run_study(request).state.trials
    carried = OptunaProposer(request.space, request.seed)
    for trial in trials.values():
        fresh = OptunaProposer(request.space, request.seed)
        for told in reversed(list(trials.values())[: trial.number]):
            fresh.tell(told)
        asked = carried.ask(trial.number)
        assert asked == fresh.ask(trial.number)
        if trial.number and not trial.repaired:
            assert asked == trial.point
        carried.tell(trial)


def test_the_estimator_learns(tmp_path: Path) -> None:
    settings: dict[str, Any] = {"trials": 25, "scheduler": "none"}
    trials: list[Trial] = []
    for seed in range(3):
        request = toy.request(tmp_path / str(seed), proposer="tpe", seed=seed, **settings)
        trials += list(run_study(request).state.trials.values())

    def share(found: list[Trial]) -> float:
        return sum(trial.point["width"] in ("16", "32") for trial in found) / len(found)

    early = [trial for trial in trials if trial.number <= STARTUP]
    later = [trial for trial in trials if STARTUP < trial.number < 16]
    assert share(later) > share(early)


def test_a_repair_changes_as_few_axes_as_it_can() -> None:
    space = toy.ToySpace(limits=(toy.ToyLimit("macs", high=200),))
    point = {"width": "32", "depth": "3", "act": "gelu", "order": "a"}
    found = candidates(space).choose(point, set(), random.Random(0))
    assert found is not None
    assert found.repaired
    assert found.macs <= 200
    assert sum(found.point.get(name) != label for name, label in point.items()) == 1


def test_every_network_is_found_once_and_then_none() -> None:
    looked, taken = candidates(toy.ToySpace()), set[str]()
    point = base_point(toy.ToySpace())  # pyright: ignore[reportArgumentType]
    while (found := looked.choose(point, taken, random.Random(len(taken)))) is not None:
        assert found.digest not in taken
        taken.add(found.digest)
    assert len(taken) == 55
    assert looked.exhausted(taken) == "every network within the limits is tried (55 in all)"


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ((toy.ToyLimit("macs", high=10),), r"macs must be at most 10, nearest seen 28"),
        ((toy.ToyLimit("macs", low=9000),), r"macs must be at least 9,000, nearest seen 2,"),
        (
            (toy.ToyLimit("macs", high=30), toy.ToyLimit("acts", low=90)),
            r"limits exclude each other",
        ),
    ],
)
def test_an_empty_space_is_refused_before_anything_is_written(
    tmp_path: Path, limits: tuple[toy.ToyLimit, ...], said: str
) -> None:
    space = toy.ToySpace(limits=limits)
    with pytest.raises(InfeasibleError, match=said):
        run_study(toy.request(tmp_path / "s", space=space))
    assert not (tmp_path / "s").exists()


def test_the_real_space_has_its_base_as_a_point() -> None:
    space = load_space("micro")
    point = base_point(space)
    assert set(point) == set(space.active(point))
    assert space.spec(point).digest == space.base_network().digest
