"""Groups of trainings that differ only by their seed, each treated as one sample."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean, stdev
from typing import Any

from designspace.comparison.terms import record_terms
from designspace.records.run import Record
from designspace.records.study.state import rank


@dataclass(frozen=True, slots=True)
class Group:
    """Trainings of one network on the same terms, one per seed.

    Attributes:
        label: Name in tables.
        records: Records of the trainings, in the order given.
    """

    label: str
    records: tuple[Record, ...]

    def __repr__(self) -> str:
        mean = "no score" if self.mean is None else f"{self.mean:.2f}"
        spread = "" if self.std is None else f" ± {self.std:.2f}"
        return f"<Group {self.label}: top-1 {mean}{spread}, n = {self.n}>"

    @property
    def top1(self) -> tuple[float, ...]:
        """Validation top-1 in percent of the trainings that have a score and did not diverge."""
        return tuple(record.top1 or 0.0 for record in self.records if _scored(record))

    @property
    def n(self) -> int:
        """Number of trainings with a score."""
        return len(self.top1)

    @property
    def mean(self) -> float | None:
        """Mean validation top-1 in percent; None if no training has a score."""
        return fmean(self.top1) if self.top1 else None

    @property
    def std(self) -> float | None:
        """Sample standard deviation over the seeds; None for fewer than two."""
        return stdev(self.top1) if self.n > 1 else None

    @property
    def seeds(self) -> tuple[int, ...]:
        """Seeds of all trainings."""
        return tuple(record.seed for record in self.records)

    @property
    def diverged(self) -> int:
        """Number of trainings that diverged."""
        return sum(record.outcome.state == "diverged" for record in self.records)

    @property
    def failed(self) -> tuple[Record, ...]:
        """Trainings that failed, and may be resumed."""
        return tuple(record for record in self.records if record.outcome.state == "failed")

    @property
    def tests(self) -> tuple[float, ...]:
        """First test top-1 in percent of the trainings whose test split was read."""
        return tuple(record.test.top1 for record in self.records if record.test)

    @property
    def readings(self) -> tuple[int, ...]:
        """Number of readings of the test split for each value of `tests`."""
        return tuple(record.times_tested for record in self.records if record.test)

    @property
    def epochs(self) -> str:
        """Number of trained epochs, with the wanted number if some are missing."""
        return str(record_terms(self.records[0])["epochs"])


def grouped(records: Sequence[Record]) -> tuple[tuple[Group, ...], tuple[str, ...]]:
    """Return the groups in the order of their first members, and what was left out.

    A seed counts once per group, even if it is listed twice.
    """
    groups: dict[str, dict[int, Record]] = {}
    left_out: list[str] = []
    for record in records:
        seeds = groups.setdefault(_key(record), {})
        if record.seed in seeds:
            first = seeds[record.seed].name
            left_out.append(f"{record.name} is {first} again (seed {record.seed}): left out")
        else:
            seeds[record.seed] = record
    members = [tuple(seeds.values()) for seeds in groups.values()]
    labels = _labels(members)
    pairs = zip(labels, members, strict=True)
    return tuple(Group(label, records) for label, records in pairs), tuple(left_out)


def _key(record: Record) -> str:
    terms: dict[str, Any] = record_terms(record)
    return f"{record.spec.digest} {sorted(terms.items())}"


def _scored(record: Record) -> bool:
    return record.outcome.state != "diverged" and rank(record.top1) >= 0


def _labels(groups: Sequence[Sequence[Record]]) -> list[str]:
    """Return the networks' names if they are unique, else the name of the directory or training."""
    names = [records[0].spec.name for records in groups]
    return [
        name if name and names.count(name) == 1 else _place(records)
        for name, records in zip(names, groups, strict=True)
    ]


def _place(records: Sequence[Record]) -> str:
    """Return the directory that holds several records, else the first one's own name."""
    places = {record.name.rpartition("/")[0] for record in records}
    shared = places.pop() if len(records) > 1 and len(places) == 1 else ""
    return shared or records[0].name
