"""A search within limits that a draw of labels would hardly ever meet: from what was counted."""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from designspace.errors import InfeasibleError
from designspace.records.facts import DataFacts, RecipeFacts, SpecFacts
from designspace.sampling.space import CountedSpace, load_space
from designspace.searching.proposers.pool import Pool, pool_of
from designspace.searching.proposers.proposer import draw
from designspace.searching.proposers.repair import Candidates
from designspace.searching.proposers.uniform import RandomProposer
from designspace.searching.request import Request
from designspace.searching.study import run_study
from designspace.searching.trials.trainable import Job
from designspace.spec.documents.document import dump_yaml
from tests.helpers.algebra_spaces import CHANNELS, CLASSES, SIZE, SPACES, data
from tests.helpers.command import run
from tests.helpers.toy import BASE, ToyTrainee, toy_recipe

TIGHT: dict[str, Any] = {
    "name": "tight",
    "base": "convnext_proxy",
    "axes": {
        "depth": {"path": "depths", "each_stage": True, "range": [1, 4]},
        "width": {
            "path": "widths",
            "each_stage": True,
            "range": {"per_stage": [[16, 48, 4], [32, 96, 8], [64, 192, 16]]},
        },
        "ratio": {"path": "block.ratio", "each_stage": True, "choices": [2, 3, 4]},
    },
    "limits": ["mmacs=6+-0.01%"],
}


def toy_training(job: Job) -> ToyTrainee:
    """Whatever the network, a toy's training; its widths say how large the toy is."""
    return ToyTrainee(job.model_copy(update={"spec": _toy_spec(job)}))


def _toy_spec(job: Job) -> SpecFacts:
    width = sum(job.spec.authored["widths"]) % 31 + 1
    return job.spec.model_copy(update={"authored": BASE | {"width": width}})


def request(directory: Path, space: CountedSpace, **settings: Any) -> Request:
    """A search of a real space whose trainings are toys'."""
    once: dict[str, Any] = {"trials": 8, "scheduler": "none", "proposer": "random"}
    return Request(
        directory=directory,
        space=space,
        recipe=RecipeFacts.of(toy_recipe({"epochs": 1})),
        data=DataFacts(
            name="none",
            digest="0",
            num_classes=CLASSES,
            channels=CHANNELS,
            image_size=SIZE,
            train=1,
            val=1,
            test=1,
        ),
        factory=toy_training,
        executor="local",
        **(once | settings),
    )


def looked(asked: Request) -> tuple[Candidates, Pool]:
    pool = pool_of(asked)
    assert pool is not None
    return Candidates(asked.space, asked.cost, pool), pool


@pytest.fixture(scope="module")
def tight() -> CountedSpace:
    return load_space(TIGHT)


@pytest.mark.parametrize("proposer", ["random", "tpe"])
def test_narrow_limits_in_a_large_space_leave_no_trial_out(
    tmp_path: Path, tight: CountedSpace, proposer: str
) -> None:
    asked = request(tmp_path / "s", tight, proposer=proposer, trials=24)
    count = looked(asked)[1].count
    assert count is not None
    assert 24 < count < 1e-4 * tight.size
    ran = run_study(asked).state
    assert len({trial.digest for trial in ran.trials.values()}) == 24
    limit = tight.limits[0]
    assert all(limit.broken_by(trial) is None for trial in ran.trials.values())


def test_the_random_proposer_draws_what_sample_draws(tight: CountedSpace) -> None:
    asked = request(Path("unused"), tight)
    pool = looked(asked)[1]
    proposer = RandomProposer(tight, 3, pool)
    points = [proposer.ask(number) for number in range(1, 9)]
    assert points == list(pool.limited.draw(8, 3).points())
    assert RandomProposer(tight, 3, pool).ask(5) == points[4]
    assert proposer.ask(1) != RandomProposer(tight, 4, pool).ask(1)


def test_the_random_proposer_favours_no_network() -> None:
    space = load_space(data(SPACES["conditions, one upon the other"]))
    pool = looked(request(Path("unused"), space))[1]
    assert pool.count == 8
    asked = Counter(str(RandomProposer(space, seed, pool).ask(2)) for seed in range(400))
    assert len(asked) == 8
    assert max(asked.values()) < 80  # 50 expected; as many by chance once in a million times


def test_a_repair_is_the_nearest_network_within_the_limits() -> None:
    space = load_space(data(SPACES["a knob a stage"], [{"cost": "macs", "high": 400_000}]))
    asked = request(Path("unused"), space)
    candidates, pool = looked(asked)
    within = list(pool.limited.draw(1000).points())
    for seed in range(12):
        rng = random.Random(seed)
        point = draw(space, rng)
        found = candidates.choose(point, set(), rng)
        assert found is not None

        def far(other: dict[str, str], point: dict[str, str] = point) -> int:
            return sum(point[name] != label for name, label in other.items())

        assert far(found.point) == min(map(far, within))


def test_all_networks_within_the_limits_are_tried_once_and_then_none() -> None:
    space = load_space(data(SPACES["some choices make no network"]))
    candidates, pool = looked(request(Path("unused"), space))
    taken = set[str]()
    while found := candidates.choose(draw(space, random.Random(1)), taken, random.Random(2)):
        assert found.identity not in taken
        taken.add(found.identity)
    assert len(taken) == pool.count
    assert candidates.exhausted(taken).startswith("every network within the limits is tried")


def test_a_study_that_was_interrupted_tries_the_same_networks(
    tmp_path: Path, tight: CountedSpace
) -> None:
    for proposer in ("random", "tpe"):
        whole = run_study(request(tmp_path / proposer, tight, trials=8, proposer=proposer)).state
        for trials in (3, 8):
            parts = request(tmp_path / f"{proposer} 2", tight, trials=trials, proposer=proposer)
            found = run_study(parts).state
        assert [t.digest for t in found.trials.values()] == [
            t.digest for t in whole.trials.values()
        ]


def test_an_empty_space_is_refused_with_the_limit_the_nearest_value_and_what_it_admits(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "space.yaml"
    path.write_text(dump_yaml(TIGHT | {"limits": ["mmacs>=600"]}))
    found = run("search", "--space", str(path))
    assert found.code == 3, found.err
    assert "macs must be at least 600,000,000, the nearest in the space is " in found.err
    assert "which 1 network has; without this limit" in found.err
    assert found.err.count("\n") == 1
    assert list(tmp_path.iterdir()) == [path]


def test_three_limits_at_once_are_drawn_from_too(tmp_path: Path) -> None:
    limits = ["mmacs=6+-10%", "params<=400k", "acts>=1"]
    space = load_space(TIGHT | {"limits": limits})
    asked = request(tmp_path / "s", space, trials=4)
    assert looked(asked)[1].count is None
    assert len(run_study(asked).state.trials) == 4


def test_nothing_is_counted_where_the_space_does_not_decompose() -> None:
    axes = {"first": {"path": "downsample_first", "choices": [True, False]}}
    space = load_space(data(axes, [{"cost": "macs", "high": 1}]))
    asked = request(Path("unused"), space)
    with pytest.raises(InfeasibleError):
        run_study(asked)
