"""Each trial has the same `record.json` as a run, which never contradicts the ledger."""

from __future__ import annotations

from pathlib import Path

import pytest

from designspace.errors import InputError
from designspace.records.as_record import record_of, records_of
from designspace.records.readings import record_reading
from designspace.records.run import NAME, read_record
from designspace.records.study.events import Event
from designspace.records.study.kept_files import trial_directory
from designspace.records.study.state import StudyState
from designspace.records.study.study import Study, load_study
from designspace.records.training import TestReading
from designspace.searching.study import run_study
from tests.helpers import toy
from tests.helpers.trial_records import require_records, written

BROKEN = {"crash": {"3": 2}}


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Study:
    directory = tmp_path_factory.mktemp("records") / "s"
    run_study(toy.request(directory, trials=6, recipe=BROKEN))
    return require_records(directory)


def test_a_trial_has_the_status_epochs_and_attempts_of_the_ledger(finished: Study) -> None:
    states = {trial.state for trial in finished.state.trials.values()}
    assert states == {"complete", "stopped", "failed"}
    failed = written(finished, 3)
    assert (failed.outcome.state, failed.outcome.error) == ("failed", "RuntimeError: the toy broke")
    assert [attempt.after_epochs for attempt in failed.attempts] == [0, 1]
    winner = finished.state.winner
    assert winner is not None
    record = written(finished, winner.number)
    assert record.over
    assert record.test is not None
    assert len(record.epochs) == record.recipe.epochs == 8
    assert record.recipe.load().digest == record.recipe.digest


def test_names_of_a_trial_lead_to_the_same_record(finished: Study) -> None:
    directory = finished.directory
    by_name = record_of(f"{directory}:2")
    assert by_name == record_of(directory / "trials" / "2")
    assert by_name.name == "s:2"
    assert [record.name for record in records_of(directory / "trials")] == [
        f"s:{number}" for number in sorted(finished.state.trials)
    ]
    winner = finished.state.winner
    assert winner is not None
    assert record_of(directory).selection.best_of == finished.state.count("complete")
    assert record_of(f"{directory}:{winner.number}").selection.best_of == 1


def test_the_ledger_speaks_where_a_file_is_missing_or_behind(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    run_study(toy.request(directory, trials=3))
    study, path = load_study(directory), trial_directory(directory, 1) / NAME
    expected = record_of(f"{directory}:1")
    behind = read_record(path.parent).model_copy(update={"epochs": (), "test": None})
    path.write_text(behind.model_dump_json())
    assert record_of(f"{directory}:1") == expected
    path.unlink()
    assert record_of(f"{directory}:1").epochs == tuple(study.state.trials[1].history)


def test_a_killed_search_leaves_at_most_one_record_behind_and_mends_it(tmp_path: Path) -> None:
    """The observer raises after the ledger and the record of the seventh event are on disk."""
    directory, seen = tmp_path / "s", list[Event]()

    def killer(event: Event, _: StudyState) -> None:
        seen.append(event)
        if len(seen) == 7:
            raise SystemExit

    with pytest.raises(SystemExit):
        run_study(toy.request(directory, trials=3), killer)
    study = load_study(directory)
    last = study.state.trials[0]
    path = trial_directory(directory, 0) / NAME
    old = written(study, 0)
    path.write_text(old.model_copy(update={"epochs": old.epochs[:-1]}).model_dump_json())
    assert len(record_of(f"{directory}:0").epochs) == last.epochs
    run_study(toy.request(directory, trials=3))
    require_records(directory)


def test_a_later_reading_of_the_test_split_is_in_ledger_and_record(tmp_path: Path) -> None:
    directory = tmp_path / "s"
    run_study(toy.request(directory, trials=3))
    reading = TestReading(trial=1, top1=1.0, top5=None, loss=2.0, n=64, command="eval")
    record_reading(directory, reading)
    study = require_records(directory)
    assert written(study, 1).times_tested >= 1
    assert len(study.state.readings) == 2
    assert record_of(f"{directory}:1").times_tested == 2
    with pytest.raises(InputError, match="no trial 9"):
        record_reading(directory, reading.model_copy(update={"trial": 9}))
