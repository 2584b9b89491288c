"""A ladder: a base network, an ordered list of decisions, and the published results per step."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from designspace.errors import InputError
from designspace.spec.documents.decisions import known_decisions
from designspace.spec.documents.ladder_file import Reference, ResolvedStep, Result
from designspace.spec.documents.published import Expected
from designspace.spec.network.flatten import Flat, flatten
from designspace.spec.network.load import ladder_of, load
from designspace.spec.network.needs import MissingNeed, missing_needs, taken
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe, load_recipe


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a ladder: a network and its recipe, one decision after the step before it.

    Attributes:
        name: Name of the step on the ladder.
        decision: Decision, or several taken together; empty for the base.
        reason: Effect of the decision, in words.
        spec: Network.
        recipe: Recipe; None if the ladder names none.
        side: Whether the step was tried and not adopted: the next step does not start from it.
        start: Name of the step that it starts from; None for the base.
        published: Published result of the step.
        expected: True counts of the network; None if they are not known.
        note: Remark on published values that are wrong or hide something.
        unknown: Facts that the source does not give.
    """

    name: str
    decision: tuple[str, ...]
    reason: str
    spec: Network
    recipe: Recipe | None
    side: bool
    start: str | None
    published: Result
    expected: Expected | None
    note: str
    unknown: str

    def __repr__(self) -> str:
        top1 = self.published.top1
        shown = "" if top1 is None else f", published top-1 {top1:.2f}"
        return f"<Step {self.name}{shown}, digest {self.spec.digest[:8]}>"


@dataclass(frozen=True, slots=True)
class ReferenceNetwork:
    """Another network, with which the ladder is compared.

    Attributes:
        name: Name in tables and messages.
        spec: Network; None if the package ships no spec of it.
        published: Published result.
        note: Remark on published values that are wrong.
    """

    name: str
    spec: Network | None
    published: Result
    note: str


@dataclass(frozen=True)
class Ladder:
    """A ladder's steps, starting with the base; also a sequence of them.

    Attributes:
        name: Name of the ladder.
        purpose: Question that the ladder answers.
        source: Publication that prints its results.
        steps: The base, then one step per decision, side branches included.
        references: Other networks to compare with.
        notes: Remarks on the whole ladder.
    """

    name: str
    purpose: str
    source: str
    steps: tuple[Step, ...]
    references: tuple[ReferenceNetwork, ...]
    notes: tuple[str, ...]

    def __repr__(self) -> str:
        return f"<Ladder {self.name}: {len(self.steps)} steps, from {self.source}>"

    def _repr_html_(self) -> str:
        """Return HTML for notebooks: the published top-1 and the reason of each step."""
        from designspace.figures import Point, page, staircase, table

        known = [(step, step.published.top1) for step in self.steps]
        points = [Point(s.name, top1, s.side) for s, top1 in known if top1 is not None]
        rows = [[s.name, "-" if top1 is None else f"{top1:.2f}", s.reason] for s, top1 in known]
        columns = ["decision", "published top-1, %", "reason"]
        return page(f"{self.name} ({self.source})", staircase(points), table(columns, rows))

    def __len__(self) -> int:
        return len(self.steps)

    def __iter__(self) -> Iterator[Step]:
        return iter(self.steps)

    def __getitem__(self, key: int | str) -> Step:
        """Return a step by its number or its name."""
        return self.steps[key] if isinstance(key, int) else self._by_name[key]

    @cached_property
    def _by_name(self) -> dict[str, Step]:
        return {step.name: step for step in self.steps}

    def start(self, step: Step) -> Step | None:
        """Return the step that another one starts from; None for the base."""
        return None if step.start is None else self._by_name[step.start]


def load_ladder(source: str | Path) -> Ladder:
    """Load a ladder from a catalog name or a YAML file.

    Raises:
        InputError: The ladder is wrong; the error has its file, line and path. It is also an error
            if a step's decision needs another one that has not been taken.
    """
    written, landings = ladder_of(source)
    steps = tuple(_step(landing, written.seeds) for landing in landings)
    _require_order(steps, landings)
    rivals = tuple(_rival(other) for other in written.references)
    return Ladder(written.name, written.purpose, written.source, steps, rivals, written.notes)


def _rival(other: Reference) -> ReferenceNetwork:
    spec = load(other.network) if other.network else None
    return ReferenceNetwork(other.name, spec, other.published, other.note)


def _step(landing: ResolvedStep, seeds: int | None) -> Step:
    rung, published = landing.rung, landing.rung.published
    if published.std is not None and published.seeds is None:
        published = published.model_copy(update={"seeds": seeds})
    try:
        spec = load(landing.document)
        recipe = load_recipe(landing.recipe) if landing.recipe else None
    except InputError as error:
        where = landing.origin
        raise InputError(
            f"step '{rung.title}' cannot be made: {error.message}",
            file=error.file or where.file,
            line=error.line or where.line,
            path=error.path,
            hint=error.hint,
        ) from None
    return Step(
        name=rung.title,
        decision=rung.decision,
        reason=rung.why,
        spec=spec,
        recipe=recipe,
        side=rung.side,
        start=landing.start,
        published=published,
        expected=rung.expected,
        note=rung.note,
        unknown=rung.unknown,
    )


def _require_order(steps: tuple[Step, ...], landings: list[ResolvedStep]) -> None:
    """Refuse a step that takes a decision without another one that it needs.

    Raises:
        InputError: There is such a step; the error names the nearest valid order.
    """
    flats = {step.name: flatten(step.spec) for step in steps}
    for number, (step, landing) in enumerate(zip(steps, landings, strict=True)):
        if step.start is None:
            continue
        for missing in missing_needs(flats[step.start], flats[step.name]):
            raise InputError(
                f"step '{step.name}' comes too early: {missing}",
                file=landing.origin.file,
                line=landing.origin.line,
                path=f"steps.{number}",
                hint=_valid_order(steps[number:], flats, missing),
            )


def _valid_order(steps: tuple[Step, ...], flats: dict[str, Flat], missing: MissingNeed) -> str:
    """Return a hint with a valid order of the steps, starting with the first wrong one.

    The order changes as little as possible: the next step is always the first remaining one whose
    needs are met. The steps at the end whose position does not change are left out.
    """
    takes = {step.name: taken(flats[step.start or step.name], flats[step.name]) for step in steps}
    first = flats[steps[0].start or steps[0].name]
    here = taken({}, first)
    waiting, order = list(steps), list[str]()
    while waiting:
        ready = [step for step in waiting if _needs(takes[step.name]) <= here | takes[step.name]]
        if not ready:
            return f"no later step takes {missing.needs}: add one before it"
        waiting.remove(ready[0])
        order.append(ready[0].name)
        here |= set() if ready[0].side else takes[ready[0].name]
    pairs = list(zip(order, steps, strict=True))
    while pairs and pairs[-1][0] == pairs[-1][1].name:
        pairs.pop()
    return f"nearest valid order: {', '.join(name for name, _ in pairs)}"


def _needs(decisions: set[str]) -> set[str]:
    known = known_decisions()
    return {need for name in decisions for need in known[name].needs}
