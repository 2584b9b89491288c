"""Limits on cost, in the forms in which users write them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Annotated, Any, Literal, Protocol, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, ValidationError, WithJsonSchema, model_validator

from designspace.errors import InputError
from designspace.spec.space.limit_text import ALIASES, amount, bounds_of, cost_of

CostName = Literal["params", "macs", "acts"]

Bound = Annotated[int | None, WithJsonSchema({"type": ["number", "string", "null"]})]


class Costs(Protocol):
    """An object that has the three costs."""

    @property
    def params(self) -> int:
        """Number of learnable parameters."""
        ...

    @property
    def macs(self) -> int:
        """Number of multiply-adds."""
        ...

    @property
    def acts(self) -> int:
        """Number of output elements."""
        ...


def _as_written(schema: dict[str, Any]) -> None:
    """Add the short form to the JSON schema."""
    long = dict(schema)
    schema.clear()
    short = {"type": "string", "pattern": "[<>=]", "description": "`gmacs=4.5+-1%`, `params<=30M`."}
    schema |= {"anyOf": [long, short], "title": "Limit"}


class Limit(BaseModel):
    """The lowest and the highest cost that a network may have, both included.

    A bound that is not a whole number is rounded inwards, the lower up and the upper down, in exact
    arithmetic on the digits as written: no network outside the written bounds is allowed.

    Attributes:
        cost: Name of the cost: `params`, `macs` or `acts`; `gmacs` and `mmacs` are macs in 1e9 and
            1e6, `mparams` and `macts` are params and acts in 1e6.
        low: Lowest allowed cost; null for no bound. Numbers may end in k, M or G.
        high: Highest allowed cost; null for no bound. Numbers may end in k, M or G.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_as_written)

    cost: Annotated[CostName, WithJsonSchema({"enum": [*get_args(CostName), *ALIASES]})]
    low: Bound = None
    high: Bound = None

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, data: Any) -> Any:
        """Convert the short form, units and scaled names to whole numbers of the plain cost."""
        if isinstance(data, str):
            return bounds_of(data)
        if not isinstance(data, dict):
            return data
        limit = cast("dict[str, Any]", data)
        if not isinstance(limit.get("cost"), str):
            return limit
        name, scale = cost_of(limit["cost"])
        rounded = {"low": math.ceil, "high": math.floor}
        given = {key: how for key, how in rounded.items() if limit.get(key) is not None}
        bounds = {key: how(amount(limit[key], scale)) for key, how in given.items()}
        return limit | {"cost": name} | bounds

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"the lower limit {self.low:,} is above the upper {self.high:,}")
        if self.low is None and self.high is None:
            raise ValueError("a limit needs `low`, `high` or both")
        return self

    def broken_by(self, costs: Costs) -> str | None:
        """Return how these costs break the limit, in words; None if they are within it."""
        value = int(getattr(costs, self.cost))
        if self.low is not None and value < self.low:
            return f"{value:,} {self.cost} is under the limit of {self.low:,}"
        if self.high is not None and value > self.high:
            return f"{value:,} {self.cost} is over the limit of {self.high:,}"
        return None


def parse_limit(text: str) -> Limit:
    """Parse a limit from the command line: `gmacs=4.5+-1%`, `params<=30M`, `3<=mmacs<=9`.

    Raises:
        InputError: The text is not a valid limit; the message is one line.
    """
    path = text.strip() or None
    try:
        bounds = bounds_of(text)
    except ValueError as error:
        raise InputError(str(error), file="--limit", path=path) from None
    try:
        return Limit(**bounds)
    except ValidationError as error:
        said = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise InputError(said, file="--limit", path=path) from None


def intersect(limits: Iterable[Limit]) -> tuple[Limit, ...]:
    """Return one limit per cost, the intersection of all, in the order of first mention.

    Raises:
        ValueError: The limits on one cost leave nothing between them.
    """
    merged: dict[str, Limit] = {}
    for limit in limits:
        other = merged.get(limit.cost, limit)
        lows = [each.low for each in (other, limit) if each.low is not None]
        highs = [each.high for each in (other, limit) if each.high is not None]
        low, high = max(lows, default=None), min(highs, default=None)
        if low is not None and high is not None and low > high:
            raise ValueError(f"no {limit.cost} are at least {low:,} and at most {high:,}")
        merged[limit.cost] = Limit(cost=limit.cost, low=low, high=high)
    return tuple(merged.values())
