"""The comparison of trainings: whether it is fair, and how much their networks differ."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from designspace.comparison.groups import Group, grouped
from designspace.comparison.terms import RECIPE, Confounder, confounders, record_terms
from designspace.errors import InputError
from designspace.figures import Interval, frame, intervals, page, table
from designspace.records.as_record import records_of
from designspace.records.run import Record
from designspace.statistics.binomial import standard_error
from designspace.statistics.welch import Difference, Sample, difference


@dataclass(frozen=True, slots=True)
class Versus:
    """A group compared with the first one.

    Attributes:
        base: First group.
        group: Group that is compared with it.
        confounders: Other differences, which may also explain the difference in score.
        tuned: Values of the recipe that differ because both sides were tuned with the same budget.
        also: Other differences that should not change a score: device, versions.
    """

    base: Group
    group: Group
    confounders: tuple[Confounder, ...]
    tuned: tuple[Confounder, ...]
    also: tuple[Confounder, ...]

    def __repr__(self) -> str:
        delta = "no delta" if self.delta is None else f"{self.delta:+.2f} points"
        found = self.interval
        ends = "" if found is None else f" (95 % {found.low:+.2f} to {found.high:+.2f})"
        beside = f", confounded by {len(self.confounders)}" if self.confounders else ""
        return f"<Versus {self.group.label} against {self.base.label}: {delta}{ends}{beside}>"

    @property
    def same_network(self) -> bool:
        """Whether the networks are the same, so that only the terms differ."""
        return self.base.records[0].spec.digest == self.group.records[0].spec.digest

    @property
    def delta(self) -> float | None:
        """Mean validation top-1 minus the first group's, in percentage points; None without one."""
        if self.group.mean is None or self.base.mean is None:
            return None
        return self.group.mean - self.base.mean

    @property
    def interval(self) -> Difference | None:
        """Welch's 95 % interval over the seeds; None if a side has fewer than two."""
        samples = [
            Sample(side.mean, side.std, side.n)
            for side in (self.base, self.group)
            if side.mean is not None and side.std is not None
        ]
        return difference(samples[0], samples[1]) if len(samples) == 2 else None

    @property
    def standard_error(self) -> float | None:
        """Standard error of the delta in percentage points, from the draw of the validation images.

        It is binomial and a lower bound of the noise: the spread over seeds, which one seed cannot
        show, adds to it. None if a side has no score.
        """
        errors = [
            standard_error(side.mean, side.records[0].data.val)
            for side in (self.base, self.group)
            if side.mean is not None
        ]
        return math.hypot(*errors) if len(errors) == 2 else None


@dataclass(frozen=True, slots=True)
class Comparison:
    """Groups of trainings, each compared with the first.

    Attributes:
        groups: Groups of trainings that differ by seed alone.
        rows: Comparisons of every further group with the first one.
        left_out: Records that occur twice, one sentence each.
    """

    groups: tuple[Group, ...]
    rows: tuple[Versus, ...]
    left_out: tuple[str, ...]

    def __repr__(self) -> str:
        labels = ", ".join(group.label for group in self.groups)
        verdict = "comparable" if self.comparable else "NOT comparable"
        return f"<Comparison of {len(self.groups)} ({labels}): {verdict}>"

    def _repr_html_(self) -> str:
        """Return HTML for notebooks: each difference with its interval, and other differences."""
        deltas = [_interval(row) for row in self.rows if row.delta is not None]
        rows = [_cells(group) for group in self.groups]
        note = "; ".join(map(str, self.confounders))
        beside = f"not comparable, since these differ too: {note}" if note else ""
        title = f"validation top-1 against {self.groups[0].label}, in points"
        columns = ["network", "seeds", "mean top-1, %", "standard deviation"]
        return page(title, intervals(deltas), table(columns, rows, beside))

    def to_pandas(self) -> Any:
        """Return a `pandas.DataFrame` with one row per group, the first one included.

        Raises:
            InputError: pandas is not installed.
        """
        against = {row.group.label: row for row in self.rows}
        return frame([_plain(group, against.get(group.label)) for group in self.groups])

    @property
    def confounders(self) -> tuple[Confounder, ...]:
        """All differences besides the networks, each once."""
        return tuple(dict.fromkeys(each for row in self.rows for each in row.confounders))

    @property
    def comparable(self) -> bool:
        """Whether only the networks (and the seeds) differ."""
        return not self.confounders


def _interval(row: Versus) -> Interval:
    found = row.interval
    ends = (None, None) if found is None else (found.low, found.high)
    return Interval(row.group.label, row.delta or 0.0, *ends)


def _cells(group: Group) -> list[str]:
    figures = ["-" if value is None else f"{value:.2f}" for value in (group.mean, group.std)]
    return [group.label, " ".join(map(str, group.seeds)), *figures]


def _plain(group: Group, row: Versus | None) -> dict[str, Any]:
    found = None if row is None else row.interval
    return {
        "network": group.label,
        "n": group.n,
        "top1": group.mean,
        "std": group.std,
        "delta": None if row is None else row.delta,
        "low": None if found is None else found.low,
        "high": None if found is None else found.high,
        "comparable": row is None or not row.confounders,
    }


def compare(*records: Record | str | Path) -> Comparison:
    """Compare trainings with the first of them.

    Args:
        records: Two or more of: records; directories of runs, or of nothing but runs; studies,
            which stand for their winners; trials, as `study:number`.

    Raises:
        InputError: A source holds no training, or fewer than two are given.
    """
    read: list[Record] = []
    for each in records:
        read += [each] if isinstance(each, Record) else records_of(each)
    if len(read) < 2:
        raise InputError(f"a comparison needs two trainings, but {len(read)} is given")
    groups, left_out = grouped(read)
    return Comparison(groups, tuple(_versus(groups[0], group) for group in groups[1:]), left_out)


def _versus(base: Group, group: Group) -> Versus:
    a, b = base.records[0], group.records[0]
    tuned = _tuned_paths(a, b)
    found = [_named(each, a, b) for each in confounders(record_terms(a), record_terms(b))]
    alike = tuple(each for each in found if each.path in tuned)
    other = tuple(each for each in found if each.path not in tuned)
    return Versus(base, group, other, alike, _also(a, b))


def _tuned_paths(a: Record, b: Record) -> set[str]:
    """Return the paths that both sides tuned with the same budget."""
    if a.tuning is None or b.tuning is None or a.tuning.budget != b.tuning.budget:
        return set()
    return {f"{RECIPE}{path}" for path in a.tuning.budget.ranges}


def _named(found: Confounder, a: Record, b: Record) -> Confounder:
    """Return a data confounder with the names of the data beside the digests that differ."""
    if found.path != "data":
        return found
    return Confounder("data", *(f"{side.data.name} ({side.data.digest})" for side in (a, b)))


def _also(a: Record, b: Record) -> tuple[Confounder, ...]:
    return confounders(_circumstances(a), _circumstances(b))


def _circumstances(record: Record) -> dict[str, str | None]:
    versions = record.attempts[-1].environment
    packages: Sequence[str] = ("designspace-vision", "torch", "timm")
    return {"device": record.device.name or record.device.kind} | {
        package: versions.get(package) for package in packages
    }
