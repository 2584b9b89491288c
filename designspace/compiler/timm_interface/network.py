"""A network with the methods that timm's scripts and wrappers call."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import nullcontext
from typing import Any, cast

import torch
import torch.utils.checkpoint as saving
from torch import Tensor, nn

from designspace.compiler.build import CLASSIFIER, BuiltNetwork, PartModule, body_of
from designspace.compiler.drop_path import set_drop_path
from designspace.compiler.features import chosen_stages
from designspace.compiler.modules import channels_last
from designspace.compiler.timm_interface.dilation import dilate
from designspace.compiler.timm_interface.head import TimmHead
from designspace.compiler.timm_interface.intermediates import Wanted, intermediates
from designspace.compiler.timm_interface.levels import levels
from designspace.compiler.timm_interface.sizes import pair, resize_tables
from designspace.costing import plan
from designspace.errors import InputError
from designspace.spec.network.network import Network

_WITH_THE_LAST = 99999  # timm's number for "with the last layer"


class TimmNetwork(BuiltNetwork):
    """A network with the interface of timm's models; its weights keep our names.

    Maps are (batch, channels, height, width), tokens (batch, tokens, channels).

    Attributes:
        num_classes: Number of logits; 0 for a network without a classifier.
        in_chans: Number of channels of the image.
        num_features: Number of channels of the last stage.
        head_hidden_size: Number of input channels of the classifier.
        num_prefix_tokens: Number of tokens that belong to no position, such as the class token.
        feature_info: Channels, reduction and module name of each level.
        global_pool: Name of the pooling; empty if `forward` returns the last features unpooled.
        left_out: Prefixes of a classifier's weights that this network deliberately lacks.
    """

    head: TimmHead

    def __init__(  # noqa: PLR0913 - timm's keywords
        self,
        cfg: Network,
        *,
        num_classes: int = 1000,
        in_chans: int = 3,
        img_size: int | Sequence[int] | None = None,
        global_pool: str | None = None,
        output_stride: int | None = None,
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        head_init_scale: float = 1.0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        if in_chans < 1:
            raise InputError(f"expected at least 1 channel, got {in_chans}", path="in_chans")
        size = None if img_size is None else pair(img_size)
        side = min(size) if size else None
        node = plan(cfg, side, in_channels=in_chans, num_classes=num_classes or 1)
        with torch.device(device) if device else nullcontext():
            super().__init__(cfg, body_of(node))
        stages = node.children["stages"]
        self.in_chans, self.num_features = in_chans, stages.output.channels
        self.num_prefix_tokens = int(getattr(cfg.stem, "class_token", False))
        self.head = TimmHead(
            cast("PartModule", self.head),
            channels=self.num_features,
            prefix=self.num_prefix_tokens,
            drop_rate=drop_rate,
        )
        self.feature_info = [each.as_dict() for each in levels(cfg, side, in_channels=in_chans)]
        self.left_out: tuple[str, ...] = ()
        self._last_level = len(self.feature_info) - 1
        self.grad_checkpointing = False
        self.num_classes, self.global_pool = num_classes, self.head.own_pooling
        if not num_classes or global_pool is not None:
            self.reset_classifier(num_classes, global_pool)
        if size:
            self.set_input_size(size)
        if output_stride is not None:
            dilate(self, output_stride)
        set_drop_path(self, drop_path_rate)
        self._scale_classifier(head_init_scale)
        self.to(dtype=dtype)

    @property
    def head_hidden_size(self) -> int:
        """Number of input channels of the classifier."""
        return self.head.hidden

    @property
    def drop_rate(self) -> float:
        """Rate of the dropout before the classifier."""
        return self.head.drop_rate

    def forward(self, x: Tensor) -> Tensor:
        """Map (batch, channels, height, width) to logits, or to features without a classifier."""
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """Return the last stage's features, after the norm before the head's pooling, if any."""
        x = cast("nn.Module", self.stem)(channels_last(x))
        for stage in cast("nn.Sequential", self.stages):
            x = self.run(stage, x)
        return self.head.norm_features(x)

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Map features to logits, or to the classifier's input."""
        return self.head(x, pre_logits=pre_logits) if self.global_pool else x

    def forward_intermediates(  # noqa: PLR0913 - timm's keywords
        self,
        x: Tensor,
        indices: int | Sequence[int] | None = None,
        norm: bool = False,
        stop_early: bool = False,
        output_fmt: str = "NCHW",
        intermediates_only: bool = False,
        *,
        return_prefix_tokens: bool = False,
        output_dict: bool = False,
    ) -> Any:
        """Return the maps of the requested levels and the last features.

        Args:
            x: Images (batch, channels, height, width).
            indices: Levels from 0, or a number n for the last n levels (default: all).
            norm: Whether to apply the final norm: to every level of a network of one stage, else to
                the last.
            stop_early: Whether to stop after the last requested level.
            output_fmt: Format: `NCHW` for maps, `NLC` for tokens (batch, positions, channels).
            intermediates_only: Whether to leave out the last features.
            return_prefix_tokens: Whether to return each level as a pair with its prefix tokens, if
                it has any.
            output_dict: Whether to return a dictionary of `image_intermediates`, `image_features`
                and, if requested, `image_intermediates_prefix`.

        Raises:
            InputError: There is no such level or format.
        """
        wanted = Wanted(
            norm, stop_early, output_fmt, intermediates_only, return_prefix_tokens, output_dict
        )
        return intermediates(self, x, self._taken(indices), wanted)

    def prune_intermediate_layers(
        self,
        indices: int | Sequence[int] = 1,
        prune_norm: bool = False,
        prune_head: bool = True,
    ) -> list[int]:
        """Drop the layers that no requested level needs.

        Args:
            indices: Levels from 0, or a number n for the last n levels.
            prune_norm: Whether to drop the final norm.
            prune_head: Whether to drop the head.

        Returns:
            The levels, from 0.
        """
        taken = self._taken(indices)
        shortened = not self.ends_with(cast("str", self.feature_info[taken[-1]]["module"]))
        if shortened:
            self._shorten(taken[-1])
        if prune_norm or (shortened and len(self.spec.depths) > 1):
            self.head.drop_final_norm()
        if prune_head or shortened:
            self.head.drop_classifier()
            self.left_out = (*self.left_out, "head.")
            self.global_pool, self.num_classes = "", 0
        return list(taken)

    def get_classifier(self) -> nn.Module:
        """Return the last layer."""
        return self.get_submodule(CLASSIFIER)

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Give the head a new classifier.

        Args:
            num_classes: Number of classes; 0 for no classifier.
            global_pool: Pooling: `avg`, `max`, `avgmax` or `catavgmax`, each also with timm's
                prefix `fast`, or `token`; empty for unpooled features, which take no classifier
                (default: unchanged).

        Raises:
            InputError: The head has no such pooling or was pruned, or unpooled features were to get
                a classifier.
        """
        pooling = self.global_pool if global_pool is None else global_pool
        if num_classes and "head." in self.left_out:
            raise InputError("the head was pruned", path="num_classes")
        if num_classes and not pooling:
            raise InputError("a classifier needs pooled features", path="global_pool")
        if pooling:
            self.head.pool_by(pooling)
        self.num_classes, self.global_pool = num_classes, pooling
        weight = next(self.parameters())
        fresh = nn.Linear(self.head_hidden_size, num_classes) if num_classes else nn.Identity()
        self.head.add_module("classifier", fresh.to(weight.device, weight.dtype))

    def set_input_size(
        self, img_size: int | Sequence[int] | None = None, patch_size: int | None = None
    ) -> None:
        """Resample the position tables for another image size; all other layers take any size.

        Args:
            img_size: Side, or (height, width), in pixels; None for no change.
            patch_size: Always None, because patches belong to the specification.

        Raises:
            InputError: A patch size is given, or the image size is not valid.
        """
        if patch_size is not None:
            raise InputError(
                "patches are part of the network",
                path="patch_size",
                hint="use changes={'stem.patch_size': ...}",
            )
        if img_size is None:
            return
        size = pair(img_size)
        resize_tables(self, size, cast("int", self.feature_info[0]["reduction"]))
        traits: dict[str, Any] | None = getattr(self, "_traits", None)  # kept by timm from 1.0.29
        if traits is not None:
            self._traits = {**traits, "img_size": size}

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Set whether training recomputes each stage's activations instead of keeping them."""
        self.grad_checkpointing = enable

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """Return patterns that assign parameters to layers, for layer-wise learning rate decay.

        As in timm, a norm before the head's pooling belongs to the last block.
        """
        stages = r"^stages\.(\d+)"
        fine: list[tuple[str, tuple[int, ...] | None]] = [
            (rf"{stages}\.downsample", (0,)),
            (rf"{stages}\.blocks\.(\d+)", None),
        ]
        if self.head.final_norm:
            fine.append((rf"^head\.{self.head.final_norm}\.", (_WITH_THE_LAST,)))
        return {"stem": r"^stem", "blocks": stages if coarse else fine}

    def run(self, module: nn.Module, x: Tensor) -> Tensor:
        """Run a stage or a block, with gradient checkpointing if it is enabled."""
        if self.grad_checkpointing and self.training and torch.is_grad_enabled():
            return cast("Any", saving).checkpoint(module, x, use_reentrant=False)
        return module(x)

    def ends_with(self, name: str) -> bool:
        """Return whether a level is the last one of the whole network."""
        return name == self.feature_info[-1]["module"]

    def _taken(self, indices: int | Sequence[int] | None) -> tuple[int, ...]:
        """Return the requested levels from 0, counted among those that are left."""
        last = self._last_level + 1
        wanted = range(last - indices, last) if isinstance(indices, int) else indices
        return chosen_stages(last, wanted)

    def _shorten(self, level: int) -> None:
        """Drop all stages or blocks after a level."""
        self._last_level = level
        self.num_features = cast("int", self.feature_info[level]["num_chs"])
        name = cast("str", self.feature_info[level]["module"])
        chain_name, _, last = name.rpartition(".")
        if not last.isdecimal():  # in the stem
            chain_name, last = "stages", "-1"
        chain = cast("nn.Sequential", self.get_submodule(chain_name))
        dropped = range(int(last) + 1, len(chain))
        self.left_out = (*self.left_out, *(f"{chain_name}.{index}." for index in dropped))
        del chain[int(last) + 1 :]

    def _scale_classifier(self, scale: float) -> None:
        classifier = self.get_classifier()
        if scale != 1.0 and isinstance(classifier, nn.Linear):
            with torch.no_grad():
                classifier.weight.mul_(scale)
                classifier.bias.mul_(scale)
