"""Checks that a directory does not already hold something else before we write into it."""

from __future__ import annotations

import os
from pathlib import Path

from designspace.errors import InputError
from designspace.records.run import NAME
from designspace.records.study.kept_files import TRIALS
from designspace.records.study.study import META


def require_run_place(directory: Path) -> None:
    """Check that a run may be written into a directory.

    The directory of a study, of a trial, or inside a run is an error.

    Raises:
        InputError: The directory belongs to something else; the message says what.
    """
    hint = "choose another directory with --out"
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
    """Check that a study may be written into a directory.

    The directory of a run, or of a trial of another study, is an error.

    Raises:
        InputError: The directory belongs to something else; the message says what.
    """
    hint = "choose another directory with --study"
    _require_directory(directory, hint)
    if (directory / NAME).is_file():
        raise InputError("this directory holds a run, not a study", file=str(directory), hint=hint)
    _outside_trials(directory, hint)


def require_outside_trials(path: Path) -> None:
    """Check that a file or a folder to be written is not among the files of a study's trials.

    Raises:
        InputError: The path is inside the directory of a study's trials.
    """
    _outside_trials(path, "choose another place with --out")


def _require_directory(directory: Path, hint: str) -> None:
    for path in (directory, *directory.parents):
        if path.is_dir():
            return
        if path.exists() or path.is_symlink():
            raise InputError("not a directory", file=str(path), hint=hint)


def _outside_trials(path: Path, hint: str) -> None:
    place = Path(os.path.realpath(path))  # of a loop of links, as far as it can be followed
    for inner in (place, *place.parents):
        if inner.name == TRIALS and (inner.parent / META).is_file():
            raise InputError(
                f"this place belongs to the trials of the study {inner.parent.name}",
                file=str(path),
                hint=hint,
            )
