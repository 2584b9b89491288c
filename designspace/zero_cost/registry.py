"""The signals by name, and what each is."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from designspace.errors import InputError, did_you_mean
from designspace.zero_cost.subject import Subject


@dataclass(frozen=True, slots=True)
class Undefined:
    """A signal that says nothing of a network, and why."""

    reason: str


Measure = Callable[[Subject], float | Undefined]


@dataclass(frozen=True, slots=True)
class Signal:
    """A number of an untrained network that is to rank it as training would; more is better.

    Attributes:
        name: What it is called.
        source: The paper.
        measure: Computes it.
        counted: It follows from the architecture alone, so that nothing is drawn.
    """

    name: str
    source: str
    measure: Measure
    counted: bool = False

    def of(self, subject: Subject) -> float | Undefined:
        """The signal of a network; never a number that is not finite."""
        found = self.measure(subject)
        if isinstance(found, Undefined) or math.isfinite(found):
            return found
        return Undefined(f"the result is {found}: numbers overflow, or a layer gives nothing")


SIGNALS: dict[str, Signal] = {}


def signal(name: str, source: str, *, counted: bool = False) -> Callable[[Measure], Measure]:
    """Register how a signal is measured."""

    def register(measure: Measure) -> Measure:
        SIGNALS[name] = Signal(name, source, measure, counted)
        return measure

    return register


def chosen(names: Sequence[str] | None) -> list[Signal]:
    """The signals of these names; all of them by default, the counted ones last.

    Raises:
        InputError: There is none of a name.
    """
    if names is None:
        return sorted(SIGNALS.values(), key=lambda known: (known.counted, known.name))
    for name in names:
        if name not in SIGNALS:
            raise InputError(f"unknown signal '{name}'", hint=did_you_mean(name, SIGNALS))
    if not names:
        raise InputError("no signal is named", hint=f"valid: {', '.join(sorted(SIGNALS))}")
    return [SIGNALS[name] for name in dict.fromkeys(names)]
