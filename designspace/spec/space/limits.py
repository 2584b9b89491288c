"""Limits on cost, as a person writes them."""

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
    """Anything that has the three costs."""

    @property
    def params(self) -> int:
        """Learnable parameters."""
        ...

    @property
    def macs(self) -> int:
        """Multiply-adds."""
        ...

    @property
    def acts(self) -> int:
        """Output elements."""
        ...


def _as_written(schema: dict[str, Any]) -> None:
    """The short form in the JSON schema."""
    long = dict(schema)
    schema.clear()
    short = {"type": "string", "pattern": "[<>=]", "description": "`gmacs=4.5+-1%`, `params<=30M`."}
    schema |= {"anyOf": [long, short], "title": "Limit"}


class Limit(BaseModel):
    """The least and the most that a network may cost, both included.

    A bound that is no whole number is rounded inwards, the lower up and the upper down, in exact
    arithmetic on the digits as written: no network beyond what was written is let in.

    Attributes:
        cost: Which cost: `params`, `macs` or `acts`; `gmacs` and `mmacs` are macs in 1e9 and 1e6,
            `mparams` and `macts` the others in 1e6.
        low: The least that is allowed; null for no bound.
        high: The most that is allowed; null for no bound. Numbers may end in k, M or G.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", json_schema_extra=_as_written)

    cost: Annotated[CostName, WithJsonSchema({"enum": [*get_args(CostName), *ALIASES]})]
    low: Bound = None
    high: Bound = None

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, data: Any) -> Any:
        """Numbers with units, and scaled names, as whole numbers of the plain cost."""
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
        """What is wrong with these costs, in words; None where they are within the limit."""
        value = int(getattr(costs, self.cost))
        if self.low is not None and value < self.low:
            return f"{value:,} {self.cost} is under the limit of {self.low:,}"
        if self.high is not None and value > self.high:
            return f"{value:,} {self.cost} is over the limit of {self.high:,}"
        return None


def parse_limit(text: str) -> Limit:
    """A limit from the command line: `gmacs=4.5+-1%`, `params<=30M`, `3<=mmacs<=9`.

    Raises:
        InputError: What is wrong, in one line.
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
    """One limit a cost, as narrow as all of them together, in the order of first mention.

    Raises:
        ValueError: Two limits on one cost leave nothing between them.
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
