"""Decisions: changes with a name and a reason, defined once for `diff` and for ladders."""

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
        name: Name in ladders, tables and messages.
        reason: Effect of the decision, in words.
        paths: New value by path, or `any`; the decision is about the first path.
        needs: Names of decisions without which this one makes no sense. This decision and those
            must all determine the value of their first path.
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
        """The value that the decision determines at its key; None if the value is open."""
        return self.settled.get(self.key)

    @property
    def settled(self) -> dict[str, Any]:
        """The changes whose value the decision itself determines."""
        return {path: value for path, value in self.paths.items() if value != _ANY}

    def takes(self, path: str, value: Any) -> bool:
        """Return whether a new value at a path belongs to this decision."""
        wanted = self.paths.get(path, _MISSING)
        return wanted in (_ANY, value) or (value is None and wanted is not _MISSING)


def decide(name: str, reason: str, paths: Mapping[str, Any]) -> Decision:
    """Define a decision from outside the package, for `diff` and for ladders.

    A plug-in calls this function when it is loaded, for example
    `decide("gate", "a gate over a context", {"block.mixer": {"kind": "gate"}})`. The same module
    may define it again, as happens when a file is loaded again after a change.

    Args:
        name: Name of the decision.
        reason: Effect of the decision, in words.
        paths: New value by path, or `any`; the decision is about the first path.

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
    """Return the decisions by name, in the order in which `diff` looks for them."""
    document = read_yaml(Path(__file__).with_name("decisions.yaml"))
    listed = [Decision.model_validate(item) for item in cast("list[Any]", document.data)]
    known = {decision.name: decision for decision in listed}
    for decision in listed:
        values = [each.value for each in (decision, *map(known.get, decision.needs)) if each]
        assert not decision.needs or None not in values, f"{decision.name} has open values"
        assert known.keys() >= set(decision.needs), f"{decision.name} needs what is not known"
    return known
