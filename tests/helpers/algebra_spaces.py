"""Small spaces with all that makes counting hard, and counting by looking at each network."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

from designspace.costing import cost
from designspace.errors import InputError
from designspace.spec.space.space import Space

SIZE, CHANNELS, CLASSES = 32, 1, 7

BASE: dict[str, Any] = {
    "depths": [1, 1, 2],
    "widths": [8, 16, 24],
    "norm": "layernorm",
    "act": "gelu",
    "stem": {"kind": "patchify", "patch_size": 2},
    "block": {
        "kind": "conv",
        "ratio": {"per_stage": [2, 2, 2]},
        "norm_at": {"per_stage": [[1], [1], [1]]},
        "spatial": {"kind": "conv", "kernel_size": {"per_stage": [3, 3, 3]}},
    },
    "downsample": {"kind": "separate"},
    "input_size": SIZE,
}
KERNEL = "block.spatial.kernel_size.per_stage"
LIMIT = {"cost": "params", "low": 1, "high": "1G"}
ATTENTION = {"kind": "attention", "head_dim": 8}
POOL = {"kind": "pool", "kernel_size": 3}

SPACES: dict[str, dict[str, Any]] = {
    "a knob a stage": {
        "depth": {"path": "depths.2", "range": [1, 3]},
        "k1": {"path": f"{KERNEL}.0", "choices": [3, 5]},
        "k2": {"path": f"{KERNEL}.1", "choices": [3, 5]},
        "ratio": {"path": "block.ratio.per_stage.2", "choices": [1, 2, 3]},
    },
    "widths couple the stages": {
        "w1": {"path": "widths.0", "choices": [8, 12, 16]},
        "w2": {"path": "widths.1", "choices": [8, 16]},
        "w3": {"path": "widths.2", "choices": [16, 24]},
        "downsample": {"path": "downsample", "choices": ["separate", "in_block"]},
    },
    "a norm that stands nowhere": {
        "norm": {"path": "norm", "choices": ["layernorm", "batchnorm"]},
        "stem": {"path": "stem.norm", "choices": ["none", "inherit"]},
        "head": {"path": "head.norm", "choices": ["none", "inherit"]},
        "down": {"path": "downsample.norm", "choices": ["none", "inherit"]},
        "at1": {"path": "block.norm_at.per_stage.0", "choices": [[], [1]]},
        "at2": {"path": "block.norm_at.per_stage.1", "choices": [[], [1]]},
        "at3": {"path": "block.norm_at.per_stage.2", "choices": [[], [1]]},
    },
    "conditions, one upon the other": {
        "kind": {"path": "downsample", "choices": ["separate", "in_block"]},
        "kernel": {
            "path": "downsample.kernel_size",
            "choices": [2, 3],
            "when": {"kind": "separate"},
        },
        "pad": {"path": "downsample.padding", "choices": [0, 1], "when": {"kernel": 3}},
        "bias": {"path": "block.bias", "choices": [True, False]},
    },
    "some choices make no network": {
        "groups": {"path": "block.spatial.groups", "choices": ["depthwise", 1, 3]},
        "w1": {"path": "widths.0", "choices": [8, 12, 24]},
        "w2": {"path": "widths.1", "choices": [12, 16]},
        "patch": {"path": "stem.patch_size", "choices": [2, 4, 16]},
    },
    "several paths move together": {
        "macro": {
            "choices": {
                "small": {"depths": [1, 1, 1], "widths": [8, 8, 8]},
                "tall": {"depths.2": 3, "block.act_at": [1, 2]},
                "same": {"depths": [1, 1, 2]},
                "wide": {"widths": {"base": 8, "growth": 2}},
            }
        },
        "act": {"path": "act", "choices": ["gelu", "relu"]},
        "last": {"path": "depths.2", "choices": [1, 2]},
        "stem": {"path": "stem.width", "choices": [None, 8]},
    },
    "another number of stages": {
        "shape": {
            "choices": {
                "two": {"depths": [1, 2], "widths": [8, 16]},
                "four": {"depths": [1, 1, 1, 1], "widths": [8, 8, 16, 16]},
                "three": {"depths": [1, 1, 1], "widths": [8, 16, 16]},
            }
        },
        "block": {
            "path": "block",
            "choices": {
                "conv": {"kind": "conv", "ratio": 2},
                "pool": {"kind": "metaformer", "mixer": POOL},
            },
        },
        "down": {"path": "downsample", "choices": ["separate", "in_block"]},
    },
    "a mixer a stage": {
        f"mixer{stage}": {
            "choices": {
                "conv": {f"block.{stage}": {"kind": "conv", "ratio": 2}},
                "pool": {f"block.{stage}": {"kind": "metaformer", "mixer": POOL}},
                "attention": {
                    f"block.{stage}": {
                        "kind": "metaformer",
                        "mixer": {"kind": "attention", "head_dim": 8},
                    }
                },
            }
        }
        for stage in range(3)
    },
}


def data(axes: Mapping[str, Any], limits: list[dict[str, Any]] | None = None) -> dict[str, Any]:
    """A space as data, over a base that its axes suit."""
    base = dict(BASE)
    if "shape" in axes:
        base["block"] = {"kind": "conv", "ratio": 2}
    if "mixer0" in axes:
        base["block"] = [{"kind": "conv", "ratio": 2}] * 3
    return {"base": base, "axes": dict(axes), "limits": limits or []}


def by_looking(space: Space) -> dict[str, tuple[int, int, int]]:
    """Digest to parameters, multiply-adds and activations of every network of a space."""
    found: dict[str, tuple[int, int, int]] = {}
    names = list(space.axes)
    for labels in itertools.product(*(axis.labels for axis in space.axes.values())):
        point = dict(zip(names, labels, strict=True))
        try:
            network = space.spec(point)
            costs = cost(network, SIZE, in_channels=CHANNELS, num_classes=CLASSES)
        except InputError:
            continue
        found[network.digest] = (costs.params, costs.macs, costs.acts)
    return found
