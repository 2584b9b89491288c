"""Changes: values by dotted path that are applied to a document."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any, cast

from designspace.errors import InputError
from designspace.spec.documents.document import Change, Document, Keys, Origin, parse_value
from designspace.spec.documents.per_stage import KEY


@lru_cache(maxsize=4096)
def keys_of(path: str) -> Keys:
    """Split a path such as `block.spatial.kernel_size` into keys; whole numbers index lists."""
    return tuple(int(key) if key.isdigit() else key for key in path.split("."))


def parse_set(assignments: list[str], option: str = "--set") -> dict[str, Any]:
    """Parse `path=value` words from the command line into changes.

    Args:
        assignments: Words of the form `path=value`.
        option: Command-line option that took the words, for errors.

    Raises:
        InputError: A word has no `=`, or a value is not YAML.
    """
    changes: dict[str, Any] = {}
    for word in assignments:
        path, equals, value = word.partition("=")
        if not equals or not path:
            raise InputError(f"'{word}' is not of the form path=value", file=option)
        if not value.strip():
            raise InputError("no value is given", file=option, path=path, hint="null is a value")
        changes[path] = parse_value(value)
    return changes


def apply(document: Document, changes: Mapping[str, Any], origin: Origin | None = None) -> Document:
    """Return the document with the changes applied in order; the original is not modified.

    Args:
        document: Document to change.
        changes: Values by dotted path. Missing parts on the way are created; setting
            `stem.patch_size` over the short form `stem: patchify` expands the short form first.
        origin: Place where the changes were written; `--set` by default.

    Raises:
        InputError: A path passes through a plain value or beyond the end of a list.
    """
    data = _copied(document.data)
    origins, at = dict(document.origins), origin or Origin("--set")
    for path, value in changes.items():
        keys = keys_of(path)
        made = _put(data, keys, path, _copied(value), at)
        for old in [known for known in origins if known[: len(keys)] == keys]:
            del origins[old]
        origins[keys] = at
        origins.update(dict.fromkeys(made, at))
    made_now = tuple(Change(keys_of(path), at) for path in changes)
    return Document(data, origins, made_now, document) if changes else Document(data, origins)


def _copied(data: Any) -> Any:
    """Return a deep copy of plain data."""
    if isinstance(data, dict):
        return {key: _copied(value) for key, value in cast("dict[Any, Any]", data).items()}
    return [_copied(each) for each in cast("list[Any]", data)] if isinstance(data, list) else data


def _put(data: Any, keys: Keys, path: str, value: Any, origin: Origin) -> list[Keys]:
    """Set a value, and return the keys of the parts on the way that did not exist before."""
    here, made = data, list[Keys]()
    for depth, key in enumerate(keys[:-1]):
        so_far = keys[: depth + 1]
        if isinstance(here, dict) and key not in here:
            made.append(so_far)
        here = _enter(here, key, so_far, path, origin)
    _check(here, keys[-1], keys, path, origin)
    here[keys[-1]] = value
    return made


def _enter(here: Any, key: str | int, so_far: Keys, path: str, origin: Origin) -> Any:
    """Return the container under a key; create it or expand its short form if necessary."""
    _check(here, key, so_far, path, origin)
    inner: Any = cast("dict[Any, Any]", here).get(key) if isinstance(here, dict) else here[key]
    if inner is None:
        inner = {}
    elif isinstance(inner, str):
        inner = {"kind": inner}
    elif not isinstance(inner, dict | list):
        where = ".".join(map(str, so_far))
        raise InputError(
            f"the path leads into '{where}', which is the plain value {inner!r}",
            file=origin.file, line=origin.line, path=path,
        )  # fmt: skip
    here[key] = cast("object", inner)
    return cast("object", inner)


def _check(here: Any, key: str | int, so_far: Keys, path: str, origin: Origin) -> None:
    if isinstance(here, dict):
        stages = KEY in here and len(cast("dict[str, Any]", here)) == 1
        fits = isinstance(key, str) and (key == KEY or not stages)
    else:
        fits = (
            isinstance(here, list) and isinstance(key, int) and key < len(cast("list[Any]", here))
        )
    if not fits:
        raise InputError(
            f"there is no '{key}' to set in '{'.'.join(map(str, so_far[:-1]))}'",
            file=origin.file, line=origin.line, path=path,
        )  # fmt: skip
