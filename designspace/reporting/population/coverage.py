"""How evenly a population covers its space: its labels against those of all networks that fit."""

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

REPEATS = 1_000  # uniform samples from which chance is known


@dataclass(frozen=True, slots=True)
class Exact:
    """All networks of a space within the limits of a population.

    Attributes:
        count: How many there are.
        labels: The labels of each axis.
        shares: The share of each label.
    """

    count: int
    labels: Mapping[str, Sequence[str]]
    shares: Marginals


@dataclass(frozen=True, slots=True)
class Audit:
    """An axis of a population against the exact shares of its labels.

    Attributes:
        shares: The exact share of each label, in the order of the axis.
        seen: How many labels occur.
        possible: How many labels have a share above zero.
        distance: Total variation of the population's shares from the exact ones.
        chance: Its mean over uniform samples of as many distinct networks.
        high: What one such sample in a hundred goes beyond.
    """

    shares: tuple[float, ...]
    seen: int
    possible: int
    distance: float
    chance: float
    high: float


def exact(about: About | None) -> Exact | str:
    """The exact shares for a population's space, limits and task, or why they are not known."""
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
    """The labels of an axis of n networks against the exact shares; None for an unknown axis."""
    if choices.axis not in truth.shares:
        return None
    known = dict(zip(truth.labels[choices.axis], truth.shares[choices.axis].tolist(), strict=True))
    shares = tuple(known.get(label.label, 0.0) for label in choices.labels)
    expected = _with_idle(shares)
    seen = np.array([*(label.share for label in choices.labels), choices.idle / n])
    left = max(truth.count - n, 0) / max(truth.count - 1, 1)  # none is drawn twice
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
    """Shares of labels in uniform samples of n, (samples, labels)."""
    return np.random.default_rng(0).multinomial(n, expected, size=REPEATS) / n


def _distance(shares: NDArray[np.float64], other: NDArray[np.float64]) -> NDArray[np.float64]:
    """Total variation along the last axis."""
    return np.abs(shares - other).sum(axis=-1) / 2
