"""The norm of the gradient (Abdelfattah et al. 2021, arXiv 2101.08134).

The score is the sum of the Euclidean norms of the loss gradient with respect to the weights of
each convolution and linear layer, after one mini-batch in training mode. The authors' code
(zero-cost-nas) does the same, but crops and flips the mini-batch as in training; ours is not
augmented.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from designspace.compiler import BuiltNetwork
from designspace.zero_cost.registry import scorer
from designspace.zero_cost.subject import Subject, weights


@scorer("grad_norm", "Abdelfattah et al. 2021, arXiv 2101.08134")
def grad_norm(subject: Subject) -> float:
    """Return the sum over layers."""
    return sum(float(grad.norm()) for _, grad in gradients(subject.copy(), subject))


def gradients(model: BuiltNetwork, subject: Subject) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Return each layer's weights, with the gradient of the mini-batch's cross-entropy."""
    loss = functional.cross_entropy(model(subject.images), subject.labels)
    at = weights(model)
    return list(zip(at, torch.autograd.grad(loss, at), strict=True))
