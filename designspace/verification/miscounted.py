"""Leaves whose formula counts other parameters than their module has."""

from __future__ import annotations

import torch

from designspace.compiler.lower import lower, place_of
from designspace.costing import CostTable
from designspace.errors import InputError
from designspace.layers.leaf import Leaf
from designspace.plugins import active


def miscounted(table: CostTable) -> InputError | None:
    """Return the error for the first leaf that counts other parameters than its module has.

    Returns:
        The error with the place of the leaf's class; None if every leaf counts what it has, or no
        plug-in is in use.
    """
    if not active():
        return None
    for name, node in table.plan.leaves():
        leaf = node.layer
        assert isinstance(leaf, Leaf)
        with torch.device("meta"):
            module = lower(leaf, node.inputs[0])
        built = sum(parameter.numel() for parameter in module.parameters())
        if built != node.cost.params:
            file, line = place_of(type(leaf))
            return InputError(
                f"leaf `{type(leaf).__name__}` counts {node.cost.params:,} parameters, and its "
                f"module has {built:,} (layer {name})",
                file=file,
                line=line,
                hint="correct `params` in its `cost`, or its lowering",
            )
    return None
