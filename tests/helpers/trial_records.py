"""The records of a study's trials, beside its ledger."""

from __future__ import annotations

from pathlib import Path

from designspace.records.run import Record, read_record
from designspace.records.study.kept_files import trial_directory
from designspace.records.study.study import Study, load_study
from designspace.records.study.trial_record import trial_record


def written(study: Study, number: int) -> Record:
    """The record in a trial's directory."""
    return read_record(trial_directory(study.directory, number))


def require_records(directory: Path) -> Study:
    """Check that every trial has a record, and that it says what the ledger says."""
    study = load_study(directory)
    for trial in study.state.trials.values():
        told = trial_record(study, trial).model_dump_json()
        assert written(study, trial.number).model_dump_json() == told
    return study
