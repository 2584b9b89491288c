"""Networks that the directory of a run or a trial names; and errors for other directories."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from designspace.errors import InputError
from designspace.naming.files import YAML, task_of
from designspace.naming.header import SUFFIX, read_header
from designspace.naming.named import Named
from designspace.records.as_record import record_of_trial
from designspace.records.run import NAME, Record, find_record
from designspace.records.study.kept_files import WEIGHTS, trial_weights
from designspace.records.study.study import META, Study, load_study
from designspace.records.study.trial_names import (
    WINNER,
    is_study,
    listed,
    parted_directory,
    trial_of,
)
from designspace.spec.documents.document import is_file
from designspace.spec.network.load import load

_SHOWN = 4


def of_directory(name: str, path: Path) -> Named:
    """Return the network in the directory of a run or a trial.

    Raises:
        InputError: The directory holds no network; the message says what it holds.
    """
    trial = parted_directory(path)
    if trial is not None:
        return of_trial(name, *trial)
    record = _record(path)
    if record is None:
        raise InputError(_wrong(path), file=name)
    return _of_run(name, path, record)


def holds_training(path: Path) -> bool:
    """Return whether a directory is a run's, a trial's or a study's."""
    return is_study(path) or is_file(path / NAME) or parted_directory(path) is not None


def of_trial(name: str, directory: Path, word: str) -> Named:
    """Return the network of a trial.

    Args:
        name: Name that the user gave.
        directory: Directory of the study.
        word: Number of the trial, or `winner`.

    Raises:
        InputError: There is no such study or trial, or the weights belong to another network.
    """
    study, trial = trial_of(directory, word)
    number = trial.number
    record = record_of_trial(study, trial)
    title = f"{directory.resolve().name}:{number}"
    spec = load(record.spec.authored | {"name": title})
    if spec.digest != trial.digest:
        raise InputError(
            f"trial {number} is another network now ({spec.digest}, then {trial.digest})",
            file=str(directory),
            hint="use the version of designspace that searched it",
        )
    weights = trial_weights(directory, number)
    top1 = "" if record.top1 is None else f", validation top-1 {record.top1:.2f}%"
    return Named(
        name=name,
        sort="trial",
        title=title,
        spec=spec,
        weights=weights if is_file(weights) else None,
        missing="" if is_file(weights) else f"trial {number} {_lack(record, weights)}",
        facts=_facts(record, weights, name),
        record=record,
        study=study,
        trial=number,
        says=f"{name} is trial {number} ({_outcome(record)}{top1})",
    )


def _record(path: Path) -> Record | None:
    try:
        next(path.iterdir(), None)
    except OSError as error:
        raise InputError(f"cannot be read: {error.strerror}", file=str(path)) from None
    return find_record(path)


def _of_run(name: str, path: Path, record: Record) -> Named:
    weights = path / WEIGHTS
    spec = load(record.spec.authored)
    return Named(
        name=name,
        sort="run",
        title=path.resolve().name,
        spec=spec,
        weights=weights if is_file(weights) else None,
        missing="" if is_file(weights) else f"the run {_lack(record, weights)}",
        facts=_facts(record, weights, name),
        record=record,
        says=f"{name} is a run of {spec.name or 'a network'} ({_outcome(record)})",
    )


def _outcome(record: Record) -> str:
    """Return the status of the training, with the error if it failed."""
    error = record.outcome.error
    return f"{record.outcome.state}: {error}" if error else record.outcome.state


def _lack(record: Record, weights: Path) -> str:
    """Return why there are no weights, as the rest of a sentence about the training."""
    state, epochs = record.outcome.state, len(record.epochs)
    if state == "complete":
        return f"is complete, but its weights were not kept ({weights})"
    words = {"running": "is not complete", "failed": "failed", "diverged": "diverged"}
    how = words.get(state, f"was {state}")
    return f"{how} after {epochs} {'epoch' if epochs == 1 else 'epochs'}"


def _facts(record: Record, weights: Path, name: str) -> dict[str, Any]:
    """Return the facts of the weights if there are any, else those of the record."""
    if is_file(weights):
        facts, _ = read_header(weights)
        if facts.get("digest", record.spec.digest) != record.spec.digest:
            raise InputError(f"the weights of {name} are another network's", file=str(weights))
        return facts
    data = record.data
    known = {"num_classes": data.num_classes, "in_channels": data.channels}
    return task_of(known | {"input": {"size": record.input_size}})


def _wrong(path: Path) -> str:
    """Return the message for a directory that is neither a run's nor a trial's."""
    if is_study(path):
        return _of_study(load_study(path))
    for file, one, many in ((NAME, "a run", "runs"), (META, "a study", "studies")):
        inside = sorted(found.parent for found in path.glob(f"*/{file}"))
        if inside:
            first = f"{inside[0]}:{WINNER}" if file == META else str(inside[0])
            count = f"{len(inside)} {many}" if len(inside) > 1 else one
            return f"names no network, but holds {count}; name one, such as {first}"
    said = f"names no network: it is not a run (without {NAME}) and not a study (without {META})"
    return f"{said}; {_held(path)}"


def _of_study(study: Study) -> str:
    path, trials = study.directory, study.state.trials
    if not trials:
        return "is a study without trials so far; name a trial once there is one"
    example = f"{path}:{WINNER if study.state.winner else min(trials)}"
    return f"is a study; name a trial, such as {example} (trials: {listed(study)})"


def _held(path: Path) -> str:
    """Return the contents of a directory in a few words, and a file in it that names a network."""
    names = sorted(entry.name for entry in path.iterdir() if not entry.name.startswith("."))
    for entry in names:
        if Path(entry).suffix.lower() in (*YAML, SUFFIX):
            return f"it holds files: name one, such as {path / entry}"
    if not names:
        return "it is empty"
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return f"it holds {', '.join(names[:_SHOWN])}{more}"
