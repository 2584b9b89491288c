"""Limits on cost, as a person writes them."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Protocol, Self, cast, get_args

from pydantic import BaseModel, ConfigDict, WithJsonSchema, model_validator

CostName = Literal["params", "macs", "acts"]
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_ALIASES = {"gmacs": ("macs", 10**9), "mmacs": ("macs", 10**6), "mparams": ("params", 10**6)}
_LARGEST = 1e18
_NUMBER = re.compile(r"^\s*([0-9][0-9_]*(?:\.[0-9]*)?(?:e[+-]?[0-9]+)?)\s*([kmg]?)\s*$", re.I)


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


class Limit(BaseModel):
    """The least and the most that a network may cost.

    Attributes:
        cost: Which cost: `params`, `macs` or `acts`; `gmacs` and `mmacs` are macs in 1e9 and 1e6.
        low: The least that is allowed; null for no bound.
        high: The most that is allowed; null for no bound. Numbers may end in k, M or G.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    cost: Annotated[CostName, WithJsonSchema({"enum": [*get_args(CostName), *_ALIASES]})]
    low: Bound = None
    high: Bound = None

    @model_validator(mode="before")
    @classmethod
    def _whole(cls, data: Any) -> Any:
        """Numbers with units, and scaled names, as whole numbers of the plain cost."""
        if not isinstance(data, dict):
            return data
        limit = cast("dict[str, Any]", data)
        if not isinstance(limit.get("cost"), str):
            return limit
        name, scale = _ALIASES.get(limit["cost"].lower(), (limit["cost"], 1))
        bounds = {key: _count(limit[key], scale) for key in ("low", "high") if key in limit}
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


def _count(value: Any, scale: int) -> Any:
    """A number with its unit as an integer; anything else is left for the validation to refuse."""
    if value is None:
        return value
    match = _NUMBER.match(str(value))
    if not match:
        raise ValueError(f"'{value}' is no number with an optional k, M or G")
    digits, unit = match.groups()
    if unit and scale > 1:
        raise ValueError(f"'{value}' has a unit, and so has the name of the cost")
    number = float(digits.replace("_", "")) * _UNITS[unit.lower()] * scale
    if number > _LARGEST:
        raise ValueError(f"'{value}' is more than any network costs")
    return round(number)
