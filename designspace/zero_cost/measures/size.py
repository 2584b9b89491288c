"""The trivial rivals: what a larger network has more of. A score that these beat is not needed."""

from __future__ import annotations

from designspace.zero_cost.registry import scorer
from designspace.zero_cost.subject import Subject


@scorer("params", "counted", counted=True)
def params(subject: Subject) -> float:
    """Learnable parameters."""
    return subject.plan.cost.params


@scorer("macs", "counted", counted=True)
def macs(subject: Subject) -> float:
    """Multiply-adds of one image."""
    return subject.plan.cost.macs
