"""NASWOT (Mellor et al. 2021, arXiv 2006.04647): how differently a network codes images.

An image's code is a bit for each unit of each activation: whether its pre-activation is positive.
For ReLU that is the linear region in which the image lies. GELU, SiLU and hard swish have no such
regions; their code is the same sign, which tells the side that is passed on from the side that is
held back. The kernel of a mini-batch counts for each two images the bits that agree, and the score
is the logarithm of its determinant.

As in the authors' code (nas-without-training): training mode, torch's own first weights or the
recipe's, bits of all activations added up; it knows ReLU alone. Its mini-batch is of 128 images.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor, nn

from designspace.layers.leaves.act import Act, NoAct
from designspace.zero_cost.registry import Undefined, scorer
from designspace.zero_cost.subject import Subject


@scorer("naswot", "Mellor et al. 2021, arXiv 2006.04647")
@torch.no_grad()
def naswot(subject: Subject) -> float | Undefined:
    """The logarithm of the kernel's determinant."""
    model = subject.copy()
    images = len(subject.images)
    kernel = torch.zeros(images, images, dtype=torch.float64, device=subject.images.device)

    def add(_: nn.Module, inputs: tuple[Any, ...]) -> None:
        kernel.add_(agreement(inputs[0]))

    acts = [name for name, act in subject.leaves(Act) if not isinstance(act, NoAct)]
    if not acts:
        return Undefined("the network has no activation")
    for name in acts:
        model.get_submodule(name).register_forward_pre_hook(add)
    model(subject.images)
    sign, logarithm = torch.linalg.slogdet(kernel)
    if sign <= 0:
        return Undefined("two images of the mini-batch have the same code")
    return float(logarithm)


def agreement(x: Tensor) -> Tensor:
    """The units that agree in sign, for each two images: (batch, ...) to (batch, batch)."""
    signs = torch.where(x.flatten(1) > 0, 1.0, -1.0)
    return (signs.shape[1] + (signs @ signs.T).double()) / 2
