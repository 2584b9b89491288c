"""A study in Python: its trials, its winner, its frontier, and its report."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from designspace.api.results import TrialResult
from designspace.errors import InputError, did_you_mean
from designspace.figures import frame, page, table
from designspace.records.study.state import Trial
from designspace.records.study.study import Study, load_study
from designspace.records.study.trial_names import winner_of
from designspace.reporting.study.outputs import Outputs

_COLUMNS = ["trial", "state", "epochs", "top1", "params", "macs", "acts"]


@dataclass(frozen=True, repr=False, eq=False)
class StudyResult:
    """A study in its state when it was read; also a sequence of its trials.

    Attributes:
        directory: Directory of the study.
        notes: Events of the search that concern trials, one sentence each.
        interrupted: Whether the search that returned this was stopped from outside.
    """

    directory: Path
    notes: tuple[str, ...] = ()
    interrupted: bool = False

    @cached_property
    def study(self) -> Study:
        """The files of the study as data: `meta` describes it, `state` is its present state."""
        return load_study(self.directory)

    @property
    def complete(self) -> bool:
        """Whether the study is complete."""
        return self.study.state.complete

    @cached_property
    def trials(self) -> tuple[TrialResult, ...]:
        """All trials, by number."""
        return tuple(self._result(trial) for trial in self.study.state.trials.values())

    @property
    def winner(self) -> TrialResult:
        """The completed trial of highest validation top-1; among equals, the one with fewest MACs.

        Raises:
            InputError: No trial is complete yet, or the study has several objectives.
        """
        return self._result(winner_of(self.study))

    def frontier(self) -> tuple[TrialResult, ...]:
        """Return the completed trials that no other dominates in top-1 and multiply-adds."""
        front = sorted(self.study.state.front, key=lambda trial: (trial.macs, trial.number))
        return tuple(map(self._result, front))

    def __len__(self) -> int:
        return len(self.study.state.trials)

    def __iter__(self) -> Iterator[TrialResult]:
        return iter(self.trials)

    def __getitem__(self, number: int) -> TrialResult:
        """Return the trial of a number.

        Raises:
            InputError: There is no such trial; the message names the nearest.
        """
        trials = self.study.state.trials
        if number not in trials:
            hint = did_you_mean(str(number), map(str, trials)) if trials else None
            raise InputError(f"no trial {number}", file=str(self.directory), hint=hint)
        return self._result(trials[number])

    def report(self) -> Outputs:
        """Write `report.html`, `frontier.png`, `summary.csv`, `summary.json`; return the paths."""
        from designspace.reporting import write

        return write(self.directory)

    def rows(self) -> list[dict[str, Any]]:
        """Return one row per trial, as plain data: counts, scores, and the choice of each axis."""
        return [_row(trial) for trial in self.study.state.trials.values()]

    def to_pandas(self) -> Any:
        """Return `rows()` as a `pandas.DataFrame`.

        Raises:
            InputError: pandas is not installed.
        """
        return frame(self.rows())

    @property
    def _title(self) -> str:
        state = self.study.state
        known = state.winner
        best = "" if known is None else f", winner {known.number} with top-1 {known.top1:.2f}"
        standing = "complete" if state.complete else "not complete"
        return f"{self.directory}: {len(self)} trials, {standing}{best}"

    def __repr__(self) -> str:
        return f"<StudyResult {self._title}>"

    def _repr_html_(self) -> str:
        """Return HTML for notebooks: the frontier as in the report, and the trials, best first."""
        from designspace.reporting.drawing import render
        from designspace.reporting.drawing.canvas import Canvas
        from designspace.reporting.study.charts import frontier_chart
        from designspace.reporting.study.frontier import frontier
        from designspace.reporting.study.rows import rows

        found = frontier(rows(self.study.state))
        drawn = render.svg(frontier_chart(found, Canvas(640, 360))) if found.marks else ""
        drawn = re.sub(r"</?a\b[^>]*>", "", drawn)  # links to rows of the report's page
        best = sorted(self.rows(), key=lambda row: -(row["top1"] or -1.0))
        cells = [[_cell(row[key]) for key in _COLUMNS] for row in best]
        return page(self._title, drawn, table(_COLUMNS, cells))

    def _result(self, trial: Trial) -> TrialResult:
        return TrialResult(self.study, trial)


def study(directory: str | Path) -> StudyResult:
    """Read a study in its present state; it may be running.

    Args:
        directory: Directory of the study.

    Raises:
        InputError: There is no study, or its files are not valid.
    """
    found = StudyResult(Path(directory))
    _ = found.study
    return found


def _cell(value: object) -> str:
    """Return a value as text for people."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:.2f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def _row(trial: Trial) -> dict[str, Any]:
    return {
        "trial": trial.number,
        "state": trial.state,
        "epochs": trial.epochs,
        "top1": trial.top1,
        "params": trial.params,
        "macs": trial.macs,
        "acts": trial.acts,
        "digest": trial.digest,
        "seconds": trial.seconds,
        **trial.point,
    }
