"""Patterns of tensor names, read in one layout and written in another.

A pattern is a name with slots: `{s}` stands for a number, `{2s-1}` for that number times 2 minus 1,
`*` for the last word of a name (`weight`, `running_mean`) and `**` for anything. Both sides of a
rule have the same slots, so it can be read from either side.
"""

from __future__ import annotations

import re
from functools import cache

_SLOT = re.compile(r"\{(?P<factor>\d*)(?P<letter>[a-z])(?P<offset>[+-]\d+)?\}|(?P<star>\*\*?)")
_STARS = {"*": r"([a-z_]+)", "**": r"(.+)"}

Values = dict[str, str | int]


def rewrite(name: str, read: str, write: str) -> str | None:
    """Rewrite a name from one pattern in another; None if it does not match the first.

    >>> rewrite("layer2.0.conv1.weight", "layer{s+1}.{b}.conv1.*", "stages.{s}.blocks.{b}.one.*")
    'stages.1.blocks.0.one.weight'
    """
    values = _values(name, read)
    return None if values is None else _written(write, values)


def _values(name: str, pattern: str) -> Values | None:
    slots, regex = _compiled(pattern)
    found = regex.fullmatch(name)
    if not found:
        return None
    values: Values = {}
    for slot, text in zip(slots, found.groups(), strict=True):
        if slot["star"]:
            values["*"] = text
            continue
        number, rest = divmod(int(text) - int(slot["offset"] or 0), int(slot["factor"] or 1))
        if rest or number < 0:
            return None
        values[slot["letter"]] = number
    return values


def _written(pattern: str, values: Values) -> str | None:
    negative = False

    def fill(slot: re.Match[str]) -> str:
        nonlocal negative
        if slot["star"]:
            return str(values["*"])
        value = int(slot["factor"] or 1) * int(values[slot["letter"]]) + int(slot["offset"] or 0)
        negative |= value < 0
        return str(value)

    text = _SLOT.sub(fill, pattern)
    return None if negative else text


@cache
def _compiled(pattern: str) -> tuple[list[re.Match[str]], re.Pattern[str]]:
    slots = list(_SLOT.finditer(pattern))
    regex, at = "", 0
    for slot in slots:
        regex += re.escape(pattern[at : slot.start()]) + _STARS.get(slot["star"] or "", r"(\d+)")
        at = slot.end()
    return slots, re.compile(regex + re.escape(pattern[at:]))
