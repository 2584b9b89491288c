"""Successive halving as a pure function: its rules, for any order of arrival."""

from __future__ import annotations

import itertools

from hypothesis import given
from hypothesis import strategies as st

from designspace.records.study.events import EpochEnded, Event, Proposed, Started
from designspace.records.study.state import StudyState
from designspace.records.study.study import SchedulerMeta
from designspace.searching.schedulers.asha import decide, disagreements, rungs, survives

ACCURACY = st.floats(0, 100) | st.just(float("nan"))


@given(st.integers(1, 20), st.integers(2, 5), st.integers(1, 300))
def test_rungs_grow_by_eta_and_stay_below_the_end(low: int, eta: int, high: int) -> None:
    found = rungs(low, eta, high)
    assert all(low <= rung < high for rung in found)
    assert all(later == eta * rung for rung, later in itertools.pairwise(found))
    assert (found[-1] * eta if found else low) >= high


@given(st.lists(ACCURACY, max_size=30), ACCURACY, st.integers(2, 4))
def test_few_or_best_survive_and_the_order_of_others_is_nothing(
    others: list[float], value: float, eta: int
) -> None:
    assert survives(value, others, eta) == survives(value, others[::-1], eta)
    if len(others) + 1 < eta or (value == value and all(not x > value for x in others)):
        assert survives(value, others, eta)
    if survives(value, others, eta):
        assert survives(100.0, others, eta)


@given(st.lists(st.integers(0, 10**6), min_size=4, max_size=40, unique=True))
def test_of_many_compared_at_once_the_best_half_would_go_on(values: list[int]) -> None:
    passed = [v for v in values if survives(v, [x for x in values if x != v], 2)]
    assert sorted(passed) == sorted(values)[-(len(values) // 2) :]


def play(arrivals: list[tuple[int, float]], rules: SchedulerMeta, epochs: int) -> list[Event]:
    """A ledger in which trials report in this order, each until it is told to stop."""
    state, events = StudyState(), list[Event]()

    def add(event: Event) -> None:
        events.append(event)
        state.apply(event)

    for trial, top1 in arrivals:
        if trial not in state.trials:
            add(
                Proposed(
                    trial=trial, point={}, changes={}, digest=str(trial), params=1, macs=1,
                    acts=1, proposer="random", repaired=False,
                )
            )  # fmt: skip
            add(Started(trial=trial, attempt=1, epoch=0))
        if state.trials[trial].decision != "continue":
            continue
        decision = decide(rules, epochs, state, trial, top1)
        add(
            EpochEnded(
                trial=trial, attempt=1, epoch=state.trials[trial].epochs + 1, train_loss=1,
                loss=1, top1=top1, top5=1, lr=1, seconds=1, images_per_second=1,
                decision=decision,
            )
        )  # fmt: skip
    return events


@given(st.lists(st.tuples(st.integers(0, 6), ACCURACY), max_size=80), st.integers(2, 3))
def test_replaying_a_ledger_gives_its_decisions_again(
    arrivals: list[tuple[int, float]], eta: int
) -> None:
    rules = SchedulerMeta(kind="asha", eta=eta, rungs=rungs(1, eta, 9))
    events = play(arrivals, rules, 9)
    assert disagreements(rules, 9, events) == []
    state = StudyState.replay(events)
    for trial in state.trials.values():
        assert trial.epochs <= 9
        if trial.decision == "stop":
            assert trial.epochs in rules.rungs
            assert trial.number != 0
        assert (trial.decision == "finish") == (trial.epochs == 9)


def test_a_wrong_decision_is_noticed() -> None:
    rules = SchedulerMeta(kind="asha", eta=2, rungs=(1,))
    events = play([(0, 50.0), (1, 40.0)], rules, 4)
    last = events[-1]
    assert isinstance(last, EpochEnded)
    assert last.decision == "stop"
    events[-1] = last.model_copy(update={"decision": "continue"})
    assert disagreements(rules, 4, events) == [(events[-1], "stop")]
