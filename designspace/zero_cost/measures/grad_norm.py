"""The gradient's norm (Abdelfattah et al. 2021, arXiv 2101.08134).

The Euclidean norms of the loss's gradient at the weights of each convolution and linear layer,
added up, after one mini-batch in training mode. So does the authors' code (zero-cost-nas); its
mini-batch is cropped and flipped as for training, ours is not.
"""

from __future__ import annotations

import torch
from torch.nn import functional

from designspace.compiler import BuiltNetwork
from designspace.zero_cost.registry import scorer
from designspace.zero_cost.subject import Subject, weights


@scorer("grad_norm", "Abdelfattah et al. 2021, arXiv 2101.08134")
def grad_norm(subject: Subject) -> float:
    """The sum over layers."""
    return sum(float(grad.norm()) for _, grad in gradients(subject.copy(), subject))


def gradients(model: BuiltNetwork, subject: Subject) -> list[tuple[torch.Tensor, torch.Tensor]]:
    """Each layer's weights and the gradient there of the cross-entropy of the mini-batch."""
    loss = functional.cross_entropy(model(subject.images), subject.labels)
    at = weights(model)
    return list(zip(at, torch.autograd.grad(loss, at), strict=True))
