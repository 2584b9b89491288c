"""The parameters of a RandAugment policy, read from its name in timm's grammar."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from torch import Tensor

from designspace.errors import InputError, did_you_mean
from designspace.images.augmentation.batch_random import Draw

FULL = 10.0
"""Level at which an operator has its nominal full strength."""
_SECTIONS = ("m", "n", "p", "mstd", "mmax", "inc")


@dataclass(frozen=True)
class Policy:
    """The number and strength of a policy's operators.

    Attributes:
        layers: Number of operators per image.
        magnitude: Mean level.
        spread: Standard deviation of the level; infinite for uniform from 0 to `magnitude`.
        ceiling: Highest level.
        probability: Probability that an operator is applied at all.
        increasing: Whether every operator becomes stronger with the level.
    """

    layers: int = 2
    magnitude: int = 10
    spread: float = 0.0
    ceiling: float = FULL
    probability: float = 0.5
    increasing: bool = False

    def levels(self, draw: Draw) -> Tensor:
        """Draw one level per image, float64 (K,)."""
        if math.isinf(self.spread):
            return draw.uniform(high=self.magnitude).clamp(0, self.ceiling)
        return (self.magnitude + self.spread * draw.normal()).clamp(0, self.ceiling)


def parse_policy(name: str) -> Policy:
    """Read a name such as `rand-m9-mstd0.5-inc1`, with the sections m, n, p, mstd, mmax and inc.

    Raises:
        InputError: A section is not one of these.
    """
    found: dict[str, float] = {}
    for section in name.split("-")[1:]:
        match = re.fullmatch(r"([a-z]+)(\d+(?:\.\d+)?)", section)
        if not match or match[1] not in _SECTIONS:
            hint = did_you_mean(match[1] if match else section, _SECTIONS)
            raise InputError(f"'{name}' has an unknown section '{section}'", hint=hint)
        found[match[1]] = float(match[2])
    spread = found.get("mstd", 0.0)
    return Policy(
        layers=int(found.get("n", 2)),
        magnitude=int(found.get("m", FULL)),
        spread=spread if spread <= 100 else math.inf,
        ceiling=int(found.get("mmax", 0)) or FULL,
        probability=found.get("p", 0.5),
        increasing=bool(found.get("inc", 0)),
    )
