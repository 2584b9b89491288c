"""The file format of a ladder, and the network document at each of its steps.

A step lists only what it changes. `resolve_steps` applies these changes one step after the other:
a step starts from the last one that was adopted, so that a step with `side: true` is a branch.
With the steps base, a, b (`side: true`) and c, the network of c is base + a + c.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, Field, NonNegativeFloat, PositiveInt, model_validator

from designspace.errors import InputError, did_you_mean
from designspace.layers.frozen import Frozen
from designspace.spec.documents.changes import apply
from designspace.spec.documents.decisions import Decision, known_decisions
from designspace.spec.documents.document import Document, Origin
from designspace.spec.documents.published import Expected, Percent, Printed

RECIPE = "recipe"


def _listed(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Decisions = Annotated[
    tuple[str, ...], BeforeValidator(_listed, json_schema_input_type=str | list[str])
]


class Result(Frozen):
    """Published result of a step; null means that the source does not print it.

    Attributes:
        top1: Mean top-1 accuracy over the seeds, in percent.
        std: Standard deviation over the seeds.
        seeds: Number of seeds.
        gmacs: Multiply-adds in 1e9, which papers call FLOPs.
    """

    top1: Percent | None = None
    std: NonNegativeFloat | None = None
    seeds: PositiveInt | None = None
    gmacs: Printed | None = None


class Rung(Frozen):
    """One step of a ladder as it is written; it starts from the last step that was adopted.

    Attributes:
        name: Name of the step; its decision by default.
        decision: Decision, or several that were taken together. A decision that the language does
            not know needs a `reason` and `changes`. The first step is the base and has none.
        reason: Effect of a decision that only this ladder has.
        value: New value of the path that the decision is about.
        changes: Further values by dotted path; `recipe` names the recipe from this step on.
        side: Whether the step was tried and not adopted: the next step does not start from it.
        published: Published result of the step.
        expected: True counts of the network.
        note: Remark on published values that are wrong or hide something.
        unknown: Facts that the source does not give.
    """

    name: str = ""
    decision: Decisions = ()
    reason: str = ""
    value: Any = None
    changes: dict[str, Any] = Field(default_factory=dict)
    side: bool = False
    published: Result = Result()
    expected: Expected | None = None
    note: str = ""
    unknown: str = ""

    @model_validator(mode="after")
    def _has_a_name(self) -> Self:
        if not self.name and not self.decision:
            raise ValueError("a step needs a `decision`, and the first one a `name`")
        if self.value is not None and not (len(self.decision) == 1 and self._known()):
            raise ValueError("`value` is for one known decision; write paths under `changes`")
        for name in self.decision:
            if name not in known_decisions() and not (self.reason and self.changes):
                hint = did_you_mean(name, known_decisions())
                raise ValueError(f"decision '{name}' is not known, and has no `reason`; {hint}")
        return self

    @property
    def title(self) -> str:
        """The step's name, or else that of its decision."""
        return self.name or " + ".join(self.decision)

    @property
    def why(self) -> str:
        """The effect of the decision, in words."""
        return self.reason or "; ".join(decision.reason for decision in self._known())

    def all_changes(self) -> dict[str, Any]:
        """Return the decisions' changes, the value, and the further changes, in this order."""
        made: dict[str, Any] = {}
        for decision in self._known():
            made |= decision.settled
        if self.value is not None:
            made[self._known()[0].key] = self.value
        return made | self.changes

    def _known(self) -> list[Decision]:
        return [known_decisions()[name] for name in self.decision if name in known_decisions()]


class Reference(Frozen):
    """Another network, with which the ladder is compared.

    Attributes:
        name: Name in tables and messages.
        network: Catalog name or file of the network; null if the package ships no spec of it.
        published: Published result.
        note: Remark on published values that are wrong.
    """

    name: str
    network: str | None = None
    published: Result = Result()
    note: str = ""


class Rungs(Frozen):
    """A ladder as it is written: a base and an ordered list of decisions.

    Attributes:
        name: Name of the ladder.
        purpose: Question that the ladder answers.
        source: Publication that prints its results.
        base: Network at the first step: a catalog name, a path, or data.
        recipe: Recipe of the base.
        seeds: Number of trainings behind each published mean, unless a step says otherwise.
        steps: The base, then one step per decision.
        references: Other networks to compare with.
        notes: Remarks on the whole ladder.
    """

    name: str = Field(default="ladder", min_length=1)
    purpose: str = ""
    source: str = ""
    base: str | dict[str, Any]
    recipe: str | None = None
    seeds: PositiveInt | None = None
    steps: Annotated[tuple[Rung, ...], Field(min_length=1)]
    references: tuple[Reference, ...] = ()
    notes: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _steps_are_told_apart(self) -> Self:
        names = [rung.title for rung in self.steps]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"two steps are called '{name}'; give one another `name`")
        if self.steps[0].decision or self.steps[0].side:
            raise ValueError("the first step is the base, which decides nothing")
        for rung in self.steps[1:]:
            if not rung.decision:
                raise ValueError(f"step '{rung.title}' names no `decision`")
        return self

    def number(self, name: str) -> int:
        """Return the index of a step.

        Raises:
            InputError: There is no step of that name.
        """
        names = [rung.title for rung in self.steps]
        if name not in names:
            hint = did_you_mean(name, names)
            raise InputError(f"ladder '{self.name}' has no step '{name}'", hint=hint)
        return names.index(name)


@dataclass(frozen=True, slots=True)
class ResolvedStep:
    """A step with the network and recipe that result from all changes up to it.

    Attributes:
        rung: Step as it is written.
        document: Document of its network.
        recipe: Name of its recipe; None if the ladder names none.
        start: Name of the step that it starts from; None for the base.
        origin: Place where the step was written.
    """

    rung: Rung
    document: Document
    recipe: str | None
    start: str | None
    origin: Origin


def resolve_steps(ladder: Rungs, written: Document, base: Document) -> list[ResolvedStep]:
    """Return every step with its network as a document and the name of its recipe.

    Args:
        ladder: Ladder.
        written: Document that the ladder was read from, for the lines of its changes.
        base: Document of the base network, without its published facts.
    """
    landings: list[ResolvedStep] = []
    here = ResolvedStep(ladder.steps[0], base, ladder.recipe, None, Origin())
    for index, rung in enumerate(ladder.steps):
        document, recipe = here.document, here.recipe
        for path, value in rung.all_changes().items():
            if path == RECIPE:
                recipe = str(value)
            else:
                document = apply(document, {path: value}, _origin(written, index, path))
        named = document.data | {"name": f"{ladder.name}:{rung.title}"}
        start = here.rung.title if index else None
        at = written.origin(("steps", index))
        landing = ResolvedStep(rung, Document(named, document.origins), recipe, start, at)
        landings.append(landing)
        here = here if rung.side else landing
    return landings


def _origin(written: Document, index: int, path: str) -> Origin:
    inside = ("steps", index, "changes", path)
    return written.origin(inside if inside in written.origins else ("steps", index))
