"""Read the parts of a network one by one from plain data, as the whole network reads them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, TypeAlias, cast

from pydantic import ValidationError, create_model
from pydantic_core import PydanticCustomError

from designspace.errors import InputError
from designspace.layers.bounds import WIDEST
from designspace.layers.kind import Kind
from designspace.layers.leaves.act import InheritAct
from designspace.layers.leaves.norm import InheritNorm
from designspace.spec.documents.digest import without_null
from designspace.spec.documents.per_stage import lengths, pick
from designspace.spec.network.network import Network
from designspace.spec.network.regnet_widths import spelt_out
from designspace.spec.network.widths import Growth

Data = Mapping[str, Any]
Meaning: TypeAlias = tuple[tuple[str, str], ...]


def _of_network(*names: str) -> type[Kind]:
    """Return a model with some fields of a network, each read as the network reads it."""
    fields: dict[str, Any] = {
        name: (Network.model_fields[name].annotation, Network.model_fields[name]) for name in names
    }
    return create_model("Part", __base__=Kind, **fields)


_MODELS = {
    name: _of_network("norm", "act", name) for name in ("stem", "block", "downsample", "head")
}
_EXTENTS = _of_network("depths", "widths")


class RefusedError(Exception):
    """The data do not make a valid part."""


@dataclass(frozen=True, slots=True)
class Staged:
    """A part of one stage, and the number of stages it was written for; 1 fits any number."""

    part: Kind
    stages: int


def extents(data: Data) -> list[tuple[int, int]]:
    """Return depth and width of each stage.

    Raises:
        RefusedError: The data are not valid.
    """
    try:
        model: Any = _read(_EXTENTS, spelt_out(dict(data)))
    except PydanticCustomError:
        raise RefusedError from None
    widths = model.widths
    widths = widths.over(len(model.depths)) if isinstance(widths, Growth) else widths
    if len(widths) != len(model.depths) or not all(1 <= width <= WIDEST for width in widths):
        raise RefusedError
    return list(zip(model.depths, widths, strict=True))


def of_stage(name: str, data: Data, stage: int) -> tuple[Data, int]:
    """Return the data with one stage's part, and the number of stages it was written for.

    Raises:
        RefusedError: Its lists have different lengths.
    """
    written: Any = data.get(name)
    if isinstance(written, list):
        items = cast("list[Any]", written)
        return {**data, name: items[min(stage, len(items) - 1)]}, len(items)
    counts = set(lengths(written))
    if len(counts) > 1:
        raise RefusedError
    stages = counts.pop() if counts else 1
    return {**data, name: pick(written, min(stage, stages - 1))}, stages


def filled(name: str, data: Data) -> Kind:
    """Return a stem, head, block or downsampling with nothing left to inherit.

    Raises:
        RefusedError: The data are not valid.
    """
    model: Any = _read(_MODELS[name], data)
    if isinstance(model.norm, InheritNorm) or isinstance(model.act, InheritAct):
        raise RefusedError
    value: Any = getattr(model, name)
    part = cast("Kind", value if isinstance(value, Kind) else value[0])
    return part.inherit({"norm": _one(model.norm), "act": _one(model.act)})


def _read(model: type[Kind], data: Data) -> Kind:
    try:
        return model.model_validate({key: data[key] for key in model.model_fields if key in data})
    except (ValidationError, InputError):
        raise RefusedError from None


def meaning_of(data: Data) -> Meaning:
    """Return the fields in canonical form, equal if the digests are equal."""
    return tuple((key, _text(value)) for key, value in sorted(data.items()) if value is not None)


def _text(value: Any) -> str:
    if not isinstance(value, dict | list):
        return repr(value)
    return _JSON.encode(without_null(value))


_JSON = json.JSONEncoder(sort_keys=True, separators=(",", ":"))


@cache
def _one(kind: Kind) -> Kind:
    """Return the same object for equal kinds, so that comparing them is fast."""
    return kind
