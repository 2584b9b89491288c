"""The typed record of any training on disk: of a run, of a trial, or of a study's winner."""

from __future__ import annotations

from pathlib import Path

from designspace.records.readings import study_readings
from designspace.records.run import NAME, Record, find_record, read_record
from designspace.records.study.kept_files import trial_directory
from designspace.records.study.state import Trial
from designspace.records.study.study import META, Study
from designspace.records.study.trial_names import (
    WINNER,
    is_study,
    parted,
    parted_directory,
    trial_of,
)
from designspace.records.study.trial_record import trial_record, up_to_date


def record_of(source: str | Path) -> Record:
    """Look up the record of a run, of a trial, or of a study's winner.

    Args:
        source: Directory of a run or a trial; `STUDY:TRIAL`; `STUDY:winner`; or the directory of a
            study, which means its winner.

    Raises:
        InputError: The source names no training, or its files are not valid.
    """
    named = parted(str(source)) or parted_directory(Path(source))
    if named is None and not is_study(Path(source)):
        return read_record(Path(source))
    directory, word = named or (Path(source), WINNER)
    study, trial = trial_of(directory, word)
    record = record_of_trial(study, trial)
    if word != WINNER:
        return record
    best_of = study.state.count("complete")
    selection = record.selection.model_copy(update={"best_of": best_of})
    return record.model_copy(update={"selection": selection})


def records_of(source: str | Path) -> tuple[Record, ...]:
    """Look up all records of a directory that only holds runs or trials, else as `record_of`.

    The records of such a directory are in the order of the directories' names.

    Raises:
        InputError: As `record_of`.
    """
    directory = Path(source)
    if directory.is_dir() and not any((directory / name).is_file() for name in (NAME, META)):
        inside = sorted(path.parent for path in directory.glob(f"*/{NAME}"))
        if inside:
            return tuple(_inside(directory, run) for run in inside)
    return (record_of(source),)


def record_of_trial(study: Study, trial: Trial) -> Record:
    """Look up the record of a trial.

    Its history is taken from the ledger, since the trial's `record.json` may be one event behind.
    If the file is missing, as in a study that was copied without its `trials/`, everything is taken
    from the study's own files. `readings` holds all further readings of the study's test split,
    those for other trials included.

    Raises:
        InputError: The files of the study are not valid.
    """
    written = find_record(trial_directory(study.directory, trial.number))
    record = up_to_date(written, study, trial) if written else trial_record(study, trial)
    first = study.state.test_of(trial.number)
    pairs = zip(study.state.readings, study_readings(study.state), strict=True)
    others = tuple(reading for event, reading in pairs if event is not first)
    name = f"{study.directory.name}:{trial.number}"
    return record.model_copy(update={"name": name, "readings": others})


def _inside(directory: Path, run: Path) -> Record:
    """Return the record of a run, named with its parent directory: the run's own says little."""
    record = record_of(run)
    if parted_directory(run):
        return record
    return record.model_copy(update={"name": f"{directory.name}/{record.name}"})
