"""Limits as text: `gmacs=4.5+-1%`, `params<=30M`, `3<=mmacs<=9`, `params=20M..30M`.

Numbers are read as exact fractions, never as binary ones. Bounds are rounded inwards to whole
numbers: the lower bound up, the upper bound down. For example, `gmacs=4.5+-1%` is 4.5e9 - 4.5e7 <=
macs <= 4.5e9 + 4.5e7.
"""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Any

from designspace.errors import did_you_mean

COSTS = ("params", "macs", "acts")
ALIASES = {
    "gmacs": ("macs", 10**9),
    "mmacs": ("macs", 10**6),
    "mparams": ("params", 10**6),
    "macts": ("acts", 10**6),
}
_UNITS = {"": 1, "k": 10**3, "m": 10**6, "g": 10**9}
_LARGEST = 10**18

_NUMBER = re.compile(r"([0-9][0-9_]*(?:\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,4})?\s*([a-z]*)", re.I)
_NAME = r"\s*([a-z]\w*)\s*"
_ONE_SIDE = re.compile(_NAME + r"(<=|>=|<|>)([^<>=]*)", re.I)
_BETWEEN = re.compile(r"([^<>=]+)(<=|<)" + _NAME + r"(<=|<)([^<>=]*)", re.I)
_EQUAL = re.compile(_NAME + r"={1,2}([^<>=]*)", re.I)
_AROUND = re.compile(r"(.*?)\s*(?:±|\+-|\+/-)\s*(.*)")
_RANGE = re.compile(r"(.+?)\.\.(.+)")

Bounds = dict[str, Any]


def bounds_of(text: str) -> Bounds:
    """Parse a limit into `cost`, `low` and `high`; a bound that is not given is None.

    `<=` and `>=` include the bound. So do `=a..b` and `=a+-b`, where b may be a percentage of a.
    A bare `=a` is refused, since hardly any network would meet it. `<` and `>` are refused too,
    since they differ little from `<=` and `>=` for whole numbers.

    Raises:
        ValueError: The text is not a limit; the message gives the nearest valid form.
    """
    if found := _BETWEEN.fullmatch(text):
        low, first, name, second, high = found.groups()
        _not_strict(text, first, second)
        return _bounds(name, low, high)
    if found := _ONE_SIDE.fullmatch(text):
        name, sign, value = found.groups()
        _not_strict(text, sign)
        return _bounds(name, value, None) if sign == ">=" else _bounds(name, None, value)
    if found := _EQUAL.fullmatch(text):
        return _window(*found.groups())
    raise ValueError(
        f"'{text}' is not a limit; write it like gmacs=4.5+-1%, params<=30M, 3<=mmacs<=9"
    )


def cost_of(name: str) -> tuple[str, int]:
    """Return the cost that a name stands for, and its unit; `gmacs` is `macs` in units of 1e9.

    Raises:
        ValueError: There is no such cost.
    """
    lower = name.lower()
    if lower in COSTS:
        return lower, 1
    if lower not in ALIASES:
        raise ValueError(f"no cost is called '{name}'; {did_you_mean(lower, (*COSTS, *ALIASES))}")
    return ALIASES[lower]


def amount(value: Any, scale: int) -> Fraction:
    """Parse a number with an optional k, M or G, and multiply it by the scale of the cost's name.

    Raises:
        ValueError: It is not such a number, or is more than any network costs.
    """
    found = None if isinstance(value, bool) else _NUMBER.fullmatch(str(value).strip())
    if not found:
        raise ValueError(f"'{value}' is not a number with an optional k, M or G")
    digits, power, unit = found.groups()
    if unit.lower() not in _UNITS:
        raise ValueError(f"no unit is called '{unit}'; {did_you_mean(unit, ('k', 'M', 'G'))}")
    if unit and scale > 1:
        raise ValueError(f"'{value}' has a unit, but the name of the cost already has one")
    number = Fraction(digits.replace("_", "") + (power or "")) * _UNITS[unit.lower()] * scale
    if number > _LARGEST:
        raise ValueError(f"'{value}' is more than any network costs")
    return number


def _not_strict(text: str, *signs: str) -> None:
    for sign in signs:
        if "=" not in sign:
            raise ValueError(
                f"'{sign}' in '{text}' is not a limit; write '{sign}=' (a limit includes its "
                "bounds)"
            )


def _window(name: str, text: str) -> Bounds:
    """Parse `a+-b`, `a+-p%` or `a..b`."""
    if found := _RANGE.fullmatch(text):
        return _bounds(name, *found.groups())
    found = _AROUND.fullmatch(text)
    if not found:
        _, scale = cost_of(name)
        if text.strip():
            amount(text, scale)  # the advice below must itself be valid
        said = f"exactly {text.strip() or 'nothing'} {name} is almost never met"
        raise ValueError(f"{said}; write {name}={text.strip() or '4.5'}+-1%, <= or >=")
    middle, width = found.groups()
    cost, scale = cost_of(name)
    center = amount(middle, scale)
    share = width.strip().endswith("%")
    around = amount(width.strip()[:-1], 1) * center / 100 if share else amount(width, scale)
    return _whole(cost, max(center - around, Fraction(0)), center + around)


def _bounds(name: str, low: str | None, high: str | None) -> Bounds:
    cost, scale = cost_of(name)
    least = None if low is None else amount(low, scale)
    most = None if high is None else amount(high, scale)
    return _whole(cost, least, most)


def _whole(cost: str, low: Fraction | None, high: Fraction | None) -> Bounds:
    """Round bounds inwards to whole numbers."""
    return {
        "cost": cost,
        "low": None if low is None else math.ceil(low),
        "high": None if high is None else math.floor(high),
    }
