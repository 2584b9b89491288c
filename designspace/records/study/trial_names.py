"""Trials by name: `STUDY:5` for one of them, `STUDY:winner` for the selected one."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from designspace.errors import InputError
from designspace.records.study.kept_files import TRIALS
from designspace.records.study.state import Trial
from designspace.records.study.study import META, Study, load_study
from designspace.spec.documents.document import is_directory, is_file

WINNER = "winner"
_SHOWN = 12
_LONGEST = 9  # digits of a trial number


def is_study(directory: Path) -> bool:
    """Return whether a directory holds a study."""
    return is_file(directory / META)


def parted(name: str) -> tuple[Path, str] | None:
    """Split `STUDY:WORD` into the directory and the word.

    Return None if the name as a whole is a file or a directory, or if the part before its last
    colon is not a directory.
    """
    head, colon, word = name.rpartition(":")
    path = Path(name)
    if not colon or not head or is_file(path) or is_directory(path):
        return None
    return (Path(head), word) if is_directory(Path(head)) else None


def parted_directory(path: Path) -> tuple[Path, str] | None:
    """Return the study and the number of a trial's directory, `STUDY/trials/NUMBER`; else None."""
    absolute = path.absolute()
    study = absolute.parent.parent
    if absolute.parent.name != TRIALS or not is_study(study):
        return None
    return (path.parent.parent if len(path.parts) > 2 else study), path.name


def trial_of(directory: Path, word: str) -> tuple[Study, Trial]:
    """Return a study and the trial that a word names: a number, or `winner`.

    Raises:
        InputError: There is no study, it has no such trial, or it has no single winner. The message
            names the nearest trials.
    """
    if not is_study(directory):
        raise InputError("no study here", file=str(directory), hint=f"a study holds a {META}")
    study = load_study(directory)
    if word == WINNER:
        return study, winner_of(study)
    trials = study.state.trials
    number = int(word) if _is_number(word) else None
    if number in trials:
        return study, trials[number]
    said = f"no trial {number}" if number is not None else f"no trial '{word}'"
    raise InputError(said, file=str(directory), hint=_nearest(study, word, number))


def winner_of(study: Study) -> Trial:
    """Return the completed trial of highest validation top-1.

    Raises:
        InputError: No trial is complete, or the study has several objectives, which have a front
            of trials and no winner.
    """
    objectives = study.meta.space.objectives
    state = study.state
    if len(objectives) > 1:
        front = ", ".join(f"{study.directory}:{trial.number}" for trial in state.front)
        raise InputError(
            f"no single winner: the study has {len(objectives)} objectives",
            file=str(study.directory),
            hint=f"name a trial of its front: {front}" if front else "no trial is complete yet",
        )
    if state.winner is None:
        raise InputError(
            "the study has no winner yet", file=str(study.directory), hint=_states(study)
        )
    return state.winner


def listed(study: Study) -> str:
    """Return the names of a study's trials in a few words, such as `0 to 15, winner`."""
    numbers = sorted(study.state.trials)
    if not numbers:
        return "it has no trials yet"
    gapless = numbers == list(range(numbers[0], numbers[-1] + 1))
    if gapless and len(numbers) > 1:
        said = f"{numbers[0]} to {numbers[-1]}"
    else:
        more = ", ..." if len(numbers) > _SHOWN else ""
        said = ", ".join(map(str, numbers[:_SHOWN])) + more
    return f"{said}, {WINNER}" if study.state.winner else said


def _is_number(word: str) -> bool:
    return word.isascii() and word.isdecimal() and len(word) <= _LONGEST


def _nearest(study: Study, word: str, number: int | None) -> str:
    """Return a hint that names the nearest trial and lists all of them."""
    numbers = sorted(study.state.trials)
    near = ""
    if number is not None and numbers:
        near = f"the nearest is {min(numbers, key=lambda n: abs(n - number))}; "
    elif word and WINNER.startswith(word[0].lower()):
        near = f"did you mean '{WINNER}'? "
    return f"{near}trials: {listed(study)}" if numbers else listed(study)


def _states(study: Study) -> str:
    counts = Counter(trial.state for trial in study.state.trials.values())
    said = ", ".join(f"{count} {state}" for state, count in counts.items())
    return f"its trials: {said}" if said else "it has no trials yet"
