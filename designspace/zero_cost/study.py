"""The scores of every trial of a finished study, beside the results of their training."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from designspace.errors import InputError
from designspace.images.data import Data, load_data
from designspace.records.life_cycle import FINAL
from designspace.records.measured.csv_text import csv_text
from designspace.records.measured.zero_cost import (
    RECORD,
    TABLE,
    NetworkScores,
    StudyScores,
    TrialScores,
)
from designspace.records.study.state import Trial
from designspace.records.study.study import Study, StudyMeta, load_study
from designspace.spec.documents.document import write_text_atomic
from designspace.spec.network.load import load
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe
from designspace.zero_cost.rankings import rankings
from designspace.zero_cost.registry import chosen
from designspace.zero_cost.score import Task, measure, record
from designspace.zero_cost.settings import Settings

Measured = Callable[[int, int], None]


def silent(done: int, of: int) -> None:
    """Show nothing."""


def score_study(
    directory: Path,
    *,
    seed: int | None = None,
    names: Sequence[str] | None = None,
    settings: Settings | None = None,
    command: str = "",
    on_trial: Measured = silent,
) -> StudyScores:
    """Measure the scores of every trial with the study's data and initial weights of its recipe.

    Args:
        directory: Directory of the study.
        seed: Seed as in `score`; by default the study's own, with which its trainings began.
        names: Names of scores; all by default.
        settings: Mini-batch, repeats and device; the recipe is always the study's.
        command: Command line, for the record.
        on_trial: Called after each trial with the number of trials done and in all.

    Raises:
        InputError: There is no study, it is not finished, or its data changed.
    """
    study, scores = load_study(directory), chosen(names)
    _require_finished(study)
    how = replace(settings or Settings(), recipe=_recipe(study.meta, {}))
    data, first = _data(study.meta), study.meta.seed if seed is None else seed
    found: list[TrialScores] = []
    for _, trial in sorted(study.state.trials.items()):
        own = replace(how, recipe=_recipe(study.meta, trial.recipe_changes))
        measured = measure(_network(study.meta, trial), Task(data, own, first), scores)
        found.append(_beside(trial, measured))
        on_trial(len(found), len(study.state.trials))
    ranked = [trial for trial in found if trial.state == "complete" and trial.curve]
    epochs = how.training.epochs
    return StudyScores(
        study=study.meta.name,
        ranked=len(ranked),
        epochs=epochs,
        record=record((), Task(data, how, first), scores, command),
        trials=tuple(found),
        rankings=rankings(ranked, epochs),
    )


def write(directory: Path, found: StudyScores) -> tuple[Path, Path]:
    """Write the table and the record into the study's directory, each file whole or not at all."""
    table, whole = directory / TABLE, directory / RECORD
    write_text_atomic(table, as_csv(found))
    write_text_atomic(whole, found.model_dump_json(indent=1) + "\n")
    return table, whole


def as_csv(found: StudyScores) -> str:
    """Return one row per trial: sizes, top-1 by epoch, and mean and deviation of each score."""
    names = [name for name in found.record.sources if name not in ("params", "macs")]
    epochs = [f"top1@{epoch}" for epoch in range(1, found.epochs + 1)]
    head = ["trial", "state", "digest", "params", "macs", *epochs]
    head += [column for name in names for column in (name, f"{name}_std")]
    rows: list[list[object]] = []
    for trial in found.trials:
        scores = trial.measured.scores
        unknown = [f"{name}: {scores[name].reason}" for name in names if scores[name].reason]
        curve = [*trial.curve, *[None] * found.epochs][: found.epochs]
        row: list[object] = [
            trial.trial,
            trial.state,
            trial.measured.digest,
            trial.params,
            trial.macs,
            *curve,
        ]
        row += [x for name in names for x in (scores[name].mean, scores[name].std)]
        rows.append([*row, "; ".join(unknown)])
    return csv_text([*head, "undefined"], rows)


def _require_finished(study: Study) -> None:
    state = study.state
    if not state.complete:
        done = state.count(*FINAL)
        raise InputError(
            f"the study is not finished: {done} of {state.wanted} trials ended",
            file=str(study.directory),
            hint="the command that started it continues it",
        )


def _recipe(meta: StudyMeta, changes: dict[str, Any]) -> Recipe:
    return meta.recipe.load(changes)


def _data(meta: StudyMeta) -> Data:
    data = load_data(**meta.data.load)
    if data.digest != meta.data.digest:
        raise InputError(f"the data {data.name} changed since the study began")
    return data


def _network(meta: StudyMeta, trial: Trial) -> Network:
    network = load(meta.space.base, trial.changes)
    if network.digest != trial.digest:
        raise InputError(
            f"trial {trial.number} is another network now ({network.digest}, then {trial.digest})",
            hint="score it with the version that searched it",
        )
    return network


def _beside(trial: Trial, measured: NetworkScores) -> TrialScores:
    return TrialScores(
        trial=trial.number,
        state=trial.state,
        params=trial.params,
        macs=trial.macs,
        curve=tuple(None if math.isnan(epoch.top1) else epoch.top1 for epoch in trial.history),
        measured=measured,
    )
