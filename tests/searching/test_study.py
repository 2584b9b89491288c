"""Create, resume, extend, refuse: what the same and what another command does to a study."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from designspace.cli.output.live import LiveTable, summary
from designspace.errors import DesignspaceError, InputError
from designspace.records.study.events import EVENT, EpochEnded, Event, StudyChanged
from designspace.records.study.ledger import Ledger, read
from designspace.records.study.state import StudyState
from designspace.records.study.study import latest_study, load_study
from designspace.searching.driver import Driver
from designspace.searching.plan import expected_epochs, plan
from designspace.searching.proposers.uniform import RandomProposer
from designspace.searching.request import silent
from designspace.searching.study import Candidates, run_study
from designspace.searching.trials.trainable import Attempt
from tests.helpers import toy


def actions(directory: Path) -> list[str]:
    found = read(directory / "trials.jsonl")
    return [event.action for event in found if isinstance(event, StudyChanged)]


def test_a_raised_total_extends_and_a_lower_one_is_refused(tmp_path: Path) -> None:
    first = run_study(toy.request(tmp_path / "s", trials=5)).state
    more = run_study(toy.request(tmp_path / "s", trials=9)).state
    assert [t.digest for t in first.trials.values()] == [more.trials[n].digest for n in range(5)]
    assert len(more.trials) == 9
    assert actions(tmp_path / "s") == ["created", "completed", "extended", "completed"]
    assert load_study(tmp_path / "s").meta.trials == 9
    with pytest.raises(InputError, match="total can only be raised"):
        run_study(toy.request(tmp_path / "s", trials=8))


def test_extending_ends_as_if_asked_for_at_once(tmp_path: Path) -> None:
    for total in (4, 12):
        stepwise = run_study(toy.request(tmp_path / "a", trials=total, proposer="tpe")).state
    at_once = run_study(toy.request(tmp_path / "b", trials=12, proposer="tpe")).state
    assert [t.history for t in stepwise.trials.values()] == [
        t.history for t in at_once.trials.values()
    ]


def other_axes() -> toy.ToySpace:
    axes = dict(toy.ToySpace().axes)
    return toy.ToySpace(axes={**axes, "act": toy.ToyAxis(("relu", "gelu"))})


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        (
            {"space": toy.ToySpace(base={**toy.BASE, "width": 16})},
            r"\(base\.width 8 there, 16 here",
        ),
        ({"space": other_axes()}, r"differs in space \(axes\.act"),
        (
            {"space": toy.ToySpace(limits=(toy.ToyLimit("macs", high=9999),))},
            r"space \(limits \[",
        ),
        (
            {"recipe": {"name": "long", "epochs": 9}},
            r"recipe \(name toy there, long here; epochs 8 there, 9 here\)",
        ),
        ({"recipe": {"epochs": 3}}, r"recipe \(epochs 8 there, 3 here\)"),
        (
            {"data": toy.toy_data().model_copy(update={"name": "x", "digest": "d1"})},
            "data .name toy there, x",
        ),
        ({"seed": 5}, r"seed \(0 there, 5 here\)"),
        ({"scheduler": "none"}, "differs in scheduler"),
    ],
)
def test_a_directory_of_another_study_is_refused(
    tmp_path: Path, changes: dict[str, Any], said: str
) -> None:
    run_study(toy.request(tmp_path / "s", trials=2))
    before = (tmp_path / "s" / "trials.jsonl").read_bytes()
    with pytest.raises(InputError, match=said):
        run_study(toy.request(tmp_path / "s", trials=2, **changes))
    assert (tmp_path / "s" / "trials.jsonl").read_bytes() == before


def test_a_directory_of_something_else_is_refused(tmp_path: Path) -> None:
    (tmp_path / "holiday.jpg").write_text("picture")
    with pytest.raises(InputError, match=r"holds holiday\.jpg but no study"):
        run_study(toy.request(tmp_path))


def cut(directory: Path, keep: Callable[[Event], bool]) -> None:
    """Leave the ledger as a crash right after the last event to keep would."""
    events = read(directory / "trials.jsonl")
    end = next(index for index, event in enumerate(events) if not keep(event))
    lines = [EVENT.dump_json(event) + b"\n" for event in events[:end]]
    (directory / "trials.jsonl").write_bytes(b"".join(lines))


@pytest.mark.parametrize("epoch", [1, 4, 8])
def test_what_was_trained_but_not_recorded_is_not_trained_again(tmp_path: Path, epoch: int) -> None:
    request = toy.request(tmp_path / "s", trials=3, scheduler="none", keep_checkpoints=True)
    calm = run_study(request).state
    wanted = ("epoch", 2, epoch)
    cut(
        tmp_path / "s",
        lambda e: (e.event, getattr(e, "trial", 0), getattr(e, "epoch", 0)) != wanted,
    )
    state = run_study(request).state
    assert state.trials[2].attempt == 2
    assert state.trials[2].history == calm.trials[2].history
    assert toy.trained(tmp_path / "s")["2"] == list(range(1, 9))


def test_a_decision_without_its_end_is_carried_out_on_resuming(tmp_path: Path) -> None:
    request = toy.request(tmp_path / "s", trials=3, scheduler="none")
    run_study(request)
    cut(tmp_path / "s", lambda e: (e.event, getattr(e, "trial", 0)) != ("ended", 1))
    state = run_study(request).state
    assert state.trials[1].attempt == 1
    assert state.count("complete") == 3


def test_a_lost_checkpoint_costs_epochs_but_records_none_twice(tmp_path: Path) -> None:
    request = toy.request(tmp_path / "s", trials=2, scheduler="none", keep_checkpoints=True)
    calm = run_study(request).state
    cut(tmp_path / "s", lambda e: (e.event, getattr(e, "epoch", 0)) != ("epoch", 5))
    (tmp_path / "s" / "trials" / "0" / "checkpoint.json").unlink()
    state = run_study(request).state
    assert state.trials[0].history == calm.trials[0].history


def test_a_superseded_attempt_is_not_heard(tmp_path: Path) -> None:
    request = toy.request(tmp_path / "s", trials=1)
    (tmp_path / "s").mkdir()
    looked = Candidates(request.space, request.cost)
    proposer = RandomProposer(request.space, 0)
    with Ledger(tmp_path / "s" / "trials.jsonl") as ledger:
        first = Driver(request, ledger, proposer, looked, silent)
        first.change("created")
        start = first.next()
    assert start is not None
    with Ledger(tmp_path / "s" / "trials.jsonl") as ledger:
        second = Driver(request, ledger, proposer, looked, silent)
        again = second.next()
        assert again is not None
        assert (again.trial, again.attempt) == (0, 2)
        said = Attempt(toy.ToyTrainee, start.job, 0).step()
        assert second.report(0, 1, said) == "stop"
        assert second.state.trials[0].epochs == 0
        assert second.report(0, 2, said) == "continue"
        assert second.report(0, 2, said) == "continue"
        assert second.state.trials[0].epochs == 1


def test_what_every_trial_would_fail_of_stops_the_study(tmp_path: Path) -> None:
    def broken(_: object) -> toy.ToyTrainee:
        raise InputError("label 12 is out of range")

    request = toy.request(tmp_path / "s")
    object.__setattr__(request, "factory", broken)
    with pytest.raises(InputError, match="label 12 is out of range"):
        run_study(request)
    state = load_study(tmp_path / "s").state
    assert state.count("running") == len(state.trials) == 1


def test_readers_see_the_study_and_the_latest(tmp_path: Path) -> None:
    run_study(toy.request(tmp_path / "a", trials=2))
    run_study(toy.request(tmp_path / "b", trials=6))
    assert latest_study(tmp_path) == tmp_path / "b"
    state = load_study(tmp_path / "b").state
    front = state.front
    assert state.winner in front
    assert [t.macs for t in front] == sorted({t.macs for t in front})
    assert [t.top1 for t in front] == sorted({t.top1 for t in front if t.top1 is not None})
    with pytest.raises(DesignspaceError, match="no study found"):
        latest_study(tmp_path / "none")


def test_plain_lines_tell_the_story_where_there_is_no_terminal(tmp_path: Path) -> None:
    stream = io.StringIO()
    with LiveTable(stream, epochs=8) as live:
        state = run_study(toy.request(tmp_path / "s", trials=3), live).state
    lines = stream.getvalue().splitlines()
    assert lines[0] == "study created: 0 of 3 trials"
    assert lines[-1] == "study completed: 3 of 3 trials"
    assert lines[-2].startswith("winner is trial")
    assert "3/3 trials" in summary(state, 90)
    assert "about 1 min left" in summary(state, 90)


def test_a_dry_run_tells_without_writing(tmp_path: Path) -> None:
    request = toy.request(tmp_path / "s", trials=16)
    told = plan(request)
    assert told.most_epochs == 128
    assert told.rungs == (1, 2, 4)
    assert 16 < told.expected_epochs == expected_epochs(request) < 128
    assert told.seconds is not None
    assert 0 < told.seconds < 10
    assert not (tmp_path / "s").exists()


def test_the_ledger_is_json_that_anyone_can_read(tmp_path: Path) -> None:
    run_study(toy.request(tmp_path / "s", trials=2))
    lines = (tmp_path / "s" / "trials.jsonl").read_text().splitlines()
    assert {"event", "time"} <= set.intersection(*(set(json.loads(line)) for line in lines))
    state = StudyState.replay(read(tmp_path / "s" / "trials.jsonl"))
    epochs = [e for e in read(tmp_path / "s" / "trials.jsonl") if isinstance(e, EpochEnded)]
    assert sum(trial.epochs for trial in state.trials.values()) == len(epochs)
