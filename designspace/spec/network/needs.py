"""What decisions need, looked up in networks.

A decision is in force where a network has its value at the path that it is about: `depthwise` where
`block.spatial.groups` is `depthwise`. `inverted_bottleneck` needs `depthwise`; so a network that
newly has `block.wide: middle`, with dense convolutions, lacks something that the change needs. All
of it is looked up stage by stage, since a change may concern one of them only. A path that a
network does not have (no groups, since attention mixes the positions) is not lacking.
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
    """A decision that a network takes without another one, which it needs.

    Attributes:
        decision: The decision that was taken.
        needs: The one that it needs.
        path: What that one is about.
        wanted: The value that it would have there.
        found: The value that is there, in the first stage concerned.
    """

    decision: str
    needs: str
    path: str
    wanted: Any
    found: Any

    def __str__(self) -> str:
        return f"{self.decision} needs {self.needs} ({self.path}: {self.wanted}, not {self.found})"


def with_needs() -> list[Decision]:
    """The known decisions that need another one."""
    return [decision for decision in known_decisions().values() if decision.needs]


def taken(before: Flat, after: Flat) -> set[str]:
    """Names of the decisions that are in force in a stage of `after`, and were not in `before`."""
    return {
        decision.name
        for decision in known_decisions().values()
        if decision.value is not None and _new_stages(decision, before, after)
    }


def missing_needs(before: Flat, after: Flat) -> tuple[MissingNeed, ...]:
    """What the decisions that turn one network into another need, and the other does not have."""
    return tuple(missing for each in with_needs() for missing in _missing(each, before, after))


def _missing(decision: Decision, before: Flat, after: Flat) -> Iterator[MissingNeed]:
    stages = _new_stages(decision, before, after)
    for needed in (known_decisions()[name] for name in decision.needs):
        found = [pick(after.get(needed.key), stage) for stage in stages]
        wrong = [value for value in found if value not in (None, needed.value)]
        if wrong:
            yield MissingNeed(decision.name, needed.name, needed.key, needed.value, wrong[0])


def _new_stages(decision: Decision, before: Flat, after: Flat) -> list[int]:
    """The stages in which a decision is newly in force; every stage has what they all share."""
    old, new = before.get(decision.key), after.get(decision.key)
    if old == new:
        return []
    count = max((length for flat in (before, after) for length in lengths(flat)), default=1)
    return [
        stage for stage in range(count) if pick(new, stage) == decision.value != pick(old, stage)
    ]
