"""A network by its name, built and with its weights: ready to run, to save and to export."""

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

_NOT_OURS = ("spec", "digest", "layout")  # facts that are written anew with every file


@dataclass(frozen=True, slots=True)
class Ready:
    """A network in evaluation mode.

    Attributes:
        named: What the name stands for.
        table: Its cost for the input that it is built for.
        model: The module.
        loaded: What was loaded into it; None for initial weights.
        facts: What a file of its weights should keep beside them: `num_classes`, `in_channels`,
            and with trained weights `classes`, `input`, where they are from, and so on.
        reason: Why the weights are initial ones, as the end of a sentence; empty where they are
            not.
    """

    named: Named
    table: CostTable
    model: BuiltNetwork
    loaded: Loaded | None
    facts: Mapping[str, Any]
    reason: str

    @property
    def about(self) -> dict[str, Any]:
        """What a file that holds the network should keep of it: the facts and the spec."""
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
        network: A name that `find_network` takes, or what it found.
        weights: Other weights, as `load_weights` takes them; these win.
        num_classes: Number of classes; as the weights say by default, else as the network was
            trained, else 1000.
        in_channels: Channels of the image, likewise; else 3.
        input_size: Side of the image, likewise; else the network's nominal one.
        seed: Of initial weights.

    Raises:
        InputError: There is no such network, the weights are missing or do not fit it.
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
        facts.pop("classes", None)  # the names of other classes
    return Ready(named, table, model, loaded, facts, "" if loaded else named.missing)


def _facts(weights: Weights | None) -> dict[str, Any]:
    """Return what is written beside the weights, less what is written anew."""
    known = weights.facts if weights else {}
    return {name: known[name] for name in known if name not in _NOT_OURS}


def _origin(loaded: Loaded, input_size: int) -> dict[str, Any]:
    """Return what to keep beside weights that came from elsewhere."""
    view = loaded.view(input_size)
    return {"from": loaded.source} | ({"input": view.facts()} if view else {})
