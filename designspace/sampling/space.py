"""A space whose networks can be counted and drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Self

from pydantic import PrivateAttr

from designspace.costing import lacks_formula
from designspace.errors import InfeasibleError, InputError
from designspace.sampling.cache.compiled import with_chain
from designspace.sampling.count.bounds import bounds_of
from designspace.sampling.count.networks import Networks, networks
from designspace.sampling.feasible import Draw, Feasible
from designspace.sampling.infeasible import why_counted_empty
from designspace.sampling.maker import Maker
from designspace.sampling.pricing import PricedPoint, price_point
from designspace.sampling.recipes import Paired, Recipes
from designspace.sampling.rejection import Limited, Searched, Thinned, first_two
from designspace.sampling.tables.active_labels import active_labels
from designspace.sampling.tables.part_tables import TooLargeError
from designspace.sampling.task import Task
from designspace.spec.network.network import Network
from designspace.spec.recipe.recipe import Recipe
from designspace.spec.space import space as spaces
from designspace.spec.space.limits import Limit, parse_limit
from designspace.spec.space.load_space import load_space as read_space
from designspace.spec.space.space import Point


@dataclass(frozen=True, slots=True)
class Sample:
    """A network of a space.

    Attributes:
        point: Labels of the network.
        spec: Specification of the network.
        recipe: Recipe that trains it, if the space has axes over recipes; else None.
        params: Number of learnable parameters.
        macs: Number of multiply-adds.
        acts: Number of output elements.
    """

    point: Point
    spec: Network
    recipe: Recipe | None
    params: int
    macs: int
    acts: int


class CountedSpace(spaces.Space):
    """A space whose networks can be counted and drawn exactly within limits on cost."""

    _networks: dict[Task, Networks | TooLargeError] = PrivateAttr(
        default_factory=dict[Task, "Networks | TooLargeError"]
    )

    def from_recipe(self, recipe: Recipe) -> Self:
        """Return a copy with another recipe, without the counts of this one."""
        copy = super().from_recipe(recipe)
        copy._networks = {}
        return copy

    def feasible(
        self, limits: Iterable[Limit] | None = None, *, task: Task | None = None
    ) -> Limited:
        """Return the networks within limits: counted if the space decomposes, else searched.

        Args:
            limits: Limits on cost (default: the space's own).
            task: Task on which networks are costed (default: the base's image size, 3 channels and
                1000 classes).

        Raises:
            InputError: No combination of labels makes a valid network.
        """
        bounds = bounds_of(self.limits if limits is None else limits)
        task = task or Task(self.base_network().input_size)
        if task not in self._networks:
            self._networks[task] = self._compiled(task)
        found = self._networks[task]
        if isinstance(found, TooLargeError):
            price = partial(self.price, task=task)
            return Searched(self.axes, task, bounds, price, reason=str(found))
        if found.total == 0:
            raise self._nothing_valid(task)
        if len(bounds.limited) > found.exact:
            inner = Feasible(first_two(bounds), found)
            return Thinned(inner, bounds)
        return Feasible(bounds, found)

    def counted(
        self, limits: Iterable[Limit] | None = None, *, task: Task | None = None
    ) -> Feasible:
        """Return the networks within limits, at least one; the arguments are those of `feasible`.

        Raises:
            InputError: The networks cannot be counted.
            InfeasibleError: There is none; the error names the limit at fault and the nearest
                value.
        """
        found = self.feasible(limits, task=task)
        if not isinstance(found, Feasible):
            raise InputError(f"the networks of space {self.name} cannot be counted: {found.reason}")
        return self.not_empty(found)

    def not_empty(self, found: Limited) -> Any:
        """Return the same networks, unless a count shows that there is none.

        Raises:
            InfeasibleError: There is none.
        """
        counted = found.inner if isinstance(found, Thinned) else found
        if isinstance(counted, Feasible) and not counted.count:
            raise InfeasibleError(f"space {self.name}: {why_counted_empty(counted)}")
        return found

    def count(self, limits: Iterable[Limit] | None = None, *, task: Task | None = None) -> int:
        """Count the distinct networks within the limits; the arguments are those of `feasible`.

        Raises:
            InputError: The networks cannot be counted.
        """
        found = self.feasible(limits, task=task)
        return found.count if isinstance(found, Feasible) else self.counted(limits, task=task).count

    def price(self, point: Point, *, task: Task) -> PricedPoint:
        """Return identity and cost of the network at a point, with its recipe if that varies.

        Raises:
            InputError: The point does not make a valid network or recipe.
        """
        return price_point(self, point, task.cost)

    def _compiled(self, task: Task) -> Networks | TooLargeError:
        try:
            found = with_chain(self.network_axes, self.base_data, task, networks)
            return Paired(found, self.axes, Recipes(self)) if self.recipe_axes else found
        except TooLargeError as error:
            return error

    def _nothing_valid(self, task: Task) -> InputError:
        """Return an error with the reason why the first combination is not valid."""
        first = active_labels(self.axes, {name: axis.labels[0] for name, axis in self.axes.items()})
        reason = ""
        try:
            self.price(first, task=task)
        except InputError as error:
            reason = f"; with the first of every choice: {error}"
        return InputError(f"space {self.name}: no combination makes a valid network{reason}")

    def sample(
        self,
        n: int,
        seed: int = 0,
        *,
        limits: Iterable[Limit] | None = None,
        task: Task | None = None,
        stratify: str | None = None,
    ) -> list[Sample]:
        """Draw distinct networks within the limits, each as likely as any other.

        The draw is uniform over networks only if the space decomposes (see `Searched`). The
        arguments are those of `feasible` and `Feasible.draw`.

        Raises:
            InfeasibleError: There is none; the error names the limit at fault and the nearest
                value.
        """
        found = self.not_empty(self.feasible(limits, task=task))
        return self.samples(found.draw(n, seed, stratify=stratify))

    def samples(self, draw: Draw) -> list[Sample]:
        """Make the networks of a draw."""
        maker, has_recipes = Maker(self), bool(self.recipe_axes)
        rows = zip(draw.points(), draw.params, draw.macs, draw.acts, strict=True)
        return [
            Sample(
                point,
                maker.network(point),
                self.recipe_spec(point) if has_recipes else None,
                *map(int, costs),
            )
            for point, *costs in rows
        ]


def any_opaque(space: spaces.Space) -> bool:
    """Return whether the base or a single choice has a layer without a formula.

    Torch counts such a layer.
    """
    points = [
        {},
        *({name: label} for name, axis in space.network_axes.items() for label in axis.labels),
    ]
    for point in points:
        try:
            if lacks_formula(partial(space.spec, point)):
                return True
        except InputError:  # a choice that needs another one
            continue
    return False


def load_space(source: str | Path | Mapping[str, Any]) -> CountedSpace:
    """Load a space from a catalog name, a YAML file or plain data.

    Raises:
        InputError: The space is not valid; the error names file, line and path.
    """
    return read_space(source, CountedSpace)


def with_limits(limits: Iterable[Limit], words: Iterable[str]) -> tuple[Limit, ...]:
    """Return a space's limits, replaced by the given ones on the same costs.

    Raises:
        InputError: A word is not a limit.
    """
    given = [parse_limit(word) for word in words]
    replaced = {limit.cost for limit in given}
    return (*(limit for limit in limits if limit.cost not in replaced), *given)
