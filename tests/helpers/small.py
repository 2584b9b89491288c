"""One network of each family in the catalog, cut to few blocks; new families join by themselves."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any

import pytest
import torch
from torch import nn

from designspace.costing import cost
from designspace.layers.kind import Kind
from designspace.spec import Network, load
from designspace.spec.documents import catalog

SIDE = 64


def few_blocks(name: str) -> dict[str, Any]:
    """The changes that leave a catalog network as few blocks a stage as show its pattern."""
    network = load(name)
    depth = max(block.period() for block in network.block)
    return {"depths": [depth] * len(network.depths), "widths": list(network.stage_widths)}


@cache
def small(name: str) -> Network:
    """A catalog network with few blocks."""
    return load(name, few_blocks(name))


def built_of(network: Network) -> tuple[Any, ...]:
    """The kinds that a network is made of."""
    parts = (network.stem, *network.block[:1], *network.downsample[:1], network.head)
    return (len(network.depths) > 1, *(tag for part in parts for tag in tags(part)))


def tags(kind: Kind) -> Iterator[str]:
    yield f"{kind.family_name}-{kind.tag()}"
    for _, nested in kind.nested():
        yield from tags(nested)


@cache
def families() -> tuple[str, ...]:
    """The smallest network of each set of kinds."""
    found: dict[tuple[Any, ...], str] = {}
    for name in sorted(catalog.names("specs"), key=lambda name: cost(name).params):
        if not name.endswith("_proxy"):
            found.setdefault(built_of(load(name)), name)
    return tuple(sorted(found.values()))


every_family = pytest.mark.parametrize("name", families())


def stir(model: nn.Module) -> None:
    """Draw scales, biases and statistics, so that no branch is hidden by its first value."""
    draw = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for name, value in [*model.named_parameters(), *model.named_buffers()]:
            if value.is_floating_point() and value.ndim == 1:
                spread = torch.rand(value.shape, generator=draw)
                value.copy_(spread - 0.5 if name.endswith(("bias", "mean")) else spread + 0.5)
