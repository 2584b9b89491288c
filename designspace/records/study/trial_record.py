"""The record of a trial: the same `record.json` as that of a run, derived from the study's ledger.

A search writes it after each event of the trial. The ledger remains authoritative: after a kill
between the two writes, the file is one event behind, and the next search writes it again.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from designspace.errors import InputError
from designspace.records.facts import DeviceFacts, RecipeFacts, SpecFacts
from designspace.records.life_cycle import UNFINISHED
from designspace.records.run import Attempt, Ending, Record, Selection, moment, write_record
from designspace.records.study.events import Event, Proposed, SplitRead, StudyChanged
from designspace.records.study.kept_files import trial_directory
from designspace.records.study.state import StudyState, Trial
from designspace.records.study.study import META, Study, StudyMeta
from designspace.records.training import Epoch, Score, TestReading
from designspace.spec.documents.changes import apply
from designspace.spec.documents.document import Document
from designspace.spec.documents.needed_plugins import PLUGINS
from designspace.spec.network.load import load


def trial_record(study: Study, trial: Trial) -> Record:
    """Return the record of a trial.

    Raises:
        InputError: The study does not name its base network, or its recipe is not valid.
    """
    meta = study.meta
    recipe, spec = meta.recipe.load(trial.recipe_changes), _spec(study, trial)
    fixed = Record(
        name=f"{study.directory.name}:{trial.number}",
        spec=spec,
        recipe=RecipeFacts.of(recipe),
        learning_rate=recipe.learning_rate,
        batch_size=recipe.batch_size,
        data=meta.data,
        input_size=meta.data.image_size or load(spec.authored).input_size,
        seed=meta.seed,
        selection=Selection.of(recipe),
        attempts=_attempts(meta, trial),
    )
    return up_to_date(fixed, study, trial)


def up_to_date(record: Record, study: Study, trial: Trial) -> Record:
    """Return the record with the trial's present attempts, epochs, readings and outcome."""
    own = [reading for reading in study.state.readings if reading.trial == trial.number]
    changes: dict[str, Any] = {
        "attempts": _attempts(study.meta, trial),
        "epochs": tuple(trial.history),
        "test": _score(own[0]) if own else None,
        "readings": tuple(reading_of(event) for event in own[1:]),
        "ended": None if trial.ended is None else moment(trial.ended),
        "outcome": Ending(state=trial.state, error=trial.error, divergence=trial.divergence),
    }
    return record.model_copy(update=changes)


def reading_of(event: SplitRead) -> TestReading:
    """Return the reading of the test split that an event records."""
    return TestReading(**event.model_dump(exclude={"event", "time"}), when=moment(event.time))


class Recorder:
    """An observer of a study that writes the records of its trials.

    The constant part of a record is computed once per live trial.
    """

    def __init__(self, directory: Path, meta: StudyMeta) -> None:
        """Prepare to record the trials of the study in a directory."""
        self._directory, self._meta = directory, meta
        self._live: dict[int, Record] = {}

    def __call__(self, event: Event, state: StudyState) -> None:
        """Write the records that an event changes; `state` is the state after the event.

        Raises:
            InputError: The disk is full or not writable.
        """
        match event:
            case Proposed():
                return
            case StudyChanged():
                unfinished = [trial for trial in state.trials.values() if trial.state in UNFINISHED]
                for trial in unfinished:
                    self._write(state, trial)
            case _:
                self._write(state, state.trials[event.trial])

    def catch_up(self, events: Sequence[Event], state: StudyState) -> None:
        """Write the one record that may be behind the ledger after a kill.

        Each record is written before the next event, so only the last event can be missing.
        """
        for event in reversed(events):
            if not isinstance(event, StudyChanged):
                self._write(state, state.trials[event.trial])
                return

    def _write(self, state: StudyState, trial: Trial) -> None:
        if not trial.starts:
            return
        study, known = Study(self._directory, self._meta, state), self._live.pop(trial.number, None)
        record = up_to_date(known, study, trial) if known else trial_record(study, trial)
        write_record(trial_directory(self._directory, trial.number), record)
        if trial.ended is None:
            self._live[trial.number] = record


def _score(event: SplitRead) -> Score:
    """Return the score of a reading; its loss is NaN if the ledger does not say."""
    loss = float("nan") if event.loss is None else event.loss
    return Score(top1=event.top1, top5=event.top5, loss=loss, n=event.n)


def _spec(study: Study, trial: Trial) -> SpecFacts:
    base = study.meta.space.base
    if base is None:
        raise InputError("is missing", file=str(study.directory / META), path="space.authored.base")
    authored: dict[str, Any] = apply(Document(base), trial.changes).data
    if study.meta.plugins:
        authored[PLUGINS] = study.meta.plugins
    return SpecFacts(name=authored.get("name", ""), digest=trial.digest, authored=authored)


def _attempts(meta: StudyMeta, trial: Trial) -> tuple[Attempt, ...]:
    """Return one attempt per start; before the first start, the attempt to come."""
    starts = [(moment(start.time), start.epoch) for start in trial.starts] or [(meta.created, 0)]
    ends = [*(epoch for _, epoch in starts[1:]), trial.epochs]
    return tuple(
        _attempt(meta, when, first, trial.history[first:end])
        for (when, first), end in zip(starts, ends, strict=True)
    )


def _attempt(meta: StudyMeta, started: str, after: int, epochs: list[Epoch]) -> Attempt:
    """Return an attempt; command, device and environment are those of the study."""
    environment = meta.environment
    return Attempt(
        started=started,
        after_epochs=after,
        command=tuple(meta.command),
        device=DeviceFacts(
            kind=environment.get("device", "cpu"),
            name=environment.get("gpu") or environment.get("cpu"),
            threads=environment.get("cpus_per_trial"),
        ),
        environment=environment,
        notes=tuple(epoch.note for epoch in epochs if epoch.note),
    )
