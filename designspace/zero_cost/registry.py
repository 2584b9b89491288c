"""The registry of zero-cost scores: one scorer per name."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from designspace.errors import InputError, did_you_mean
from designspace.zero_cost.subject import Subject


@dataclass(frozen=True, slots=True)
class Undefined:
    """A score that does not exist for a network, and the reason."""

    reason: str


Measure = Callable[[Subject], float | Undefined]


@dataclass(frozen=True, slots=True)
class Scorer:
    """A number computed from an untrained network that predicts its rank after training.

    Larger values mean a better rank.

    Attributes:
        name: Name on the command line and in tables.
        source: Paper that defines the score.
        measure: Function that computes the score.
        counted: Whether the architecture alone determines it; no weights or images are drawn.
    """

    name: str
    source: str
    measure: Measure
    counted: bool = False

    def of(self, subject: Subject) -> float | Undefined:
        """Return the score of a network; a number that is not finite becomes `Undefined`."""
        found = self.measure(subject)
        if isinstance(found, Undefined) or math.isfinite(found):
            return found
        return Undefined(f"the result is {found}: numbers overflow, or a layer gives nothing")


SCORERS: dict[str, Scorer] = {}


def scorer(name: str, source: str, *, counted: bool = False) -> Callable[[Measure], Measure]:
    """Register the function that computes a score."""

    def register(measure: Measure) -> Measure:
        SCORERS[name] = Scorer(name, source, measure, counted)
        return measure

    return register


def chosen(names: Sequence[str] | None) -> list[Scorer]:
    """Return the scorers with these names; by default all of them, the counted ones last.

    Raises:
        InputError: A name is unknown, or the list is empty.
    """
    if names is None:
        return sorted(SCORERS.values(), key=lambda known: (known.counted, known.name))
    for name in names:
        if name not in SCORERS:
            raise InputError(f"unknown score '{name}'", hint=did_you_mean(name, SCORERS))
    if not names:
        raise InputError("no score is named", hint=f"valid: {', '.join(sorted(SCORERS))}")
    return [SCORERS[name] for name in dict.fromkeys(names)]
