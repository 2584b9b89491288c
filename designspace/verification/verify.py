"""Checking networks against their known and their printed counts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from designspace.costing import cost
from designspace.spec.documents.published import Printed, rounds_to
from designspace.verification.cases import Case, cases
from designspace.verification.counters import COUNTERS, Count

Verdict = Literal["pass", "known", "fail"]


@dataclass(frozen=True, slots=True)
class PrintedCheck:
    """One printed number beside the exact count at the resolution of its row.

    Attributes:
        what: Quantity: `params` or `macs`.
        printed: Number as printed, in 1e6 parameters or 1e9 multiply-adds.
        counted: Our count in the same unit.
        resolution: Side of the image in pixels.
        source: Where the number is printed.
        note: Reason why the two may differ; None if none is known.
    """

    what: Literal["params", "macs"]
    printed: Printed
    counted: float
    resolution: int
    source: str
    note: str | None

    @property
    def agrees(self) -> bool:
        """Whether the count rounds to the printed number."""
        return rounds_to(self.counted, self.printed)


@dataclass(frozen=True, slots=True)
class Verified:
    """The counts of a network, and the numbers they were compared with.

    Attributes:
        case: The network and its known numbers.
        counts: Count of each counter; `closed form` is ours.
        printed: Each printed number beside our count.
    """

    case: Case
    counts: dict[str, Count]
    printed: tuple[PrintedCheck, ...]

    @property
    def failures(self) -> tuple[str, ...]:
        """Differences without a known reason, in words."""
        return (*self._miscounts(), *(words(p) for p in self.printed if _fails(p)))

    @property
    def known(self) -> tuple[str, ...]:
        """Differences with a known reason, in words."""
        skipped = [
            f"{name} has no rule for {', '.join(count.skipped)}"
            for name, count in self.counts.items()
            if count.skipped
        ]
        slips = [f"{words(p)}: {p.note}" for p in self.printed if not p.agrees and p.note]
        return (*skipped, *slips)

    @property
    def verdict(self) -> Verdict:
        """`pass`, `known` if all differences have a known reason, or `fail`."""
        if self.failures:
            return "fail"
        return "known" if self.known else "pass"

    def _miscounts(self) -> Iterator[str]:
        ours = self.counts["closed form"]
        expected = self.case.expected
        others = dict(self.counts)
        if expected:
            others["expected"] = Count(expected.params, expected.macs)
        for name, count in others.items():
            for what in ("params", "macs"):
                mine, theirs = getattr(ours, what), getattr(count, what)
                if theirs is not None and mine != theirs:
                    yield f"{what}: counted {mine:,}, {name} {theirs:,} ({mine - theirs:+,})"


@dataclass(frozen=True, slots=True)
class Verification:
    """The results of all networks that were verified."""

    rows: tuple[Verified, ...]

    @property
    def ok(self) -> bool:
        """Whether nothing failed."""
        return all(row.verdict != "fail" for row in self.rows)


def verify(
    names: Iterable[str] = (), *, on_row: Callable[[Verified], None] | None = None
) -> Verification:
    """Count networks in three ways, and compare with their known numbers.

    Args:
        names: Networks, ladders or `ladder:step`; by default everything that ships with known
            numbers.
        on_row: Called with each result as soon as it is ready.

    Raises:
        InputError: A name belongs to neither a network nor a ladder.
    """
    rows: list[Verified] = []
    seen: dict[tuple[str, int], dict[str, Count]] = {}
    for case in list(cases(names)):
        key = (case.network.digest, case.network.input_size)
        if key not in seen:
            seen[key] = {name: counter(case.network) for name, counter in COUNTERS.items()}
        rows.append(Verified(case, seen[key], tuple(_printed(case))))
        if on_row:
            on_row(rows[-1])
    return Verification(tuple(rows))


def _printed(case: Case) -> Iterator[PrintedCheck]:
    for row in case.published:
        if row.mparams is None and row.gmacs is None:
            continue
        table = cost(case.network, row.resolution)
        if row.mparams is not None:
            counted = table.params / 1e6
            yield PrintedCheck("params", row.mparams, counted, row.resolution, row.source, row.note)
        if row.gmacs is not None:
            counted = table.macs / 1e9
            yield PrintedCheck("macs", row.gmacs, counted, row.resolution, row.source, row.note)


def _fails(check: PrintedCheck) -> bool:
    return not check.agrees and not check.note


def words(check: PrintedCheck) -> str:
    """Describe a printed number beside our count."""
    unit = {"params": "M params", "macs": "GMACs"}[check.what]
    return (
        f"{check.source} prints {check.printed} {unit} at {check.resolution}, "
        f"counted {check.counted:.4f}"
    )
