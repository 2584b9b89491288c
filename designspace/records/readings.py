"""The readings of the test split: how often it was read, by which command, with which result.

Selection uses the validation split. The test split is read once, for the network that was selected.
Each further reading makes its result less independent, so all of them are recorded: the readings
of a study in its ledger, those of a run in its `record.json`.
"""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

from designspace.errors import InputError, did_you_mean
from designspace.records.file_lock import lock, unlock
from designspace.records.run import Record, moment, read_record, write_record
from designspace.records.study.consistency import consistent_state
from designspace.records.study.events import SplitRead
from designspace.records.study.kept_files import trial_directory
from designspace.records.study.ledger import Ledger
from designspace.records.study.state import StudyState
from designspace.records.study.study import LEDGER, META, load_meta, load_study
from designspace.records.study.trial_record import Recorder, reading_of
from designspace.records.training import TestReading

LOCK = ".lock"


def readings(directory: Path) -> tuple[TestReading, ...]:
    """Return all readings of the test split of a study or of a run, oldest first.

    Raises:
        InputError: The directory holds neither, or its files are not valid.
    """
    if (directory / META).is_file():
        return study_readings(load_study(directory).state)
    return run_readings(read_record(directory))


def record_reading(directory: Path, reading: TestReading) -> None:
    """Add a reading to the ledger of a study or to the record of a run.

    Args:
        directory: Directory of the study or the run.
        reading: Reading to add; for a study, its `trial` must be one of the study's. A `when` of
            None becomes the present moment.

    Raises:
        InputError: Another process is writing the study or the run, the run is not over, there is
            no such trial, or the disk is full or not writable.
    """
    if (directory / META).is_file():
        _into_ledger(directory, reading)
    else:
        _into_record(directory, reading)


def ensure_recordable(directory: Path) -> None:
    """Check that `record_reading` can succeed, before the test split is read.

    Raises:
        InputError: Another process is writing the study or the run, or the run is not over.
    """
    if (directory / META).is_file():
        Ledger(directory / LEDGER).close()
        return
    _ended(directory)
    unlock(lock(directory / LOCK, "run"))


def times_read(count: int) -> str:
    """Return how often the test split was read, as shown beside every test result."""
    if count < 2:
        return "read once" if count else "not read yet"
    return f"read {count} times"


def study_readings(state: StudyState) -> tuple[TestReading, ...]:
    """Return the readings in a study's events, oldest first."""
    return tuple(reading_of(event) for event in state.readings)


def run_readings(record: Record) -> tuple[TestReading, ...]:
    """Return the reading at the end of a run, then the later ones."""
    if record.test is None:
        return record.readings
    first = TestReading(**record.test.model_dump(), when=record.ended, command="train")
    return (first, *record.readings)


def _into_ledger(directory: Path, reading: TestReading) -> None:
    assert reading.command != "train", "trials are tested by a search or by eval"
    with Ledger(directory / LEDGER) as ledger:
        state = consistent_state(ledger.events, ledger.path)
        trials = state.trials
        if reading.trial not in trials:
            hint = did_you_mean(str(reading.trial), map(str, trials)) if trials else None
            raise InputError(f"no trial {reading.trial}", file=str(directory), hint=hint)
        event = _as_event(reading)
        ledger.append(event)
        state.apply(event)
        if trial_directory(directory, reading.trial).is_dir():
            Recorder(directory, load_meta(directory))(event, state)


def _as_event(reading: TestReading) -> SplitRead:
    measured = reading.model_dump(exclude={"when", "split"})
    if reading.when is None:
        return SplitRead(**measured)
    return SplitRead(**measured, time=datetime.fromisoformat(reading.when).timestamp())


def _into_record(directory: Path, reading: TestReading) -> None:
    assert reading.trial is None, "a run has no trials"
    _ended(directory)  # check first, since locking writes a file
    held = lock(directory / LOCK, "run")
    try:
        record = _ended(directory)
        dated = reading if reading.when else reading.model_copy(update={"when": moment()})
        added = {"readings": (*record.readings, dated)}
        write_record(directory, record.model_copy(update=added))
    finally:
        unlock(held)


def _ended(directory: Path) -> Record:
    record = read_record(directory)
    if not record.over:
        raise InputError("the run has not finished", file=str(directory))
    return record
