"""Any training on disk as the same typed record: a run's, a trial's of a study, a winner's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from designspace.errors import InputError, did_you_mean
from designspace.records.readings import study_readings
from designspace.records.run import (
    NAME,
    Attempt,
    DataFacts,
    DeviceFacts,
    Ending,
    RecipeFacts,
    Record,
    Selection,
    SpecFacts,
    moment,
    read_record,
)
from designspace.records.study.state import StudyState, Trial
from designspace.records.study.study import META, Study, StudyMeta
from designspace.records.study.trial_names import WINNER, is_study, parted, trial_of
from designspace.records.training import Score, TestReading
from designspace.spec.documents.changes import apply
from designspace.spec.documents.document import Document, Origin
from designspace.spec.documents.validation import validate
from designspace.spec.network.load import load
from designspace.spec.recipe.recipe import Recipe, load_recipe


def record_of(source: str | Path) -> Record:
    """The record of a run's directory, of a trial, or of a study's winner.

    Args:
        source: A directory of a run; `STUDY:TRIAL`; `STUDY:winner`, for which a study's directory
            stands too.

    Raises:
        InputError: There is no such thing, or its files are not valid.
    """
    named = parted(str(source))
    if named is None and not is_study(Path(source)):
        return read_record(Path(source))
    directory, word = named or (Path(source), WINNER)
    study, trial = trial_of(directory, word)
    record = trial_record(study, trial.number)
    if word != WINNER:
        return record
    best_of = study.state.count("complete")
    selection = record.selection.model_copy(update={"best_of": best_of})
    return record.model_copy(update={"selection": selection})


def records_of(source: str | Path) -> tuple[Record, ...]:
    """As `record_of`; of a directory that only holds runs, all of these, by name.

    Raises:
        InputError: As `record_of`.
    """
    directory = Path(source)
    if directory.is_dir() and not any((directory / name).is_file() for name in (NAME, META)):
        inside = sorted(path.parent for path in directory.glob(f"*/{NAME}"))
        if inside:
            return tuple(_inside(directory, run) for run in inside)
    return (record_of(source),)


def _inside(directory: Path, run: Path) -> Record:
    """A run whose own name says little without that of the directory which holds it."""
    record = read_record(run)
    return record.model_copy(update={"name": f"{directory.name}/{record.name}"})


def trial_record(study: Study, number: int) -> Record:
    """A trial of a study as a record.

    Raises:
        InputError: The study has no such trial, or its recipe is none.
    """
    meta, state = study.meta, study.state
    if number not in state.trials:
        hint = did_you_mean(str(number), map(str, state.trials)) if state.trials else None
        raise InputError(f"no trial {number}", file=str(study.directory), hint=hint)
    trial = state.trials[number]
    recipe, spec = _recipe(meta, trial), _spec(study, trial)
    return Record(
        name=f"{study.directory.name}:{number}",
        spec=spec,
        recipe=RecipeFacts.of(recipe),
        learning_rate=recipe.learning_rate,
        batch_size=recipe.batch_size,
        data=_data(study),
        input_size=meta.data.get("image_size") or load(spec.authored).input_size,
        seed=meta.seed,
        selection=Selection.of(recipe),
        attempts=(_attempt(meta, trial),),
        epochs=tuple(trial.history),
        test=_test(state, trial),
        readings=_further(state, trial),
        ended=None if trial.ended is None else moment(trial.ended),
        outcome=Ending(state=trial.state, error=trial.error, divergence=trial.divergence),
    )


def _recipe(meta: StudyMeta, trial: Trial) -> Recipe:
    written = {key: value for key, value in meta.recipe.items() if key != "digest"}
    return load_recipe(written, trial.recipe_changes)


def _spec(study: Study, trial: Trial) -> SpecFacts:
    base = study.meta.space.get("base")
    if base is None:
        raise InputError("is missing", file=str(study.directory / META), path="space.base")
    authored: dict[str, Any] = apply(Document(base), trial.changes).data
    return SpecFacts(name=authored.get("name", ""), digest=trial.digest, authored=authored)


def _data(study: Study) -> DataFacts:
    found = study.meta.data
    known = {key: found[key] for key in DataFacts.model_fields if key in found}
    return validate(DataFacts, Document(known, {(): Origin(str(study.directory / META))}))


def _attempt(meta: StudyMeta, trial: Trial) -> Attempt:
    """The study's own facts stand for all attempts at its trials."""
    where = meta.environment
    return Attempt(
        started=meta.created if trial.started is None else moment(trial.started),
        after_epochs=0,
        command=tuple(meta.command),
        device=DeviceFacts(
            kind=where.get("device", "cpu"),
            name=where.get("gpu") or where.get("cpu"),
            threads=where.get("cpus_per_trial"),
        ),
        environment=where,
        notes=tuple(epoch.note for epoch in trial.history if epoch.note),
    )


def _test(state: StudyState, trial: Trial) -> Score | None:
    """The test split's score; its loss is not a number where the ledger does not say."""
    first = state.test_of(trial.number)
    if first is None:
        return None
    loss = float("nan") if first.loss is None else first.loss
    return Score(top1=first.top1, top5=first.top5, loss=loss, n=first.n)


def _further(state: StudyState, trial: Trial) -> tuple[TestReading, ...]:
    """The readings of the study's test split beside the one that gave this trial its figure."""
    first = state.test_of(trial.number)
    pairs = zip(state.readings, study_readings(state), strict=True)
    return tuple(reading for event, reading in pairs if event is not first)
