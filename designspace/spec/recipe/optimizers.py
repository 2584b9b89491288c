"""Optimizers of a training, with learning rates and weight decay."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from designspace.layers.frozen import Frozen
from designspace.layers.kind import Kind
from designspace.layers.numbers import Count
from designspace.spec.recipe.shares import Positive, Rate


class LayerDecay(Frozen):
    """A smaller learning rate for lower layers: `rate` to the power of the number of layers above.

    A layer consists of some consecutive blocks of a stage and the downsampling before them. The
    stem is the lowest layer; the part after the stages is the highest, at the full rate, except
    that a norm before the head's pooling belongs to the last blocks, as in timm (arXiv 2201.03545,
    appendix A.2, after BEiT). timm uses one block per layer.

    Attributes:
        rate: Factor from one layer to the one below.
        blocks: Number of blocks per layer; the paper uses 3.
        layers: Number of layers that the stages count as; null for the number that there are. With
            a larger number, the last stage's last layer is still the last: the paper's code counts
            12 for ConvNeXt-T too, which has 6.
    """

    rate: Annotated[float, Field(gt=0, lt=1)]
    blocks: Count = 3
    layers: Count | None = None


class Optimizer(Kind, family="optimizer"):
    """An optimizer with its learning rate and weight decay.

    Attributes:
        lr: Peak learning rate for `reference_batch` images per step; it scales linearly with the
            batch size.
        reference_batch: Number of images per step for which `lr` is given.
        weight_decay: Weight decay of the parameters that `decays` selects.
        decays: Parameters that are decayed. Null: all except one-dimensional parameters, biases,
            position tables and class tokens, as in timm and the paper's code; `all`: every
            parameter, as in torchvision.
        layer_decay: Smaller learning rates for lower layers, for fine-tuning; null for one rate.
    """

    lr: Positive
    reference_batch: int = Field(default=256, ge=1)
    weight_decay: float = Field(default=0.0, ge=0)
    decays: Literal["all"] | None = None
    layer_decay: LayerDecay | None = None


class AdamW(Optimizer):
    """AdamW, with decoupled weight decay (arXiv 1711.05101)."""

    kind: Literal["adamw"] = "adamw"
    betas: tuple[Rate, Rate] = (0.9, 0.999)
    eps: Positive = 1e-8


class Sgd(Optimizer):
    """Stochastic gradient descent with momentum."""

    kind: Literal["sgd"] = "sgd"
    momentum: Rate = 0.9
    nesterov: bool = True
