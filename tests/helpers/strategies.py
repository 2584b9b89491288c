"""Hypothesis strategies, derived from the registered kinds: a new kind is drawn by itself."""

from __future__ import annotations

import types
from typing import Any, Literal, Union, get_args, get_origin

from hypothesis import strategies as st
from pydantic.fields import FieldInfo

from designspace.blocks.families import Block, Downsample, Head, Stem
from designspace.layers.act import Act
from designspace.layers.kind import Kind
from designspace.layers.norm import Norm
from designspace.layers.part import Composite
from designspace.layers.response import Response
from designspace.spec.network.families import families

# what the bounds of a type do not say: sizes at which a test network stays small
SMALL = {
    "kernel_size": st.sampled_from([1, 3, 5, 7]),
    "pool": st.sampled_from([None, 3]),
    "patch_size": st.sampled_from([1, 2, 4]),
    "stride": st.sampled_from([1, 2]),
    "width": st.sampled_from([None, 8]),
    "padding": st.sampled_from([0, 1, 2]),
    "head_dim": st.sampled_from([4, 8]),
    "window": st.sampled_from([2, 4, 7]),
    "groups": st.sampled_from([1, 2, 4]),
    "eps": st.sampled_from([1e-5, 1e-6]),
    "ratio": st.sampled_from([1, 2, 3.5, 4]),
    "layer_scale_init": st.sampled_from([None, 1e-6, 0.1]),
    "norm_at": st.lists(st.integers(0, 3), unique=True),
    "act_at": st.lists(st.integers(1, 3), unique=True),
}


def parts() -> list[type[Composite]]:
    """Every registered kind that is made of layers."""
    kinds = [kind for registry in families().values() for kind in registry.values()]
    return [kind for kind in kinds if issubclass(kind, Composite)]


def leaf_kinds() -> list[type[Kind]]:
    """Every norm and activation that stands for itself."""
    kinds = [*Norm.registry.values(), *Act.registry.values(), *Response.registry.values()]
    return [kind for kind in kinds if kind.tag() != "inherit"]


def data_of(kind: type[Kind]) -> st.SearchStrategy[dict[str, Any]]:
    """Authored data of a kind, each field drawn from what it allows."""
    fields = {
        name: _value(kind, name, info)
        for name, info in kind.model_fields.items()
        if name != "kind" and info.annotation is not None
    }
    return st.fixed_dictionaries({"kind": st.just(kind.tag())}, optional=fields)


def family(cls: type[Kind]) -> st.SearchStrategy[dict[str, Any]]:
    """Authored data of any kind of a family."""
    return st.one_of([data_of(kind) for kind in cls.registry.values()])


def _value(kind: type[Kind], name: str, info: FieldInfo) -> st.SearchStrategy[Any]:
    if name == "norm_at" and get_origin(info.annotation) is Literal:
        return st.sampled_from(get_args(info.annotation))
    if name in SMALL:
        if name == "groups" and kind.family_name == "mixer":
            return st.sampled_from(["depthwise", 1, 2, {"width": 4}])
        return SMALL[name]
    return _of(info.annotation)


def _of(annotation: Any) -> st.SearchStrategy[Any]:
    if isinstance(annotation, type) and issubclass(annotation, Kind):
        return family(annotation)
    if annotation is bool:
        return st.booleans()
    if get_origin(annotation) is Literal:
        return st.sampled_from(get_args(annotation))
    if get_origin(annotation) in (Union, types.UnionType):
        return st.one_of([_of(argument) for argument in get_args(annotation)])
    if annotation is type(None):
        return st.none()
    if annotation is int:
        return st.integers(1, 3)
    if annotation is float:
        return st.sampled_from([0.5, 1.0, 2.0])
    raise AssertionError(f"no strategy for {annotation}: say its small values in SMALL")


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
