"""A network as values by dotted path, in the form in which a user would write it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from designspace.spec.network.network import Network

Flat = dict[str, Any]
_STAGED = ("block", "downsample")


def flatten(network: Network) -> Flat:
    """Return all active values of a network by dotted path.

    A part that equals the network's own norm or activation reads `inherit`. A value that is the
    same in every stage is given once; otherwise the path holds `{per_stage: [...]}`.
    """
    norm, act = network.norm.meaning(), network.act.meaning()
    meaning = cast("dict[str, Any]", _fold(network.meaning(), {"norm": norm, "act": act}))
    flat: Flat = {"depths": meaning["depths"], "widths": meaning["widths"]}
    flat |= _paths("norm", norm) | _paths("act", act)
    flat |= _paths("stem", _without_default_width(meaning))
    flat |= _paths("head", meaning["head"])
    for name in _STAGED:
        flat |= _merged(name, meaning[name])
    return flat


def _without_default_width(meaning: Mapping[str, Any]) -> dict[str, Any]:
    stem = dict(meaning["stem"])
    if stem["width"] == meaning["widths"][0]:
        stem["width"] = None
    return stem


def _fold(data: Any, defaults: Mapping[str, Any]) -> Any:
    """Turn each kind that equals the network's default of its family back into `inherit`."""
    if not isinstance(data, dict):
        if isinstance(data, list):
            return [_fold(item, defaults) for item in cast("list[Any]", data)]
        return data
    if any(data == default for default in defaults.values()):
        return {"kind": "inherit"}
    return {key: _fold(value, defaults) for key, value in cast("dict[str, Any]", data).items()}


def _paths(prefix: str, data: Mapping[str, Any]) -> Flat:
    flat: Flat = {}
    for key, value in data.items():
        path = f"{prefix}.{key}"
        if isinstance(value, dict):
            flat |= _paths(path, cast("dict[str, Any]", value))
        else:
            flat[path] = value
    return flat


def _merged(prefix: str, stages: list[dict[str, Any]]) -> Flat:
    """Return one value per path if all stages that have the path agree, else one per stage."""
    flats = [_paths(prefix, stage) for stage in stages]
    merged: Flat = {}
    for path in dict.fromkeys(path for flat in flats for path in flat):
        values = [flat[path] for flat in flats if path in flat]
        same = all(value == values[0] for value in values)
        merged[path] = values[0] if same else {"per_stage": [flat.get(path) for flat in flats]}
    return merged
