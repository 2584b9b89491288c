"""A network by its name, built and with its weights, ready to run, save and export."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from designspace.compiler import BuiltNetwork, build
from designspace.costing import CostTable, cost
from designspace.naming import Named, find_network, task_of
from designspace.weights import Loaded, Weights, load_weights, read_weights

_NOT_OURS = ("spec", "digest", "layout")  # facts that every new file writes itself


@dataclass(frozen=True, slots=True)
class Ready:
    """A network in evaluation mode.

    Attributes:
        named: The network that the name stands for.
        table: Cost for the input that the network is built for.
        model: The module.
        loaded: Report of the loaded weights; None for initial weights.
        facts: Facts to keep beside the weights in a file: `num_classes`, `in_channels`, and for
            trained weights `classes`, `input`, `from` (their source) and so on.
        reason: Reason why the weights are initial ones, as the end of a sentence; empty for trained
            weights.
    """

    named: Named
    table: CostTable
    model: BuiltNetwork
    loaded: Loaded | None
    facts: Mapping[str, Any]
    reason: str

    @property
    def about(self) -> dict[str, Any]:
        """The metadata for a file that holds the network: the facts and the spec."""
        spec = self.named.spec
        return {**self.facts, "spec": spec.authored, "digest": spec.digest}

    @property
    def shape(self) -> tuple[int, int, int]:
        """Channels, height and width of the image."""
        height, width, channels = self.table.input.shape
        return channels, height, width


def ready(
    network: str | Path | Named,
    *,
    weights: str | Path | None = None,
    num_classes: int | None = None,
    in_channels: int | None = None,
    input_size: int | None = None,
    seed: int = 0,
) -> Ready:
    """Build a network by its name, with the trained weights that the name stands for.

    Args:
        network: Name that `find_network` takes, or its result.
        weights: Source of weights as for `load_weights`, used instead of the name's own weights.
        num_classes: Number of classes (default: as the weights state, else as the network was
            trained, else 1000).
        in_channels: Channels of the image (default: as the weights state, else as the network was
            trained, else 3).
        input_size: Side of the image in pixels (default: as the weights state, else as the network
            was trained, else the network's nominal size).
        seed: Seed of initial weights.

    Raises:
        InputError: There is no such network, or the weights are missing or do not fit it.
    """
    named = network if isinstance(network, Named) else find_network(network)
    source = weights or named.weights
    start = read_weights(source) if source is not None else None
    facts = _facts(start)
    known: dict[str, Any] = facts.get("input") or {}
    task = task_of(
        named,
        num_classes or facts.get("num_classes"),
        in_channels or facts.get("in_channels"),
        input_size or known.get("size"),
    )
    facts |= {"num_classes": task.num_classes, "in_channels": task.in_channels}
    table = cost(
        task.network,
        task.input_size,
        in_channels=task.in_channels,
        num_classes=task.num_classes,
    )
    torch.manual_seed(seed)
    model = build(
        task.network,
        in_channels=task.in_channels,
        num_classes=task.num_classes,
        input_size=table.input.shape[0],
    ).eval()
    loaded = load_weights(model, start, classifier="replace") if start else None
    if loaded:
        facts |= _origin(loaded, table.input.shape[0])
    if loaded and loaded.classifier_replaced:
        facts.pop("classes", None)  # these are the names of other classes
    return Ready(named, table, model, loaded, facts, "" if loaded else named.missing)


def _facts(weights: Weights | None) -> dict[str, Any]:
    """Return the facts beside the weights, without those that every new file writes itself."""
    known = weights.facts if weights else {}
    return {name: known[name] for name in known if name not in _NOT_OURS}


def _origin(loaded: Loaded, input_size: int) -> dict[str, Any]:
    """Return the facts about the source and the input of loaded weights."""
    view = loaded.view(input_size)
    return {"from": loaded.source} | ({"input": view.facts()} if view else {})
