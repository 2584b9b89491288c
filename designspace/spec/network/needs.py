"""The needs of decisions, checked in networks.

A decision is in force in a network if the network has the decision's value at its first path. For
example, `depthwise` is in force if `block.spatial.groups` is `depthwise`. `inverted_bottleneck`
needs `depthwise`; so a network that newly has `block.wide: middle` together with dense convolutions
lacks something that the change needs. All checks go stage by stage, since a change may concern a
single stage. A path that a network does not have (no groups, because attention mixes the positions)
is not lacking.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from designspace.spec.documents.decisions import Decision, known_decisions
from designspace.spec.documents.per_stage import lengths, pick
from designspace.spec.network.flatten import Flat


@dataclass(frozen=True, slots=True)
class MissingNeed:
    """A decision that a network takes without another one that it needs.

    Attributes:
        decision: Name of the decision that was taken.
        needs: Name of the decision that it needs.
        path: Path that the needed decision is about.
        wanted: Value that the needed decision has there.
        found: Value of the network there, in the first stage with another value.
    """

    decision: str
    needs: str
    path: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.decision} needs {self.needs} ({self.path}: {self.wanted}, not {self.found})"


def with_needs() -> list[Decision]:
    """Return the known decisions that need another one."""
    return [decision for decision in known_decisions().values() if decision.needs]


def taken(before: Flat, after: Flat) -> set[str]:
    """Return the names of the decisions that are newly in force in some stage of `after`."""
    return {
        decision.name
        for decision in known_decisions().values()
        if decision.value is not None and _new_stages(decision, before, after)
    }


def missing_needs(before: Flat, after: Flat) -> tuple[MissingNeed, ...]:
    """Return the needs of the decisions from `before` to `after` that `after` does not meet."""
    return tuple(missing for each in with_needs() for missing in _missing(each, before, after))


def _missing(decision: Decision, before: Flat, after: Flat) -> Iterator[MissingNeed]:
    stages = _new_stages(decision, before, after)
    for needed in (known_decisions()[name] for name in decision.needs):
        found = [pick(after.get(needed.key), stage) for stage in stages]
        wrong = [value for value in found if value not in (None, needed.value)]
        if wrong:
            yield MissingNeed(decision.name, needed.name, needed.key, needed.value, wrong[0])


def _new_stages(decision: Decision, before: Flat, after: Flat) -> list[int]:
    """Return the stages in which a decision is newly in force; a shared value counts for all."""
    old, new = before.get(decision.key), after.get(decision.key)
    if old == new:
        return []
    count = max((length for flat in (before, after) for length in lengths(flat)), default=1)
    return [
        stage for stage in range(count) if pick(new, stage) == decision.value != pick(old, stage)
    ]
