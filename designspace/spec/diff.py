"""What differs between two networks: as decisions with names, and as paths for the rest."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, cast

from designspace.layers.frozen import Frozen
from designspace.spec.files import read_yaml
from designspace.spec.flat import Flat, flatten
from designspace.spec.load import Source, load

_MISSING = object()


class Decision(Frozen):
    """A change with a name and a reason.

    Attributes:
        name: What to call it.
        reason: What it does, in words.
        paths: Path to its new value, or to `any`; the first one is what the decision is about.
    """

    name: str
    reason: str
    paths: dict[str, Any]

    @property
    def key(self) -> str:
        """The path that the decision is about."""
        return next(iter(self.paths))

    def takes(self, path: str, value: Any) -> bool:
        """Whether a new value at a path belongs to this decision."""
        wanted = self.paths.get(path, _MISSING)
        return wanted == "any" or wanted == value or (value is None and wanted is not _MISSING)


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
    """All that differs between two networks; both empty where they are the same architecture."""

    decisions: tuple[DecisionChange, ...]
    rest: tuple[PathChange, ...]

    def __bool__(self) -> bool:
        return bool(self.decisions or self.rest)


@cache
def known_decisions() -> tuple[Decision, ...]:
    """The decisions that have a name, in the order in which they are looked for."""
    document = read_yaml(Path(__file__).with_name("decisions.yaml"))
    return tuple(Decision.model_validate(item) for item in cast("list[Any]", document.data))


def diff(a: Source, b: Source) -> Diff:
    """What must be decided otherwise to turn network `a` into network `b`.

    Raises:
        InputError: A specification is wrong.
    """
    before, after = load(a), load(b)
    if before.digest == after.digest:
        return Diff((), ())
    new = flatten(after)
    left = _differing(flatten(before), new)
    decisions: list[DecisionChange] = []
    for decision in known_decisions():
        if (
            decision.key in left
            and decision.key in new
            and decision.takes(decision.key, left[decision.key].after)
        ):
            own = [path for path in decision.paths if path in left]
            taken = [path for path in own if decision.takes(path, left[path].after)]
            changes = tuple(left.pop(path) for path in taken)
            decisions.append(DecisionChange(decision.name, decision.reason, changes))
    return Diff(tuple(decisions), tuple(left.values()))


def _differing(before: Flat, after: Flat) -> dict[str, PathChange]:
    paths = dict.fromkeys([*before, *after])
    return {
        path: PathChange(path, before.get(path), after.get(path))
        for path in paths
        if before.get(path) != after.get(path)  # what newly is there, and is off, is no difference
    }
