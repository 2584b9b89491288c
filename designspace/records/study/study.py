"""A study on disk: `study.yaml` describes it, `trials.jsonl` holds its events."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pydantic import Field

from designspace.errors import InputError
from designspace.records.facts import DataFacts, RecipeFacts, SpaceFacts
from designspace.records.file_lock import locked
from designspace.records.record_model import RecordModel
from designspace.records.study.consistency import consistent_state
from designspace.records.study.ledger import LOCK, read
from designspace.records.study.state import StudyState
from designspace.spec.documents.document import read_yaml, write_yaml_atomic
from designspace.spec.documents.validation import validate

META = "study.yaml"
LEDGER = "trials.jsonl"
LOG = "log.txt"
FORMAT = 2
"""Format version of `study.yaml`; studies of earlier formats cannot be read."""


class SchedulerMeta(RecordModel):
    """The early stopping of trials: at each of `rungs` (epochs), the best 1/eta continue."""

    kind: Literal["asha", "none"]
    eta: int = 2
    rungs: tuple[int, ...] = ()


class StudyMeta(RecordModel):
    """The description of a study: all that must stay the same when it resumes, and the environment.

    `plugins` holds the SHA-256 of every plug-in that was in use, by its name.
    """

    format: Literal[2] = FORMAT
    name: str
    created: str
    command: list[str]
    space: SpaceFacts
    recipe: RecipeFacts
    data: DataFacts
    seed: int
    trials: int
    proposer: str
    scheduler: SchedulerMeta
    executor: str
    environment: dict[str, Any]
    plugins: dict[str, str] = Field(default_factory=dict[str, str])


@dataclass(frozen=True, slots=True)
class Study:
    """A study as read from its directory."""

    directory: Path
    meta: StudyMeta
    state: StudyState


def load_meta(directory: Path) -> StudyMeta:
    """Read the description of a study from its directory.

    Raises:
        InputError: There is no study, or its `study.yaml` is not valid.
    """
    path = directory / META
    if not path.is_file():
        raise InputError("no study here", file=str(directory), hint=f"a study holds a {META}")
    document = read_yaml(path)
    data: Any = document.data
    if isinstance(data, dict) and "format" in data and data["format"] != FORMAT:
        raise InputError(
            "a study of an earlier format, which is no longer read",
            file=str(path),
            path="format",
            hint="search again in a new directory",
        )
    return validate(StudyMeta, document)


def write_meta(directory: Path, meta: StudyMeta) -> None:
    """Write `study.yaml` as a whole or not at all."""
    write_yaml_atomic(directory / META, meta.model_dump(mode="json"))


def load_study(directory: Path) -> Study:
    """Read a study in its present state; it may be running.

    Raises:
        InputError: There is no study, or its files are not valid.
    """
    meta = load_meta(directory)
    return Study(directory, meta, load_state(directory))


def load_state(directory: Path) -> StudyState:
    """Read the state of a study from its ledger; an empty state if there is no ledger yet.

    Raises:
        InputError: The ledger is not valid, or contradicts itself.
    """
    path = directory / LEDGER
    return consistent_state(read(path), path)


def is_running(directory: Path) -> bool:
    """Return whether a search is writing the study; a killed process does not keep the lock."""
    return locked(directory / LOCK)


def latest_study(root: Path = Path("runs")) -> Path:
    """Return the study directory under `root` whose ledger changed last.

    Raises:
        InputError: There is none.
    """
    studies = [path.parent for path in root.glob(f"*/{META}")]
    if not studies:
        raise InputError("no study found", file=str(root), hint="start one with designspace search")
    return max(studies, key=_touched)


def _touched(directory: Path) -> float:
    ledger = directory / LEDGER
    return (ledger if ledger.exists() else directory / META).stat().st_mtime
