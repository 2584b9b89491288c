"""Expansion of `each_stage: true`: one axis in YAML that stands for one axis per stage.

For example, `kernel_size: {path: block.spatial.kernel_size, choices: [3, 7], each_stage: true}` on
a base of two stages becomes the axes `kernel_size.1` and `kernel_size.2`. They set the paths
`block.spatial.kernel_size.per_stage.0` and `.1`, and the base gets a `per_stage` list there.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, cast

from designspace.errors import InputError
from designspace.spec.documents.document import Document, Keys
from designspace.spec.documents.per_stage import KEY, is_per_stage
from designspace.spec.space.split_by_stage import by_stage

WORD = "each_stage"
_BY_STAGE = ("choices", "range")
_Axes = dict[str, Any]


def expand(space: Document, base: Document) -> tuple[Document, Document]:
    """Return the space with one axis per stage, and the base in a form that these axes can change.

    `kernel_size` is replaced by `kernel_size.1`, `kernel_size.2`, ...; the base keeps its meaning.
    If its `when` names another axis with `each_stage`, the condition is on that axis at the same
    stage.

    Raises:
        InputError: An axis cannot be split by stage; the error has its file, line and path.
    """
    axes: _Axes = space.data["axes"]
    marked = [name for name, axis in axes.items() if _marked(axis)]
    places: dict[str, dict[str, dict[int, str]]] = {}
    pairs = sorted((path, name) for name in marked for path in _checked(space, name))
    for path, name in pairs:
        _alone(space, axes, name, path)
        try:
            base, found = by_stage(base, path)
        except InputError as error:
            raise _at(space, ("axes", name), error.message, error.hint) from None
        places.setdefault(name, {})[path] = found
    expanded, origins = dict[str, Any](), dict(space.origins)
    for name, axis in axes.items():
        if name not in places:
            expanded[name] = axis
            continue
        for stage, item in _stages(space, name, axis, places[name], set(places)):
            expanded[f"{name}.{stage}"] = item
            origins |= _moved(space, name, stage)
    return Document(space.data | {"axes": expanded}, origins), base


def is_staged(space: Document) -> bool:
    """Return whether any axis has `each_stage`; the document need not be a valid space."""
    return any(map(_marked, _mapping(_mapping(space.data).get("axes")).values()))


def _marked(axis: Any) -> bool:
    return WORD in _mapping(axis)


def _mapping(data: Any) -> dict[str, Any]:
    """Return the data if they are a mapping, else an empty one; validation refuses other data."""
    return cast("dict[str, Any]", data) if isinstance(data, dict) else {}


def _paths(axis: _Axes) -> list[str]:
    """Return the paths that an axis changes, as far as they are written correctly."""
    if isinstance(axis.get("path"), str):
        return [axis["path"]]
    changes = map(_mapping, _mapping(axis.get("choices")).values())
    return list(dict.fromkeys(str(path) for each in changes for path in each))


def _checked(space: Document, name: str) -> list[str]:
    """Return the paths of an axis with `each_stage`.

    Raises:
        InputError: `each_stage` is not `true`, or the axis has no paths.
    """
    axis = space.data["axes"][name]
    if axis[WORD] is not True:
        raise _at(space, ("axes", name, WORD), "each_stage is `true`, or left out")
    paths = _paths(axis)
    if not paths:
        said = "an axis per stage needs a path, or choices that list theirs"
        raise _at(space, ("axes", name), said)
    return paths


def _alone(space: Document, axes: _Axes, name: str, path: str) -> None:
    """Refuse an axis that sets the same path for all stages and has no condition."""
    for other, axis in axes.items():
        alone = not _marked(axis) and not _mapping(axis).get("when")
        if alone and path in _paths(_mapping(axis)):
            raise _at(space, ("axes", name), f"axes {other} and {name} both set {path}")


def _stages(
    space: Document, name: str, axis: _Axes, places: Mapping[str, Mapping[int, str]], all_: set[str]
) -> Iterator[tuple[int, _Axes]]:
    """Yield the number and the axis of each stage."""
    found = list(places.values())
    numbers = [stage for stage in found[0] if all(stage in each for each in found)]
    for index, stage in enumerate(numbers):
        item = {key: value for key, value in axis.items() if key != WORD}
        for key in _BY_STAGE:
            if is_per_stage(item.get(key)):
                item[key] = _one(space, name, key, index, len(numbers))
        _set_paths(item, {path: each[stage] for path, each in places.items()})
        if isinstance(item.get("when"), dict):
            item["when"] = {
                f"{other}.{stage}" if other in all_ else other: labels
                for other, labels in item["when"].items()
            }
        yield stage, item


def _set_paths(item: _Axes, places: Mapping[str, str]) -> None:
    """Replace the paths of all stages by those of one stage."""
    if isinstance(item.get("path"), str):
        item["path"] = places[item["path"]]
        return
    for label, changes in _mapping(item["choices"]).items():
        at = {places.get(path, path): value for path, value in _mapping(changes).items()}
        item["choices"] = item["choices"] | {label: at}


def _one(space: Document, name: str, key: str, index: int, count: int) -> Any:
    """Return a stage's own choices or range."""
    value: Any = space.data["axes"][name][key][KEY]
    listed = cast("list[Any]", value) if isinstance(value, list) else []
    given = len(listed)
    if given != count:
        said = f"given for {given} stages, but {count} stages have this axis"
        raise _at(space, ("axes", name, key), said)
    return listed[index]


def _moved(space: Document, name: str, stage: int) -> dict[Keys, Any]:
    """Return the places where the parts of a stage's axis were written."""
    old: Keys = ("axes", name)
    return {
        ("axes", f"{name}.{stage}", *keys[2:]): origin
        for keys, origin in space.origins.items()
        if keys[:2] == old
    }


def _at(space: Document, keys: Keys, message: str, hint: str | None = None) -> InputError:
    origin = space.origin(keys)
    path = ".".join(map(str, keys))
    return InputError(message, file=origin.file, line=origin.line, path=path, hint=hint)
