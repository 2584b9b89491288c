"""Write a value of the base once per stage, so that each stage's value can be changed alone.

For example, for the path `block.spatial.kernel_size` and two stages, `block: conv` becomes
`block: {kind: conv, spatial: {kind: conv, kernel_size: {per_stage: [7, 7]}}}`: the short forms are
expanded, and the default 7 is written once per stage. The value of the first stage is then at
`block.spatial.kernel_size.per_stage.0`.
"""

from __future__ import annotations

import copy
from typing import Any, cast

from pydantic import BaseModel

from designspace.errors import InputError, did_you_mean
from designspace.spec.documents.document import Document
from designspace.spec.documents.per_stage import KEY, is_per_stage, pick
from designspace.spec.network.load import load
from designspace.spec.network.network import Network
from designspace.spec.network.regnet_widths import is_quantised

_LISTS = ("depths", "widths")
_PARTS = ("block", "downsample")


def by_stage(base: Document, path: str) -> tuple[Document, dict[int, str]]:
    """Write the value at a path of the base once per stage; the meaning of the base stays the same.

    Short forms on the way are expanded, and values that are not written get their defaults.

    Args:
        base: Authored form of a network.
        path: `depths`, `widths`, or a path inside `block` or `downsample`.

    Returns:
        The new base, and the path of each stage's own value by the stage's number, starting with 1.
        The first stage has no downsampling, unless the base has `downsample_first`.

    Raises:
        InputError: The path cannot have one value per stage, or the base has no such path.
    """
    network = load(base)
    data: dict[str, Any] = copy.deepcopy(base.data)
    root, *rest = path.split(".")
    stages = len(network.depths)
    if root in _LISTS and not rest:
        both = {"depths": list(network.depths), "widths": list(network.stage_widths)}
        data |= both if is_quantised(data) else {root: both[root]}
        pattern = f"{root}.{{}}"
    elif root in _PARTS:
        pattern = _written(data, [root, *rest], _first(network, root), stages)
    else:
        raise InputError(
            f"'{path}' has no value per stage", path=path,
            hint=f"values per stage are {', '.join(_LISTS)}, and those inside "
                f"{' or '.join(_PARTS)}",
        )  # fmt: skip
    first = root == "downsample" and not network.downsample_first
    return Document(data, base.origins), {i + 1: pattern.format(i) for i in range(first, stages)}


def _first(network: Network, root: str) -> dict[str, Any]:
    """Return a mapping from the first key of the path to the first stage's part."""
    return {root: getattr(network, root)[0]}


def _written(holder: dict[str, Any], keys: list[str], defaults: Any, stages: int) -> str:
    """Write the value under the keys once per stage, in place.

    Returns:
        The path of a stage's value, with `{}` for the stage.
    """
    key, *rest = keys
    default = _default(defaults, key)
    value: Any = holder.get(key)
    if rest and is_per_stage(value):
        holder[key] = {KEY: _as_many(value[KEY], stages)}
        return ".".join([key, KEY, "{}", *rest])
    if isinstance(value, list) and key in _PARTS:  # blocks one by one
        holder[key] = _as_many(cast("list[Any]", value), stages)
        return ".".join([key, "{}", *rest])
    if not rest:
        whole: Any = cast("object", value) if key in holder else _plain(default)
        holder[key] = {KEY: [copy.deepcopy(pick(whole, stage)) for stage in range(stages)]}
        return f"{key}.{KEY}.{{}}"
    inner = _spelt_out(value, default)
    if inner is None:
        raise InputError(f"the base's '{key}' is {value!r}, and has no '{rest[0]}' in it")
    holder[key] = inner
    return f"{key}." + _written(inner, rest, default, stages)


def _as_many(items: list[Any], stages: int) -> list[Any]:
    """Repeat the item of a list of one for all stages."""
    return items if len(items) == stages else [copy.deepcopy(items[0]) for _ in range(stages)]


def _spelt_out(value: Any, default: Any) -> dict[str, Any] | None:
    """Return a part as a mapping; None if it is not a part."""
    if value is None and hasattr(default, "kind"):
        return {"kind": default.kind}
    if isinstance(value, str) and hasattr(default, "kind"):
        return {"kind": value}
    return cast("dict[str, Any]", value) if isinstance(value, dict) else None


def _default(defaults: Any, key: str) -> Any:
    """Return the value under a key of a part, or of a mapping of parts.

    Raises:
        InputError: There is no value of that name.
    """
    if isinstance(defaults, dict):
        return cast("dict[str, Any]", defaults)[key]
    fields = list(type(defaults).model_fields) if isinstance(defaults, BaseModel) else []
    if key not in fields:
        hint = did_you_mean(key, fields) if fields else None
        raise InputError(f"there is no '{key}' in the base", hint=hint)
    return getattr(defaults, key)


def _plain(value: Any) -> Any:
    return value.model_dump(mode="json") if isinstance(value, BaseModel) else value
