"""A ledger that contradicts itself is refused, with the line that cannot have happened."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.errors import InputError
from designspace.records.study.study import load_state
from designspace.searching.study import run_study
from tests.helpers import toy
from tests.helpers.command import run as command

Lines = list[dict[str, Any]]


@pytest.fixture(scope="module")
def study(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A complete study with trials that are done, were stopped, and failed twice."""
    directory = tmp_path_factory.mktemp("toys") / "s"
    run_study(toy.request(directory, trials=6, recipe={"crash": {"3": 2}}))
    run_study(toy.request(directory, trials=8, recipe={"crash": {"3": 2}}))
    return directory


def lines_of(study: Path) -> Lines:
    return [json.loads(line) for line in (study / "trials.jsonl").read_text().splitlines()]


def write(directory: Path, lines: Lines) -> Path:
    directory.mkdir(exist_ok=True)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (directory / "trials.jsonl").write_text(text)
    return directory


def at(lines: Lines, **wanted: Any) -> int:
    """Where the first event with these values stands."""
    return next(i for i, line in enumerate(lines) if wanted.items() <= line.items())


def test_what_a_driver_writes_is_consistent(study: Path) -> None:
    state = load_state(study)
    assert state.complete
    assert {trial.state for trial in state.trials.values()} == {"complete", "stopped", "failed"}


def test_every_beginning_of_a_ledger_is_consistent(study: Path, tmp_path: Path) -> None:
    """A driver may be killed after any line."""
    lines = lines_of(study)
    for end in range(len(lines)):
        load_state(write(tmp_path / "part", lines[:end]))


def test_clocks_may_be_set_back(study: Path, tmp_path: Path) -> None:
    lines = lines_of(study)
    for number, line in enumerate(lines):
        line["time"] = 1e9 - number
    load_state(write(tmp_path / "back", lines))


@given(which=st.integers(0, 10**6))
def test_no_epoch_can_be_missing(
    study: Path, tmp_path_factory: pytest.TempPathFactory, which: int
) -> None:
    lines = lines_of(study)
    epochs = [i for i, line in enumerate(lines) if line["event"] in ("epoch", "proposed")]
    gone = epochs[which % len(epochs)]
    with pytest.raises(InputError, match=r"trials\.jsonl:\d+: the ledger contradicts itself"):
        load_state(write(tmp_path_factory.getbasetemp() / "gap", lines[:gone] + lines[gone + 1 :]))


@dataclass(frozen=True)
class Case:
    """A change to the events of a study, and what is said of it."""

    name: str
    change: Callable[[Lines], object]
    said: str


def drop(**wanted: Any) -> Callable[[Lines], object]:
    return lambda lines: lines.pop(at(lines, **wanted))


def put(values: dict[str, Any], **wanted: Any) -> Callable[[Lines], object]:
    return lambda lines: lines[at(lines, **wanted)].update(values)


def again(values: dict[str, Any], **wanted: Any) -> Callable[[Lines], object]:
    """The same event once more, right behind itself, with other values."""

    def change(lines: Lines) -> None:
        where = at(lines, **wanted)
        lines.insert(where + 1, lines[where] | values)

    return change


def move(to: int, **wanted: Any) -> Callable[[Lines], object]:
    return lambda lines: lines.insert(to, lines.pop(at(lines, **wanted)))


def first(number: int) -> dict[str, Any]:
    return {"event": "epoch", "trial": 0, "epoch": number}


DONE = {"event": "ended", "trial": 0}
CASES = [
    Case("epoch-missing", drop(**first(2)), "epoch 3 of trial 0 was recorded where epoch 2 comes"),
    Case("last-epoch-missing", drop(event="epoch", trial=0, decision="finish"), "as complete, and"),
    Case("epoch-renamed", put({"epoch": 7}, **first(2)), "epoch 7 of trial 0 was recorded where"),
    Case("epoch-zero", put({"epoch": 0}, **first(1)), "epoch 0 of trial 0"),
    Case("epoch-repeated", again({"top1": 1.5}, **first(2)), "recorded before, with other figures"),
    Case("epoch-moved", move(99, **first(2)), "epoch 3 of trial 0 was recorded where epoch 2"),
    Case("epoch-of-no-attempt", put({"attempt": 2}, **first(2)), "attempt 2 of trial 0 was never"),
    Case("epoch-unknown", put({"trial": 99}, **first(2)), "trial 99 was never proposed"),
    Case("ended-twice", again({}, **DONE), "a second time, as complete after complete"),
    Case("ended-otherwise", again({"state": "failed"}, **DONE), "as failed after complete"),
    Case("ended-as-other", put({"state": "stopped"}, **DONE), "ended as stopped, and its last"),
    Case("ended-early", put({"epoch": 1}, **DONE), "trial 0 ended after epoch 1, and 8 of its"),
    Case("end-missing", drop(**DONE), "was tested while it was running|while 1 of its trials had"),
    Case(
        "epoch-after-end",
        lambda lines: lines.insert(
            at(lines, **DONE) + 1, lines[at(lines, **first(8))] | {"epoch": 9}
        ),
        "epoch 9 of trial 0 comes after the trial had ended as complete",
    ),
    Case("started-twice", again({}, event="started", trial=0), "began attempt 1 where attempt 2"),
    Case("start-missing", drop(event="started", trial=0), "attempt 1 of trial 0 was never started"),
    Case("start-epoch", put({"epoch": 3}, event="started", trial=0), "after epoch 3, and 0"),
    Case(
        "attempt-backwards",
        put({"attempt": 1}, event="started", trial=3, attempt=2),
        "trial 3 began attempt 1 where attempt 2 comes next",
    ),
    Case(
        "attempt-skipped",
        put({"attempt": 4}, event="started", trial=3, attempt=2),
        "trial 3 began attempt 4 where attempt 2 comes next",
    ),
    Case(
        "started-after-done",
        lambda lines: lines.insert(
            at(lines, **DONE) + 1, lines[at(lines, event="started", trial=0)] | {"attempt": 2}
        ),
        "trial 0 was started again after it had ended as complete",
    ),
    Case("proposed-twice", again({}, event="proposed", trial=1), "was proposed where trial 2"),
    Case("proposed-late", drop(event="proposed", trial=1), "never proposed|where trial 1"),
    Case("tested-early", move(3, event="tested"), "never proposed|tested (while|before)"),
    Case("tested-unknown", put({"trial": 50}, event="tested"), "trial 50 was never proposed"),
    Case("not-created", drop(action="created"), "a 'proposed' event before the study was created"),
    Case("created-twice", again({}, action="created"), "the study was created a second time"),
    Case("falling", put({"trials": 3}, action="completed"), "total of trials falls from 6 to 3"),
    Case("too-many", put({"trials": 4}, action="created"), "trial 4 was proposed, and only 4"),
    Case("completed-early", move(5, action="completed"), "was completed while 1 of its trials"),
    Case("not-extended", drop(action="extended"), "trial 6 was proposed, and only 6"),
]  # fmt: skip


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_a_contradiction_is_refused_with_its_line(study: Path, tmp_path: Path, case: Case) -> None:
    lines = lines_of(study)
    case.change(lines)
    with pytest.raises(InputError) as caught:
        load_state(write(tmp_path / "s", lines))
    error = caught.value
    assert re.search(case.said, error.message), error.message
    assert error.file == str(tmp_path / "s" / "trials.jsonl")
    assert error.line is not None
    load_state(write(tmp_path / "s", lines[: error.line - 1]))  # as the hint says


def test_a_line_that_was_written_twice_alike_changes_nothing(study: Path, tmp_path: Path) -> None:
    lines = lines_of(study)
    again({}, **first(2))(lines)
    assert load_state(write(tmp_path / "s", lines)) == load_state(study)


def test_events_of_a_superseded_attempt_change_nothing(study: Path, tmp_path: Path) -> None:
    lines = lines_of(study)
    late = at(lines, event="started", trial=3, attempt=2) + 1
    epoch = lines[at(lines, event="epoch", trial=3, attempt=1)]
    lines.insert(late, epoch | {"epoch": 5, "top1": 99.0})
    assert load_state(write(tmp_path / "s", lines)) == load_state(study)


@pytest.mark.parametrize("verb", ["status", "report", "eval", "compare"])
def test_commands_name_the_line(study: Path, tmp_path: Path, verb: str) -> None:
    lines = lines_of(study)
    gone = at(lines, **first(2))
    directory = write(tmp_path / "s", lines[:gone] + lines[gone + 1 :])
    (directory / "study.yaml").write_bytes((study / "study.yaml").read_bytes())
    next_one = at(lines_of(directory), **first(3)) + 1
    ran = command(verb, directory)
    assert ran.code == 2
    assert f"trials.jsonl:{next_one}: the ledger contradicts itself: epoch 3" in ran.err
    assert len(ran.err.splitlines()) == 1


def test_a_search_goes_on_from_no_contradiction(study: Path, tmp_path: Path) -> None:
    lines = lines_of(study)
    gone = at(lines, **first(2))
    directory = write(tmp_path / "s", lines[:gone] + lines[gone + 1 :])
    (directory / "study.yaml").write_bytes((study / "study.yaml").read_bytes())
    before = (directory / "trials.jsonl").read_bytes()
    for trials in (8, 10):
        with pytest.raises(InputError, match="contradicts itself"):
            run_study(toy.request(directory, trials=trials, recipe={"crash": {"3": 2}}))
    assert (directory / "trials.jsonl").read_bytes() == before
