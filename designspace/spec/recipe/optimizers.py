"""Optimizers: what takes the steps of a training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from designspace.layers.frozen import Frozen
from designspace.layers.kind import Kind
from designspace.layers.numbers import Count
from designspace.spec.recipe.shares import Positive, Rate


class LayerDecay(Frozen):
    """A smaller learning rate for lower layers: `rate` to the power of the layers above.

    A layer is some consecutive blocks of a stage, with the downsampling before them; the stem is
    the lowest, and what follows the stages the highest, at the full rate (arXiv 2201.03545,
    appendix A.2, after BEiT's). One block a layer is timm's rule.

    Attributes:
        rate: Factor from one layer to the one below.
        blocks: Blocks in a layer; the paper takes 3.
        layers: Into how many layers the stages are counted; null for as many as there are. With
            more, the last stage's last layer is still the last: the paper's code counts 12 for
            ConvNeXt-T too, which has 6.
    """

    rate: Annotated[float, Field(gt=0, lt=1)]
    blocks: Count = 3
    layers: Count | None = None


class Optimizer(Kind, family="optimizer"):
    """What takes the steps.

    Attributes:
        lr: Peak learning rate, stated for `reference_batch` images a step; it scales linearly with
            the batch size.
        reference_batch: See `lr`.
        weight_decay: Of what is decayed.
        decays: Null: all but one-dimensional parameters, biases, and tables of positions and class
            tokens, as timm and the paper's code have it; `all`: every parameter, as torchvision.
        layer_decay: A smaller rate for lower layers, for fine-tuning; null for one rate.
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
