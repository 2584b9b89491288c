"""A network with the methods that timm's scripts and wrappers call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, cast

import torch
import torch.utils.checkpoint as saving
from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.build import CLASSIFIER, Compiled, PartModule, body_of
from designspace.compiler.drop_path import set_drop_path
from designspace.compiler.feature_info import stage_info
from designspace.compiler.features import as_map, chosen_stages
from designspace.compiler.modules import channels_last
from designspace.costing import plan
from designspace.errors import InputError
from designspace.layers.part import Callables
from designspace.spec.network import Network


class _BareHead:
    """A head's layers, with the classifier passing on what it gets."""

    def __init__(self, head: nn.Module) -> None:
        self._head = head

    def __getattr__(self, name: str) -> Any:
        return _pass if name == "classifier" else getattr(self._head, name)


def _pass(x: Tensor) -> Tensor:
    return x


class TimmNetwork(Compiled):
    """A network as timm knows models; weights have the names that they have without timm.

    Maps are (batch, channels, height, width), tokens (batch, tokens, channels).

    Attributes:
        num_classes: Size of the logits; 0 for a network without classifier.
        in_chans: Channels of the image.
        num_features: Channels of the last stage.
        head_hidden_size: Channels that the classifier takes.
        feature_info: Channels, reduction and module name of each stage.
        global_pool: Empty where `forward` gives the last features unpooled.
    """

    def __init__(  # noqa: PLR0913 - timm's keywords
        self,
        cfg: Network,
        *,
        num_classes: int = 1000,
        in_chans: int = 3,
        img_size: int | Sequence[int] | None = None,
        global_pool: str | None = None,
        drop_rate: float = 0.0,
        drop_path_rate: float = 0.0,
        device: torch.device | str | None = None,
        dtype: torch.dtype | None = None,
    ) -> None:
        size = _side(img_size)
        node = plan(cfg, size, in_channels=in_chans, num_classes=num_classes or 1)
        super().__init__(cfg, body_of(node))
        self.in_chans, self.drop_rate = in_chans, drop_rate
        stages, head = node.children["stages"], node.children["head"]
        self.num_features = stages.output.channels
        self.head_hidden_size = head.children["classifier"].inputs[0].channels
        info = stage_info(cfg, size, in_channels=in_chans)
        self.feature_info = [each.as_dict() for each in info]
        self.grad_checkpointing = False
        self.num_classes, self.global_pool = num_classes, "spec"
        if not num_classes or global_pool is not None:
            self.reset_classifier(num_classes, global_pool)
        set_drop_path(self, drop_path_rate)
        self.to(device=device, dtype=dtype)

    def forward(self, x: Tensor) -> Tensor:
        """(batch, channels, height, width) to logits, or to features without a classifier."""
        return self.forward_head(self.forward_features(x))

    def forward_features(self, x: Tensor) -> Tensor:
        """The last stage's features, before the head."""
        x = self._stem(x)
        for stage in self._stages():
            x = self._run(stage, x)
        return x

    def forward_head(self, x: Tensor, pre_logits: bool = False) -> Tensor:
        """Features to logits, or to what the classifier takes."""
        if not self.global_pool:
            return x
        head = cast("PartModule", self.head)
        x = head.part.forward(cast("Callables", _BareHead(head)), x)
        x = functional.dropout(x, self.drop_rate, self.training)
        return x if pre_logits else self.get_classifier()(x)

    def forward_intermediates(
        self,
        x: Tensor,
        indices: int | Sequence[int] | None = None,
        norm: bool = False,
        stop_early: bool = False,
        output_fmt: str = "NCHW",
        intermediates_only: bool = False,
    ) -> list[Tensor] | tuple[Tensor, list[Tensor]]:
        """The maps of the stages asked for, and with them the last features.

        Args:
            x: Images.
            indices: Stages from 0; a number asks for so many of the last; all by default.
            norm: Not had: norms that follow the stages are the head's.
            stop_early: Run no stage after the last one asked for.
            output_fmt: `NCHW`.
            intermediates_only: Leave out the last features.
        """
        if norm or output_fmt != "NCHW":
            raise InputError("features come without a last norm, as NCHW", path="norm, output_fmt")
        taken = self._taken(indices)
        sides, maps = x.shape[2:], list[Tensor]()
        x = self._stem(x)
        for index, stage in enumerate(self._stages()):
            if stop_early and index > taken[-1]:
                break
            x = self._run(stage, x)
            if index in taken:
                reduction = cast("int", self.feature_info[index]["reduction"])
                maps.append(as_map(x, sides[0] // reduction, sides[1] // reduction))
        return maps if intermediates_only else (x, maps)

    def prune_intermediate_layers(
        self,
        indices: int | Sequence[int] = 1,
        prune_norm: bool = False,  # noqa: ARG002
        prune_head: bool = True,
    ) -> list[int]:
        """Drop the head and the stages after the last one asked for; those asked for."""
        taken = self._taken(indices)
        shortened = taken[-1] + 1 < len(self.feature_info)
        self.stages = nn.Sequential(*self._stages()[: taken[-1] + 1])
        if prune_head or shortened:
            self.head, self.global_pool = nn.Identity(), ""
            self.num_classes = 0
            self.num_features = cast("int", self.feature_info[taken[-1]]["num_chs"])
        return list(taken)

    def get_classifier(self) -> nn.Module:
        """The last layer."""
        return self.get_submodule(CLASSIFIER)

    def reset_classifier(self, num_classes: int, global_pool: str | None = None) -> None:
        """Put a fresh classifier into the head; 0 classes for none.

        Args:
            num_classes: Size of the logits.
            global_pool: Empty for unpooled features, which take no classifier; else the head pools
                as its specification says.
        """
        if global_pool not in (None, "", "avg", "spec"):
            raise InputError(
                f"no pooling '{global_pool}'", path="global_pool", hint="valid: '', avg"
            )
        pooling = self.global_pool if global_pool is None else global_pool and "spec"
        if num_classes and not pooling:
            raise InputError("unpooled features take no classifier", path="global_pool")
        self.num_classes, self.global_pool = num_classes, pooling
        weight = next(self.parameters())
        fresh = nn.Linear(self.head_hidden_size, num_classes) if num_classes else nn.Identity()
        self.head.add_module("classifier", fresh.to(weight.device, weight.dtype))

    def set_grad_checkpointing(self, enable: bool = True) -> None:
        """Whether training computes each stage's activations again instead of keeping them."""
        self.grad_checkpointing = enable

    def group_matcher(self, coarse: bool = False) -> dict[str, Any]:
        """How parameters belong to layers, for a learning rate that decays with depth."""
        stages = r"^stages\.(\d+)"
        fine = [(rf"{stages}\.downsample", (0,)), (rf"{stages}\.blocks\.(\d+)", None)]
        return {"stem": r"^stem", "blocks": stages if coarse else fine}

    def _stem(self, x: Tensor) -> Tensor:
        return cast("nn.Module", self.stem)(channels_last(x))

    def _stages(self) -> list[nn.Module]:
        return list(cast("nn.Sequential", self.get_submodule("stages")))

    def _run(self, stage: nn.Module, x: Tensor) -> Tensor:
        if self.grad_checkpointing and self.training and torch.is_grad_enabled():
            return cast("Any", saving).checkpoint(stage, x, use_reentrant=False)
        return stage(x)

    def _taken(self, indices: int | Sequence[int] | None) -> tuple[int, ...]:
        stages = len(self._stages())
        wanted = range(stages - indices, stages) if isinstance(indices, int) else indices
        return chosen_stages(stages, wanted)


def _side(img_size: int | Sequence[int] | None) -> int | None:
    """Side of a square image; timm gives a number or (height, width)."""
    if img_size is None or isinstance(img_size, int):
        return img_size
    if len(set(img_size)) > 1:
        raise InputError(f"the image is built square, not {tuple(img_size)}", path="img_size")
    return img_size[0]
