"""Decisions: changes that have a name and a reason, told once for `diff` and for ladders."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any, cast

from designspace.errors import InputError
from designspace.layers.frozen import Frozen
from designspace.spec.documents.document import Document, read_yaml
from designspace.spec.documents.validation import validate

_MISSING = object()
_ANY = "any"


class Decision(Frozen):
    """A change with a name and a reason.

    Attributes:
        name: What to call it.
        reason: What it does, in words.
        paths: Path to its new value, or to `any`; the first one is what the decision is about.
        needs: Names of decisions without which it makes no sense. It and they must determine the
            value of the path that they are about.
    """

    name: str
    reason: str
    paths: dict[str, Any]
    needs: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The path that the decision is about."""
        return next(iter(self.paths))

    @property
    def value(self) -> Any:
        """The value that the decision determines at its key; None where that is open."""
        return self.settled.get(self.key)

    @property
    def settled(self) -> dict[str, Any]:
        """The changes whose value the decision itself determines."""
        return {path: value for path, value in self.paths.items() if value != _ANY}

    def takes(self, path: str, value: Any) -> bool:
        """Whether a new value at a path belongs to this decision."""
        wanted = self.paths.get(path, _MISSING)
        return wanted in (_ANY, value) or (value is None and wanted is not _MISSING)


def decide(name: str, reason: str, paths: Mapping[str, Any]) -> Decision:
    """Give a change a name from outside the package, for `diff` and for ladders.

    A plug-in calls it when it is loaded, for example
    `decide("gate", "a gate over a context", {"block.mixer": {"kind": "gate"}})`. The same module
    may name it again, as a file does that is loaded again after a change.

    Args:
        name: What to call the decision.
        reason: What it does, in words.
        paths: Path to its new value, or to `any`; the first one is what the decision is about.

    Raises:
        InputError: Another module has a decision of that name, or a value is wrong.
    """
    frame = inspect.currentframe()
    caller = frame.f_back if frame else None
    module = str(caller.f_globals.get("__name__")) if caller else ""
    if name in known_decisions() and _outside.get(name) != module:
        origin = _outside.get(name, "the package")
        raise InputError(f"the decision '{name}' is defined already, in {origin}")
    written = {"name": name, "reason": reason, "paths": dict(paths)}
    decision = validate(Decision, Document(written))
    if not decision.paths:
        raise InputError(f"the decision '{name}' changes nothing", hint="give it a path")
    known_decisions()[name], _outside[name] = decision, module
    return decision


_outside: dict[str, str] = {}


@cache
def known_decisions() -> dict[str, Decision]:
    """The decisions that have a name, in the order in which `diff` looks for them."""
    document = read_yaml(Path(__file__).with_name("decisions.yaml"))
    listed = [Decision.model_validate(item) for item in cast("list[Any]", document.data)]
    known = {decision.name: decision for decision in listed}
    for decision in listed:
        values = [each.value for each in (decision, *map(known.get, decision.needs)) if each]
        assert not decision.needs or None not in values, f"{decision.name} has open values"
        assert known.keys() >= set(decision.needs), f"{decision.name} needs what is not known"
    return known
