"""Trivial baselines: a score that ranks networks no better than their size is not needed."""

from __future__ import annotations

from designspace.zero_cost.registry import scorer
from designspace.zero_cost.subject import Subject


@scorer("params", "counted", counted=True)
def params(subject: Subject) -> float:
    """Return the number of learnable parameters."""
    return subject.plan.cost.params


@scorer("macs", "counted", counted=True)
def macs(subject: Subject) -> float:
    """Return the multiply-adds for one image."""
    return subject.plan.cost.macs
