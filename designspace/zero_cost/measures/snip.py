"""SNIP (Lee et al. 2019, arXiv 1810.02340), as Abdelfattah et al. (arXiv 2101.08134) score with it.

The sum over all weights of convolutions and linear layers of |weight x gradient|, which is the
gradient at a mask of ones. As in the authors' code (zero-cost-nas) it is not divided by its total,
which pruning does and which would leave nothing to compare networks by.
"""

from __future__ import annotations

from designspace.zero_cost.measures.grad_norm import gradients
from designspace.zero_cost.registry import scorer
from designspace.zero_cost.subject import Subject


@scorer("snip", "Lee et al. 2019, arXiv 1810.02340; as a score 2101.08134")
def snip(subject: Subject) -> float:
    """The sum over weights."""
    pairs = gradients(subject.copy(), subject)
    return sum(float((weight.detach() * grad).abs().sum()) for weight, grad in pairs)
