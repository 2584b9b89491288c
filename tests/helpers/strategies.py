"""Hypothesis strategies, derived from the registered kinds: a new kind is drawn by itself."""

from __future__ import annotations

import copy
import types
from collections.abc import Sequence
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st

from designspace.blocks.families import Block, Downsample, Head, Stem
from designspace.layers.kind import Kind
from designspace.layers.leaf import Leaf
from designspace.layers.leaves.act import Act
from designspace.layers.leaves.norm import Norm
from designspace.layers.leaves.response import Response
from designspace.layers.part import Composite
from designspace.spec.network.families import families


def parts() -> list[type[Composite]]:
    """Every registered kind that is made of layers."""
    kinds = [kind for registry in families().values() for kind in registry.values()]
    return [kind for kind in kinds if issubclass(kind, Composite)]


def leaf_kinds() -> list[type[Kind]]:
    """Every norm and activation that stands for itself."""
    kinds = [*Norm.registry.values(), *Act.registry.values(), *Response.registry.values()]
    return [kind for kind in kinds if issubclass(kind, Leaf) and kind.tag() != "inherit"]


def data_of(kind: type[Kind]) -> st.SearchStrategy[dict[str, Any]]:
    """Authored data of a kind, each field drawn from its examples or from all that it allows."""
    examples = kind.example_values()
    fields = {
        name: _one_of(examples[name])
        if name in examples
        else _of(info.annotation, f"{kind.__name__}.{name}")
        for name, info in kind.model_fields.items()
        if name != "kind"
    }
    return st.fixed_dictionaries({"kind": st.just(kind.tag())}, optional=fields)


def family(cls: type[Kind]) -> st.SearchStrategy[dict[str, Any]]:
    """Authored data of any kind of a family."""
    return st.one_of([data_of(kind) for kind in cls.registry.values()])


def _one_of(examples: Sequence[Any]) -> st.SearchStrategy[Any]:
    return st.sampled_from(examples).map(copy.deepcopy)


def _of(annotation: Any, field: str) -> st.SearchStrategy[Any]:
    """All values of a type that has few of them."""
    if isinstance(annotation, type) and issubclass(annotation, Kind):
        return family(annotation)
    if annotation is bool:
        return st.booleans()
    if annotation is type(None):
        return st.none()
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return st.one_of([_of(argument, field) for argument in get_args(annotation)])
    raise AssertionError(f"declare small values of {field} in the `examples` of its class")


@st.composite
def networks(draw: st.DrawFn) -> dict[str, Any]:
    """Authored data of a small network; some are refused for their shapes."""
    stages = draw(st.integers(1, 3))
    block = draw(family(Block))
    data = {
        "depths": [draw(st.integers(1, 2)) for _ in range(stages)],
        "widths": draw(
            st.one_of(st.just({"base": 8}), st.just([8, 16, 24][:stages]), st.just([8] * stages))
        ),
        "norm": draw(st.sampled_from(["batchnorm", "layernorm", "groupnorm"])),
        "act": draw(st.sampled_from(["relu", "gelu", "silu"])),
        "stem": draw(family(Stem)),
        "block": block,
        "downsample": draw(family(Downsample)),
        "head": draw(family(Head)),
        "input_size": 32,
    }
    return data | _agreeable(data)


def _agreeable(data: dict[str, Any]) -> dict[str, Any]:
    """What keeps most drawn networks possible: tokens with tokens, maps with maps."""
    changes: dict[str, Any] = {}
    if data["stem"]["kind"] == "tokens":
        attention = {"kind": "metaformer", "mixer": {"kind": "attention", "head_dim": 4}}
        changes |= {"depths": [1], "widths": [8], "block": attention}
    elif data["head"]["kind"] == "class_token":
        changes["head"] = "linear"
    if data["block"]["kind"] == "metaformer" and data["downsample"]["kind"] == "in_block":
        changes["downsample"] = "patch_merging"
    return changes
