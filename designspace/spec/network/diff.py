"""What differs between two networks: as decisions with names, and as paths for the rest."""

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
    """Two values at a path; None where the path has no meaning in that network."""

    path: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class DecisionChange:
    """A decision that differs, with its paths."""

    name: str
    reason: str
    changes: tuple[PathChange, ...]


@dataclass(frozen=True, slots=True)
class Diff:
    """All that differs between two networks; all empty where they are the same architecture.

    Attributes:
        decisions: What differs and has a name.
        rest: The other paths.
        missing: What the second network's new decisions need, and it does not have.
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
    """What must be decided otherwise to turn network `a` into network `b`.

    Between two steps of ladders, named `ladder:step`, the recipe is compared too.

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
        stands = decision.key in new or decision.key == RECIPE  # not for what has gone
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
        if before.get(path) != after.get(path)  # what newly is there, and is off, is no difference
    }


def _recipes(a: Source, b: Source) -> dict[str, PathChange]:
    """The recipe's change, where both sides are steps of ladders that name one."""
    before, after = step_of(a), step_of(b)
    if not (before and after and before.recipe and after.recipe):
        return {}
    return _differing({RECIPE: before.recipe}, {RECIPE: after.recipe})
