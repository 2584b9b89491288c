"""RandAugment (arXiv 1909.13719) of a batch of bytes on its device: timm's operators and levels.

A GPU finishes a small batch before the CPU has launched fifteen operators on their images. So the
images of a batch are sorted by operator, and operators of one kind share the work: lookups in
tables of 256 bytes run together, enhancers blend together, and warps sample together.

Sorting the layers saves further launches. For example, image A gets `invert` and then `rotate`, and
image B gets only `rotate`. If `rotate` of B ran in the first layer, both layers would launch a
warp. So B waits for the second layer, and one warp serves both images.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from torch import Tensor

from designspace.images.augmentation.batch_random import Draw
from designspace.images.augmentation.operators import NAMES, Layer, Operators
from designspace.images.augmentation.parcel import Parcel, Sent
from designspace.images.augmentation.policy import parse_policy
from designspace.spec.recipe.crops import Interpolation


class RandAugment:
    """A RandAugment policy for batches of bytes.

    Args:
        name: Name of the policy in timm's grammar.
        mean: Mean of the channels, on the scale 0 to 1; it fills areas that a warp leaves empty.
        interpolation: Interpolation of the warps; None draws one per image, as timm does if none is
            given.
    """

    def __init__(
        self, name: str, mean: tuple[float, ...], interpolation: Interpolation | None = None
    ) -> None:
        self.policy = parse_policy(name)
        self._interpolation = interpolation
        self._fill = np.array([min(255, round(255 * value)) for value in mean], dtype=np.float32)

    def __call__(self, size: tuple[int, int], draw: Draw) -> Callable[[Tensor], Tensor]:
        """Return a function that changes bytes (K, C, height, width).

        Args:
            size: Height and width of the images [pixels].
            draw: Draw of the images.
        """
        layers = [self._layer(draw) for _ in range(self.policy.layers)]
        return self.applied(early(layers), size, draw.parcel)

    def _layer(self, draw: Draw) -> Layer:
        kinds = draw.integers(len(NAMES)).numpy()
        applied = draw.chance(self.policy.probability).numpy()
        levels, signs = self.policy.levels(draw), 2 * draw.integers(2) - 1
        bicubic = draw.integers(2).numpy().astype(bool)
        if self._interpolation is not None:
            bicubic = np.full_like(bicubic, self._interpolation == "bicubic")
        return Layer(np.where(applied, kinds, -1), levels.numpy(), signs.numpy(), bicubic)

    def applied(
        self, layers: Sequence[Layer], size: tuple[int, int], parcel: Parcel
    ) -> Callable[[Tensor], Tensor]:
        """Return a function that applies layers to bytes (K, C, height, width), one by one."""
        steps = list[tuple[Sent, Operators]]()
        back = np.arange(len(layers[0].kinds))
        for layer in layers:
            order, layer = layer.sorted()
            operators = Operators(layer, self.policy.increasing, self._fill, size, parcel)
            # The images are still in the order of the layer before.
            steps.append((parcel.put(back[order]), operators))
            back = np.empty_like(order)
            back[order] = np.arange(len(order))
        last = parcel.put(back)

        def run(pixels: Tensor) -> Tensor:
            for order, operators in steps:
                pixels = pixels.index_select(0, order.on(pixels.device))
                operators(pixels)
            return pixels.index_select(0, last.on(pixels.device))

        return run


def early(layers: Sequence[Layer]) -> list[Layer]:
    """Rearrange the layers so that few kinds of operators appear in more than one of them.

    Each image keeps its operators in their order. A kind costs a GPU as many launches for one image
    as for many. First, all operators move to the earliest layers. Then, if images with several
    operators need a kind only in later layers, images with this operator alone use it there, too.
    """
    numbers = [np.stack(each) for each in zip(*layers, strict=True)]
    order = (numbers[0] < 0).argsort(0, kind="stable")
    numbers = [np.take_along_axis(each, order, 0) for each in numbers]
    kinds = numbers[0]
    several = (kinds >= 0).sum(0) > 1
    for kind in range(len(NAMES)):
        needed = (kinds[:, several] == kind).any(1)
        if needed.any() and not needed[0]:
            chosen = ~several & (kinds[0] == kind)
            late = int(needed.argmax())
            for each in numbers:
                each[np.ix_([0, late], chosen)] = each[np.ix_([late, 0], chosen)]
    return [Layer(*each) for each in zip(*numbers, strict=True)]
