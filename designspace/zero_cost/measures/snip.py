"""SNIP (Lee et al. 2019, arXiv 1810.02340), used as a score by arXiv 2101.08134.

The score is the sum of |weight x gradient| over all weights of convolutions and linear layers,
which is the gradient with respect to a mask of ones. As in the code of Abdelfattah et al.
(zero-cost-nas), it is not divided by its total. Pruning does that, but then all networks would
score the same.
"""

from __future__ import annotations

from designspace.zero_cost.measures.grad_norm import gradients
from designspace.zero_cost.registry import scorer
from designspace.zero_cost.subject import Subject


@scorer("snip", "Lee et al. 2019, arXiv 1810.02340; as a score 2101.08134")
def snip(subject: Subject) -> float:
    """Return the sum over weights."""
    pairs = gradients(subject.copy(), subject)
    return sum(float((weight.detach() * grad).abs().sum()) for weight, grad in pairs)
