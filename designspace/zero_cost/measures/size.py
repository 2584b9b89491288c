"""The trivial rivals: what a larger network has more of. A signal that these beat is not needed."""

from __future__ import annotations

from designspace.zero_cost.registry import signal
from designspace.zero_cost.subject import Subject


@signal("params", "counted", counted=True)
def params(subject: Subject) -> float:
    """Learnable parameters."""
    return subject.plan.cost.params


@signal("macs", "counted", counted=True)
def macs(subject: Subject) -> float:
    """Multiply-adds of one image."""
    return subject.plan.cost.macs
