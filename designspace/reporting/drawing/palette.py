"""The colors of the page and its pictures, defined once.

Pictures are drawn in the light colors. Inside the page, one style rule per role replaces them with
the dark colors if the reader's system is dark.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple


class Shade(NamedTuple):
    """Color of a role on a light and on a dark page."""

    light: str
    dark: str


ROLES: dict[str, Shade] = {
    "paper": Shade("#fffffd", "#14171a"),
    "ink": Shade("#1c2126", "#e6e8ea"),
    "muted": Shade("#5b646d", "#9aa4ad"),
    "complete": Shade("#7d8790", "#8b959e"),
    "stopped": Shade("#a5adb4", "#727c85"),
    "grid": Shade("#e6e8ea", "#272c31"),
    "rule": Shade("#d0d4d8", "#3a4147"),
    "failed": Shade("#b3382c", "#f08576"),
    "link": Shade("#0b62a8", "#79b8f0"),
}

# From cheap to expensive along the front. Medium lightness, to be readable on both pages.
_RAMP = ("#1a9882", "#2b8fc4", "#5b78d8", "#8a5fd0", "#b84fb0", "#d2497c", "#d4603a")


def light(role: str) -> str:
    """Return the light color of a role, in which pictures are drawn."""
    return ROLES[role].light


def front_colors(count: int) -> Sequence[str]:
    """Return one color for each of `count` front members, the cheapest first."""
    if count <= 1:
        return _RAMP[1 : 1 + count]
    last = len(_RAMP) - 1
    return [_at(place * last / (count - 1)) for place in range(count)]


def _at(place: float) -> str:
    """Interpolate the ramp's color at a position between two of its stops."""
    stop = min(int(place), len(_RAMP) - 2)
    low, high = (bytes.fromhex(color[1:]) for color in _RAMP[stop : stop + 2])
    mixed = (round(a + (b - a) * (place - stop)) for a, b in zip(low, high, strict=True))
    return f"#{bytes(mixed).hex()}"


def stylesheet() -> str:
    """Return CSS: the roles as custom properties for both schemes, and the rules for pictures."""
    bright = "".join(f"--{name}:{shade.light};" for name, shade in ROLES.items())
    dark = "".join(f"--{name}:{shade.dark};" for name, shade in ROLES.items())
    exchange = "".join(
        f'svg [{part}="{shade.light}"]{{{part}:var(--{name})}}'
        for name, shade in ROLES.items()
        for part in ("fill", "stroke")
    )
    return (
        f":root{{color-scheme:light dark;{bright}}}"
        f"@media (prefers-color-scheme:dark){{:root{{{dark}}}}}{exchange}"
    )
