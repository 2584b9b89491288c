"""The difference between two networks: named decisions, and paths for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from designspace.spec.documents.decisions import known_decisions
from designspace.spec.documents.ladder_file import RECIPE
from designspace.spec.network.flatten import Flat, flatten
from designspace.spec.network.load import Source, load, step_of
from designspace.spec.network.needs import MissingNeed, missing_needs


@dataclass(frozen=True, slots=True)
class PathChange:
    """The two values at a path; None if the path has no meaning in that network."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class DecisionChange:
    """A decision in which two networks differ, with the paths that it covers."""

    name: str
    reason: str
    changes: tuple[PathChange, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """All differences between two networks; empty if they have the same architecture.

    Attributes:
        decisions: Differences that have a name.
        rest: Differences at other paths.
        missing: Decisions that the second network's new decisions need and that it does not have.
    """

    decisions: tuple[DecisionChange, ...]
    rest: tuple[PathChange, ...]
    missing: tuple[MissingNeed, ...] = ()

    def __repr__(self) -> str:
        names = [decision.name for decision in self.decisions]
        names += [change.path for change in self.rest]
        shown = ", ".join(names[:8]) + (", ..." if len(names) > 8 else "")
        return f"<Diff of {len(names)}: {shown}>" if names else "<Diff: the same architecture>"

    def __bool__(self) -> bool:
        return bool(self.decisions or self.rest)


def diff(a: Source, b: Source) -> Diff:
    """Return the decisions that turn network `a` into network `b`.

    For two steps of ladders, named `ladder:step`, the recipes are compared too.

    Raises:
        InputError: A specification is wrong.
    """
    left = _recipes(a, b)
    before, after = load(a), load(b)
    old, new = flatten(before), flatten(after)
    if before.digest != after.digest:
        left |= _differing(old, new)
    decisions: list[DecisionChange] = []
    for decision in known_decisions().values():
        change = left.get(decision.key)
        stands = decision.key in new or decision.key == RECIPE  # not for removed paths
        if change is not None and stands and decision.takes(decision.key, change.after):
            own = [path for path in decision.paths if path in left]
            taken = [path for path in own if decision.takes(path, left[path].after)]
            changes = tuple(left.pop(path) for path in taken)
            decisions.append(DecisionChange(decision.name, decision.reason, changes))
    return Diff(tuple(decisions), tuple(left.values()), missing_needs(old, new))


def _differing(before: Flat, after: Flat) -> dict[str, PathChange]:
    paths = dict.fromkeys([*before, *after])
    return {
        path: PathChange(path, before.get(path), after.get(path))
        for path in paths
        if before.get(path) != after.get(path)  # a new path whose value is None is no difference
    }


def _recipes(a: Source, b: Source) -> dict[str, PathChange]:
    """Return the change of recipe if both sides are steps of ladders that name one."""
    before, after = step_of(a), step_of(b)
    if not (before and after and before.recipe and after.recipe):
        return {}
    return _differing({RECIPE: before.recipe}, {RECIPE: after.recipe})
