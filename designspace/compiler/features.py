"""A network without its head, for detection and segmentation: it returns the stages' maps."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, cast

from torch import Tensor, nn

from designspace.compiler.feature_info import StageInfo
from designspace.compiler.modules import channels_last
from designspace.errors import InputError
from designspace.spec.network.network import Network

if TYPE_CHECKING:
    from timm.models import FeatureInfo


class Features(nn.Module):
    """Stem and stages under the classifier's names, up to the last requested stage.

    Attributes:
        spec: Specification of the network.
        out_indices: Indices of the stages whose maps are returned, from 0, in order.
        left_out: Prefixes of a classifier's parameters that this network deliberately lacks.
    """

    def __init__(
        self,
        spec: Network,
        stem: nn.Module,
        stages: nn.Module,
        info: Sequence[StageInfo],
        out_indices: Iterable[int] | None = None,
    ) -> None:
        super().__init__()
        self.spec, self._info = spec, tuple(info)
        self.out_indices = chosen_stages(len(self._info), out_indices)
        kept = self.out_indices[-1] + 1
        self.stem = stem
        self.stages = cast("nn.Sequential", stages)[:kept]
        self.left_out = ("head.", *(f"stages.{i}." for i in range(kept, len(self._info))))

    @property
    def feature_info(self) -> FeatureInfo:
        """Channels, reduction and module name of each map, in timm's own class."""
        from timm.models import FeatureInfo

        return FeatureInfo([each.as_dict() for each in self._info], self.out_indices)

    def forward(self, x: Tensor) -> list[Tensor]:
        """Map (batch, channels, height, width) to maps (batch, channels', height', width')."""
        maps: list[Tensor] = []
        sides = (x.shape[2], x.shape[3])
        x = self.stem(channels_last(x))
        for index, stage in enumerate(self.stages):
            x = stage(x)
            if index in self.out_indices:
                reduction = self._info[index].reduction
                maps.append(as_map(x, sides[0] // reduction, sides[1] // reduction))
        return maps


def chosen_stages(stages: int, out_indices: Iterable[int] | None) -> tuple[int, ...]:
    """Return the indices from 0, in order and without repeats; all stages for None.

    Raises:
        InputError: There is no such stage, or the list is empty.
    """
    if out_indices is None:
        return tuple(range(stages))
    asked = tuple(out_indices)
    wrong = [index for index in asked if not -stages <= index < stages]
    if wrong or not asked:
        raise InputError(
            f"no stages {wrong or asked}",
            path="out_indices",
            hint=f"valid: {-stages} to {stages - 1}",
        )
    return tuple(sorted({index % stages for index in asked}))


def as_map(x: Tensor, height: int, width: int) -> Tensor:
    """Return a stage's output as a map (batch, channels, height, width).

    A map is returned unchanged. Tokens (batch, tokens, channels) are laid out on a grid of this
    height and width; tokens in front that belong to no position, such as the class token, are left
    out.
    """
    if x.ndim == 4:
        return x
    extra = x.shape[1] - height * width
    return x[:, extra:].reshape(x.shape[0], height, width, x.shape[2]).permute(0, 3, 1, 2)
