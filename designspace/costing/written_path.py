"""The path in a specification that belongs to a layer in a run on shapes."""

from __future__ import annotations

from collections.abc import Sequence

from designspace.layers.kind import Kind
from designspace.spec.network.network import Network


def written_path(network: Network, traced: str) -> str:
    """Return the path that a user would change, and the layer within it.

    Args:
        network: Network of the run.
        traced: Dotted name of the layer, such as `stages.0.blocks.0.branch.spatial.conv`.

    Returns:
        A path of the specification with the rest in parentheses; for this example,
        `block.spatial (stage 1, conv)`.
    """
    words = traced.split(".")
    if words[0] != "stages" or len(words) < 3:
        return _within(words[0], getattr(network, words[0], None), words[1:], "")
    stage = network.stages[int(words[1])]
    where = f"stage {int(words[1]) + 1}"
    if words[2] == "downsample":
        return _within("downsample", stage.downsample, words[3:], where)
    return _within("block", stage.block, words[4:], where)


def _within(path: str, kind: object, words: Sequence[str], where: str) -> str:
    """Follow the fields that hold kinds; other words are layers of the last kind."""
    layers: list[str] = []
    for word in words:
        inner = getattr(kind, word, None) if isinstance(kind, Kind) else None
        if isinstance(inner, Kind):
            path, kind, layers = f"{path}.{word}", inner, []
        else:
            layers.append(word)
    within = ", ".join(part for part in (where, ".".join(layers)) if part)
    return f"{path} ({within})" if within else path
