"""How numbers are written: the same digits in the page, the terminal and the pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable

UNKNOWN = "-"
MACS_LABEL = "GMACs (papers: FLOPs)"
MACS_CONVENTION = (
    "One multiply-add counts once. GMACs are what papers usually print as FLOPs; "
    "torch's counter prints twice as many."
)


def decimals_for(values: Iterable[float], significant: int = 3) -> int:
    """Decimals that leave the smallest positive value with `significant` digits (0 to 6)."""
    positive = [value for value in values if value > 0]
    if not positive:
        return 1
    return min(6, max(0, significant - 1 - math.floor(math.log10(min(positive)))))


def percent_decimals(count: int | None) -> int:
    """Decimals of a top-1 in percent that `count` images can tell apart."""
    return 2 if count is not None and count >= 10_000 else 1


def fixed(value: float | None, decimals: int) -> str:
    """`value` with so many decimals, or a dash where there is none."""
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"


def signed(value: float, decimals: int) -> str:
    """`value` with its sign; what rounds to zero is written as plus or minus zero."""
    text = f"{abs(value):.{decimals}f}"
    if float(text) == 0:
        return f"±{text}"
    return f"+{text}" if value > 0 else f"-{text}"


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """`number` with the noun that agrees with it."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
