"""Directories that hold something else already: what may not be written where."""

from __future__ import annotations

import os
from pathlib import Path

from designspace.errors import InputError
from designspace.records.run import NAME
from designspace.records.study.kept_files import TRIALS
from designspace.records.study.study import META


def require_run_place(directory: Path) -> None:
    """Refuse to train into the directory of a study, of a trial, or inside that of a run.

    Raises:
        InputError: Something else lives there; the error says what.
    """
    hint = "take another directory with --out"
    _require_directory(directory, hint)
    if (directory / META).is_file():
        raise InputError("this directory holds a study, not a run", file=str(directory), hint=hint)
    _outside_trials(directory, hint)
    parent = directory.absolute().parent
    if (parent / NAME).is_file():
        raise InputError(
            f"this directory lies inside that of a run ({directory.parent})",
            file=str(directory),
            hint=hint,
        )


def require_study_place(directory: Path) -> None:
    """Refuse to search into the directory of a run, or of a trial of another study.

    Raises:
        InputError: Something else lives there; the error says what.
    """
    hint = "take another directory with --study"
    _require_directory(directory, hint)
    if (directory / NAME).is_file():
        raise InputError("this directory holds a run, not a study", file=str(directory), hint=hint)
    _outside_trials(directory, hint)


def require_outside_trials(path: Path) -> None:
    """Refuse to write a file or a folder among the files of a study's trials.

    Raises:
        InputError: The path lies there.
    """
    _outside_trials(path, "take another place with --out")


def _require_directory(directory: Path, hint: str) -> None:
    for path in (directory, *directory.parents):
        if path.is_dir():
            return
        if path.exists() or path.is_symlink():
            raise InputError("not a directory", file=str(path), hint=hint)


def _outside_trials(path: Path, hint: str) -> None:
    place = Path(os.path.realpath(path))  # where links go round in a circle, as far as they lead
    for inner in (place, *place.parents):
        if inner.name == TRIALS and (inner.parent / META).is_file():
            raise InputError(
                f"this place belongs to the trials of the study {inner.parent.name}",
                file=str(path),
                hint=hint,
            )
