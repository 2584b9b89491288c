"""Coverage of a space by a population: its labels against those of all networks that fit.

For each axis, the shares of the labels in the population are compared with the exact shares among
all networks within the limits. The distance is the total variation: half the sum of the absolute
differences. With shares (0.6, 0.4) against exact shares (0.5, 0.5) it is 0.1. Even a fair sample
has a distance above zero, so the audit also draws uniform samples of the same size and reports
their mean distance and the distance that only one in a hundred of them exceeds.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from designspace.reporting.population.choices import Choices
from designspace.sampling.feasible import Feasible
from designspace.sampling.marginals import Marginals, marginals
from designspace.sampling.population import About
from designspace.sampling.space import load_space
from designspace.spec.documents import catalog

REPEATS = 1_000  # uniform samples that estimate the distance by chance


@dataclass(frozen=True, slots=True)
class Exact:
    """All networks of a space within the limits of a population.

    Attributes:
        count: Number of these networks.
        labels: Labels of each axis.
        shares: Share of each label.
    """

    count: int
    labels: Mapping[str, Sequence[str]]
    shares: Marginals


@dataclass(frozen=True, slots=True)
class Audit:
    """The label shares of one axis of a population, compared with the exact shares.

    Attributes:
        shares: Exact share of each label, in the order of the axis.
        seen: Number of labels that occur.
        possible: Number of labels with a share above zero.
        distance: Total variation between the population's shares and the exact ones.
        chance: Mean distance of uniform samples with as many distinct networks.
        high: Distance that one such sample in a hundred exceeds.
    """

    shares: tuple[float, ...]
    seen: int
    possible: int
    distance: float
    chance: float
    high: float


def exact(about: About | None) -> Exact | str:
    """Return the exact shares for a population's space, limits and task, or why there are none."""
    if about is None:
        return "the file does not say which space it is from"
    name = f"space {about.space}" if about.space else "its space"
    if about.space not in catalog.names("search", "axes"):
        return f"{name} is not in the catalog"
    space = load_space(catalog.root() / "search" / f"{about.space}.yaml")
    if space.digest != about.digest:
        return f"{name} is not the one that the catalog has now"
    found = space.feasible(about.limits, task=about.task)
    if not isinstance(found, Feasible):
        return f"{name} cannot be counted within these limits"
    if not found.count:
        return f"{name} has no network within these limits"
    labels = {axis: choice.labels for axis, choice in space.axes.items()}
    return Exact(found.count, labels, marginals(space, found))


def audit(choices: Choices, truth: Exact, n: int) -> Audit | None:
    """Compare an axis of n networks with the exact shares; return None for an unknown axis."""
    if choices.axis not in truth.shares:
        return None
    known = dict(zip(truth.labels[choices.axis], truth.shares[choices.axis].tolist(), strict=True))
    shares = tuple(known.get(label.label, 0.0) for label in choices.labels)
    expected = _with_idle(shares)
    seen = np.array([*(label.share for label in choices.labels), choices.idle / n])
    left = max(truth.count - n, 0) / max(truth.count - 1, 1)  # no network is drawn twice
    chance = np.sqrt(left) * _distance(_samples(n, expected), expected)
    return Audit(
        shares,
        sum(label.count > 0 for label in choices.labels),
        sum(share > 0 for share in shares),
        float(_distance(seen, expected)),
        float(chance.mean()),
        float(np.quantile(chance, 0.99)),
    )


def _with_idle(shares: Sequence[float]) -> NDArray[np.float64]:
    all_ = np.array([*shares, max(0.0, 1.0 - sum(shares))])
    return all_ / all_.sum()


def _samples(n: int, expected: NDArray[np.float64]) -> NDArray[np.float64]:
    """Draw the shares of labels in uniform samples of n networks, (samples, labels)."""
    return np.random.default_rng(0).multinomial(n, expected, size=REPEATS) / n


def _distance(shares: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the total variation along the last axis."""
    return np.abs(shares - other).sum(axis=-1) / 2
