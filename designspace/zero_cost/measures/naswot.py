"""NASWOT (Mellor et al. 2021, arXiv 2006.04647): how differently a network encodes images.

The code of an image has one bit for each unit of each activation: whether its pre-activation is
positive. For ReLU, the code identifies the linear region in which the image lies. GELU, SiLU and
hard swish have no such regions; their code is the same sign, which separates the side that passes
from the side that is suppressed. The kernel of a mini-batch counts, for each pair of images, the
bits that agree. The score is the logarithm of its determinant. For example, the codes 1100 and 1010
agree in 2 of 4 bits: the kernel is [[4, 2], [2, 4]] and the score is log 12. Equal codes would give
a determinant of 0; codes that differ everywhere give log 16.

As in the authors' code (nas-without-training), the network is in training mode and the bits of all
activations are added up. Weights are initialised by torch or by the recipe. That code knows only
ReLU, and its mini-batch has 128 images.
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
    """Return the logarithm of the kernel's determinant."""
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
    """Count the units that agree in sign per pair of images, (batch, ...) to (batch, batch)."""
    signs = torch.where(x.flatten(1) > 0, 1.0, -1.0)
    return (signs.shape[1] + (signs @ signs.T).double()) / 2
