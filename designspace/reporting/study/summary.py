"""All results of a study report as plain data, prepared once for page, files and terminal."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime

from designspace.comparison.terms import confounded
from designspace.costing import BY_TORCH, DAGGER
from designspace.records.life_cycle import FINAL
from designspace.records.study.events import SplitRead
from designspace.records.study.study import Study, StudyMeta
from designspace.reporting.drawing.numbers import (
    MacsUnit,
    count_of,
    decimals_for,
    fixed,
    macs_unit,
    percent_decimals,
)
from designspace.reporting.study.frontier import front_members
from designspace.reporting.study.rows import Row, rows
from designspace.statistics.binomial import standard_error

_ALWAYS = ("complete", "stopped")  # states that are named even if no trial has them


@dataclass(frozen=True, slots=True)
class Summary:
    """All results that the report of a study shows.

    Attributes:
        rows: All trials by number.
        front: Non-dominated trials, the cheapest first.
        winner: Complete trial with the highest validation top-1; None before there is one.
        reference: Trial 0, with which the others are compared; None before it was proposed.
        tested: Test score of the winner; None if the test split was not read for it.
        readings: Every reading of the test split, oldest first.
        confounders: Differences between the complete trials other than their networks, by path.
        noise: Standard error of the winner's validation top-1 in points; None if unknown.
        updated: UTC time of the last event; None for an empty ledger.
        complete: Whether the study has ended.
    """

    meta: StudyMeta
    wanted: int
    rows: tuple[Row, ...]
    front: tuple[Row, ...]
    winner: Row | None
    reference: Row | None
    tested: SplitRead | None
    readings: tuple[SplitRead, ...]
    confounders: tuple[str, ...]
    noise: float | None
    updated: datetime | None
    complete: bool
    interrupted: bool

    @property
    def reference_name(self) -> str:
        """Name of trial 0: "the base", unless trial 0 is only the network nearest to it."""
        return "trial 0" if self.reference and not self.reference.is_base else "the base"

    def count(self, *states: str) -> int:
        """Count the trials in any of these states."""
        return sum(row.state in states for row in self.rows)

    @property
    def recipes(self) -> int:
        """Number of different trial recipes; 0 if all trials share the study's recipe."""
        return len({row.recipe for row in self.rows if row.recipe})

    @property
    def validation_count(self) -> int | None:
        """Number of images in the validation split; None if the study does not say."""
        count = self.meta.data.val
        return count if count > 0 else None

    @property
    def percent_decimals(self) -> int:
        """Decimals of every top-1."""
        return percent_decimals(self.validation_count)

    @property
    def macs_unit(self) -> MacsUnit:
        """Unit of all multiply-adds."""
        return macs_unit(row.macs for row in self.rows)

    def macs(self, row: Row) -> str:
        """Format a trial's multiply-adds in that unit, with a dagger if torch counted them."""
        size = self.macs_unit.size
        text = fixed(row.macs / size, decimals_for(row.macs / size for row in self.rows))
        return text + DAGGER * row.by_torch

    @property
    def counting(self) -> str:
        """Meaning of the dagger if any trial has one, else empty."""
        return BY_TORCH if any(row.by_torch for row in self.rows) else ""

    @property
    def mparams_decimals(self) -> int:
        """Decimals of every parameter count in millions."""
        return decimals_for(row.params / 1e6 for row in self.rows)

    @property
    def ordered(self) -> list[Row]:
        """The front, then the other complete ones by falling top-1, then the rest by number."""
        others = [row for row in self.rows if not row.on_front]
        return [*self.front, *sorted(others, key=_standing)]

    @property
    def within_noise(self) -> list[Row]:
        """Complete trials within one standard error of the winner."""
        if self.winner is None or self.winner.top1 is None or self.noise is None:
            return []
        least = self.winner.top1 - self.noise
        return [
            row
            for row in self.rows
            if row.state == "complete" and not row.is_winner and (row.top1 or -1.0) >= least
        ]

    @property
    def standing(self) -> str:
        """State of the study in a sentence: complete, interrupted or not complete, with counts."""
        ended = self.count(*FINAL)
        shown = [status for status in FINAL if status in _ALWAYS or self.count(status)]
        parts = [f"{self.count(status)} {status}" for status in shown]
        if self.complete:
            return f"Complete: {count_of(ended, 'trial')} ({', '.join(parts)})."
        cause = "Interrupted" if self.interrupted else "Not complete"
        return f"{cause}: {ended} of {count_of(self.wanted, 'trial')} ended ({', '.join(parts)})."


def summarize(study: Study) -> Summary:
    """Compute everything that the report shows from the current state of a study."""
    trials = rows(study.state)
    winner = next((row for row in trials if row.is_winner), None)
    updated = study.state.updated
    return Summary(
        meta=study.meta,
        wanted=study.state.wanted or study.meta.trials,
        rows=tuple(trials),
        front=tuple(front_members(trials)),
        winner=winner,
        reference=next((row for row in trials if row.number == 0), None),
        tested=study.state.tested,
        readings=tuple(study.state.readings),
        confounders=confounded(study.meta, study.state),
        noise=_noise(winner, study.meta.data.val),
        updated=None if updated is None else datetime.fromtimestamp(updated, UTC),
        complete=study.state.complete,
        interrupted=study.state.action == "interrupted",
    )


def _noise(winner: Row | None, count: object) -> float | None:
    if winner is None or winner.top1 is None or not isinstance(count, int) or count <= 0:
        return None
    return standard_error(winner.top1, count)


def _standing(row: Row) -> tuple[bool, float, int]:
    complete = row.state == "complete"
    return not complete, -(row.top1 or 0.0) if complete else 0.0, row.number
