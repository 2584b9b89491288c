"""Number formats: the same digits in the page, the terminal and the pictures."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

UNKNOWN = "-"
MACS_NOTE = "GMACs, or G, are 1e9 multiply-adds, which papers call FLOPs; MMACs, or M, are 1e6"
MACS_CONVENTION = (
    "One multiply-add counts once. GMACs are what papers usually print as FLOPs; "
    "torch's counter prints twice as many."
)


@dataclass(frozen=True, slots=True)
class MacsUnit:
    """A unit of multiply-adds.

    Attributes:
        name: Name of the unit in the plural, as in the head of a column.
        size: Number of multiply-adds in one unit.
        decimals: Digits after the point in a table.
    """

    name: str
    size: float
    decimals: int

    @property
    def label(self) -> str:
        """Title of an axis in this unit."""
        return f"{self.name} (papers: FLOPs)"

    @property
    def note(self) -> str:
        """Explanation of the unit, as a sentence without a full stop."""
        return f"{self.name} are {self.size:.0e} multiply-adds, which papers call FLOPs".replace(
            "e+0", "e"
        )

    def cell(self, macs: float) -> str:
        """Format multiply-adds in this unit, without the name of the unit."""
        return f"{macs / self.size:,.{self.decimals}f}"


GMACS, MMACS = MacsUnit("GMACs", 1e9, 4), MacsUnit("MMACs", 1e6, 3)
_GIGA_FROM, _MEGA_FROM = 10**8, 10**4


def macs_unit(values: Iterable[float]) -> MacsUnit:
    """Return the unit that suits all numbers: MMACs if any is below 0.1 GMACs, else GMACs."""
    return MMACS if any(value < _GIGA_FROM for value in values) else GMACS


def macs_column(values: Sequence[int | None]) -> tuple[str, list[str]]:
    """Return the head and the cells of a column of unrelated networks; a dash for an unknown value.

    The unit is in the head if all networks have the same one, and in each cell otherwise.
    """
    known = [value for value in values if value is not None]
    units = {macs_unit([value]) for value in known}
    if len(units) < 2:
        unit = next(iter(units), GMACS)
        return unit.name, [UNKNOWN if value is None else unit.cell(value) for value in values]
    return "MACs", [UNKNOWN if value is None else _with_unit(value) for value in values]


def _with_unit(macs: int) -> str:
    unit = macs_unit([macs])
    return f"{unit.cell(macs)} {unit.name[0]}"


def macs_text(macs: int) -> str:
    """Format multiply-adds with their unit, for a sentence."""
    if macs < _MEGA_FROM:
        return f"{macs:,} MACs"
    unit = macs_unit([macs])
    return f"{macs / unit.size:.2f} {unit.name}"


def decimals_for(values: Iterable[float], significant: int = 3) -> int:
    """Return the decimals that give the smallest positive value `significant` digits (0 to 6)."""
    positive = [value for value in values if value > 0]
    if not positive:
        return 1
    return min(6, max(0, significant - 1 - math.floor(math.log10(min(positive)))))


def percent_decimals(count: int | None) -> int:
    """Return the decimals of a top-1 in percent that `count` images can resolve."""
    return 2 if count is not None and count >= 10_000 else 1


def fixed(value: float | None, decimals: int) -> str:
    """Format `value` with this number of decimals; a dash for None."""
    return UNKNOWN if value is None else f"{value:,.{decimals}f}"


def signed(value: float, decimals: int) -> str:
    """Format `value` with its sign; a value that rounds to zero gets a plus-minus sign."""
    text = f"{abs(value):.{decimals}f}"
    if float(text) == 0:
        return f"±{text}"
    return f"+{text}" if value > 0 else f"-{text}"


def count_of(number: int, singular: str, plural: str | None = None) -> str:
    """Format `number` with its noun in the singular or the plural."""
    return f"{number:,} {singular if number == 1 else plural or singular + 's'}"
