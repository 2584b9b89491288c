"""A head with timm's options: other poolings, dropout, features without logits."""

from __future__ import annotations

from typing import Any, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.blocks.class_token_head import ClassTokenHead
from designspace.blocks.linear_head import LinearHead
from designspace.compiler.build import HeadModule, PartModule
from designspace.compiler.lower import as_one_node
from designspace.compiler.timm_interface.taps import Replaced
from designspace.errors import InputError
from designspace.layers.part import Children, Composite

SPEC = "spec"  # the pooling of a kind of head that timm does not name
_POOLINGS = ("avg", "max", "avgmax", "catavgmax")
_FAST = {"fast": "avg"} | {f"fast{word}": word for word in _POOLINGS}  # timm's faster versions


class GlobalPool(nn.Module):
    """One vector per image: (batch, channels, height, width) or (batch, tokens, channels).

    Attributes:
        word: Pooling: `avg`, `max`, `avgmax` (their mean) or `catavgmax` (both, twice the
            channels).
        prefix: Number of tokens in front, such as the class token, that belong to no position.
    """

    def __init__(self, word: str, prefix: int) -> None:
        super().__init__()
        self.word, self.prefix = word, prefix

    def forward(self, x: Tensor) -> Tensor:
        """Pool over the positions."""
        return _pooled(x, self.word, self.prefix)

    def extra_repr(self) -> str:
        """Return the pooling, for print."""
        return self.word


def _pooled(x: Tensor, word: str, prefix: int) -> Tensor:
    rows = x.flatten(2) if x.ndim == 4 else x[:, prefix:].mT
    if word == "max":
        return rows.amax(2)
    mean = rows.mean(2)
    if word == "avg":
        return mean
    both = (mean, rows.amax(2))
    return torch.cat(both, 1) if word == "catavgmax" else (both[0] + both[1]) / 2


def _pass(x: Tensor) -> Tensor:
    return x


class TimmHead(HeadModule):
    """The modules of the original head under their names, with timm's options.

    Attributes:
        final_norm: Name of the norm before the pooling, which timm counts as part of the features;
            empty for none.
        channels: Number of channels of the last features.
        prefix: Number of tokens in front that belong to no position.
        drop_rate: Rate of the dropout before the classifier.
    """

    def __init__(self, head: PartModule, *, channels: int, prefix: int, drop_rate: float) -> None:
        super().__init__(head.part, dict(head.named_children()))
        self.channels, self.prefix, self.drop_rate = channels, prefix, drop_rate
        self.final_norm = _final_norm(head.part)
        self._spot = _spot(head.part)
        self._own_pool: list[nn.Module] = [head.get_submodule(self._spot)] if self._spot else []

    @property
    def own_pooling(self) -> str:
        """The pooling of the specification, by timm's name."""
        return {ClassTokenHead: "token", LinearHead: "avg"}.get(type(self.part), SPEC)  # pyright: ignore

    @property
    def hidden(self) -> int:
        """Number of input channels of the classifier."""
        pool = self.get_submodule(self._spot) if self._spot else None
        twice = isinstance(pool, GlobalPool) and pool.word == "catavgmax"
        return self.channels * (2 if twice else 1)

    def forward(self, x: Tensor, pre_logits: bool = False) -> Tensor:  # pyright: ignore[reportIncompatibleMethodOverride]
        """Pool and classify features whose final norm has been applied."""
        others: dict[str, Any] = {"classifier": self._pre_logits if pre_logits else self._logits}
        if self.final_norm:
            others[self.final_norm] = _pass
        return self.part.forward(cast("Children", Replaced(self, others)), x)

    def pool_by(self, word: str) -> None:
        """Replace the pooling by timm's name for it.

        Raises:
            InputError: The head has no such pooling.
        """
        plain = _FAST.get(word, word)
        if plain == self.own_pooling:
            if self._own_pool:
                self.add_module(self._spot, self._own_pool[0])
            return
        valid = self._valid()
        if plain not in valid:
            raise InputError(
                f"no pooling '{word}'", path="global_pool", hint=f"valid: '', {', '.join(valid)}"
            )
        self.add_module(self._spot, as_one_node(GlobalPool(plain, self.prefix)))

    def norm_features(self, x: Tensor) -> Tensor:
        """Apply the final norm to features."""
        return self.get_submodule(self.final_norm)(x) if self.final_norm else x

    def drop_final_norm(self) -> None:
        """Replace the final norm with an identity."""
        if self.final_norm:
            self.add_module(self.final_norm, nn.Identity())

    def drop_classifier(self) -> None:
        """Replace everything except the final norm with identities."""
        for name, _ in [*self.named_children()]:
            if name != self.final_norm:
                self.add_module(name, nn.Identity())

    def _valid(self) -> list[str]:
        """Return the poolings of this head; a learnt norm after it rules out a wider pooling."""
        own = self.own_pooling
        if own == SPEC:
            return [SPEC]
        after = getattr(self, "norm_after", None)
        wide = [] if after is not None and any(True for _ in after.parameters()) else ["catavgmax"]
        return [*dict.fromkeys([own, "avg", "max", "avgmax", *wide])]

    def _logits(self, x: Tensor) -> Tensor:
        return self.get_submodule("classifier")(self._pre_logits(x))

    def _pre_logits(self, x: Tensor) -> Tensor:
        return functional.dropout(x, self.drop_rate, self.training) if self.drop_rate else x


def _final_norm(part: Composite) -> str:
    """Return the name of a head's norm before its pooling; empty for none."""
    if isinstance(part, ClassTokenHead):
        return "norm"
    return "norm_before" if isinstance(part, LinearHead) else ""


def _spot(part: Composite) -> str:
    """Return the name of a head's pooling; empty for none."""
    if isinstance(part, ClassTokenHead):
        return "take"
    return "pool" if isinstance(part, LinearHead) else ""
