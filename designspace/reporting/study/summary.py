"""A study as the report tells it: plain data, prepared once for page, files and terminal."""

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

_ALWAYS = ("complete", "stopped")  # statuses that are named even where no trial has them


@dataclass(frozen=True, slots=True)
class Summary:
    """What the report says about a study.

    Attributes:
        rows: All trials by number.
        front: The non-dominated ones, the cheapest first.
        winner: The complete trial of highest validation top-1, None before there is one.
        reference: Trial 0, with which the others are compared; None before it was proposed.
        tested: The test split's score of the winner; None where it was not read for it.
        readings: Every reading of the test split, oldest first.
        confounders: What the complete trials differ in beside their networks, by path.
        noise: Standard error in points of the winner's validation top-1; None where unknown.
        updated: UTC time of the last event, None for an empty ledger.
        complete: Whether the study came to its end.
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
        """What to call trial 0: the base, where it is."""
        return "trial 0" if self.reference and not self.reference.is_base else "the base"

    def count(self, *states: str) -> int:
        """How many trials are in any of these states."""
        return sum(row.state in states for row in self.rows)

    @property
    def recipes(self) -> int:
        """How many recipes the trials differ by; 0 where all share the study's."""
        return len({row.recipe for row in self.rows if row.recipe})

    @property
    def validation_count(self) -> int | None:
        """Images of the validation split, None where the study does not say."""
        count = self.meta.data.val
        return count if count > 0 else None

    @property
    def percent_decimals(self) -> int:
        """Decimals of every top-1."""
        return percent_decimals(self.validation_count)

    @property
    def macs_unit(self) -> MacsUnit:
        """The unit of all multiply-adds."""
        return macs_unit(row.macs for row in self.rows)

    def macs(self, row: Row) -> str:
        """A trial's multiply-adds in that unit, with a dagger where torch counted them."""
        size = self.macs_unit.size
        text = fixed(row.macs / size, decimals_for(row.macs / size for row in self.rows))
        return text + DAGGER * row.by_torch

    @property
    def counting(self) -> str:
        """What the dagger means, where one stands anywhere; empty elsewhere."""
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
        """Finished trials that one standard error does not tell from the winner."""
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
        """Whether the study is over, in a sentence."""
        ended = self.count(*FINAL)
        shown = [status for status in FINAL if status in _ALWAYS or self.count(status)]
        parts = [f"{self.count(status)} {status}" for status in shown]
        if self.complete:
            return f"Complete: {count_of(ended, 'trial')} ({', '.join(parts)})."
        cause = "Interrupted" if self.interrupted else "Not complete"
        return f"{cause}: {ended} of {count_of(self.wanted, 'trial')} ended ({', '.join(parts)})."


def summarize(study: Study) -> Summary:
    """Everything that the report says, from a study as it stands."""
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
