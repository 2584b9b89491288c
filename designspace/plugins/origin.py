"""Which plug-in a kind, a network or an error is from."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any, cast

from designspace.layers.kind import Kind
from designspace.plugins.loading import Plugin, active, registered


def plugin_of(kind: type[Kind]) -> Plugin | None:
    """The plug-in that defines a kind; None for a kind of the package, or of a user's script."""
    found = active().get(kind.__module__)
    if found is not None:
        return found
    root = kind.__module__.partition(".")[0]
    return next((one for one in active().values() if not one.source and one.module == root), None)


def kinds_of(plugin: Plugin) -> tuple[str, ...]:
    """The kinds that a plug-in defines, as `mixer focal`."""
    return tuple(
        f"{family.family_name} {tag}"
        for family, kinds in registered().items()
        for tag, kind in kinds.items()
        if plugin_of(kind) is plugin
    )


def plugins_of(*parts: Kind) -> dict[str, str]:
    """The plug-ins that these specifications need: the hash by the name, as data name them."""
    if not active():
        return {}
    found = (plugin_of(type(kind)) for part in parts for kind in _all_kinds(part))
    return {plugin.name: plugin.sha256 for plugin in found if plugin is not None}


def strays(*parts: Kind) -> tuple[type[Kind], ...]:
    """The kinds in these specifications that another process could not have.

    Those are kinds of a user's script or notebook, which is neither the package nor a plug-in.
    """
    found = (type(kind) for part in parts for kind in _all_kinds(part))
    return tuple(dict.fromkeys(kind for kind in found if _is_stray(kind)))


def any_strays() -> bool:
    """Whether this process has any kind that another one could not have."""
    return any(_is_stray(kind) for kinds in registered().values() for kind in kinds.values())


def _is_stray(kind: type[Kind]) -> bool:
    own = kind.__module__.startswith("designspace.")
    return not own and bool(kind.family_name) and plugin_of(kind) is None


def blamed(error: BaseException) -> str | None:
    """`FILE:LINE` of the innermost line of a plug-in that an error went through; None elsewhere."""
    files = {plugin.path for plugin in active().values()}
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno}" for frame in frames if frame.filename in files]
    return lines[-1] if lines else None


def _all_kinds(part: Kind) -> Iterator[Kind]:
    """A kind and all that stand in its fields, those in lists included."""
    yield part
    for value in vars(part).values():
        members = cast("tuple[Any, ...]", value) if isinstance(value, tuple) else (value,)
        for member in members:
            if isinstance(member, Kind):
                yield from _all_kinds(member)
