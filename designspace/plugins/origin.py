"""The plug-in that a kind, a network or an error comes from."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from typing import Any, cast

from designspace.layers.kind import Kind
from designspace.layers.part import BoundPart, Composite
from designspace.plugins.loading import Plugin, active, registered


def plugin_of(kind: type[Kind]) -> Plugin | None:
    """Return the plug-in that defines a kind; None for one of the package or a user's script."""
    found = active().get(kind.__module__)
    if found is not None:
        return found
    root = kind.__module__.partition(".")[0]
    return next((one for one in active().values() if not one.source and one.module == root), None)


def kinds_of(plugin: Plugin) -> tuple[str, ...]:
    """Return the kinds that a plug-in defines, in the form `mixer focal`."""
    return tuple(
        f"{family.family_name} {tag}"
        for family, kinds in registered().items()
        for tag, kind in kinds.items()
        if plugin_of(kind) is plugin
    )


def plugins_of(*parts: Kind) -> dict[str, str]:
    """Return the plug-ins that these specifications need: hashes by names."""
    if not active():
        return {}
    found = (plugin_of(type(kind)) for part in parts for kind in _all_kinds(part))
    return {plugin.name: plugin.sha256 for plugin in found if plugin is not None}


def strays(*parts: Kind) -> tuple[type[Kind], ...]:
    """Return the kinds in these specifications that another process does not have.

    These are kinds of a user's script or notebook, which is neither the package nor a plug-in.
    """
    found = (type(kind) for part in parts for kind in _all_kinds(part))
    return tuple(dict.fromkeys(kind for kind in found if _is_stray(kind)))


def any_strays() -> bool:
    """Return whether this process has any kind that another process does not have."""
    return any(_is_stray(kind) for kinds in registered().values() for kind in kinds.values())


def _is_stray(kind: type[Kind]) -> bool:
    own = kind.__module__.startswith("designspace.")
    return not own and bool(kind.family_name) and plugin_of(kind) is None


def blamed(error: BaseException) -> str | None:
    """Return `FILE:LINE` of the plug-in at fault for an error; None if no plug-in is at fault.

    This is the innermost line of a plug-in that the error passed through, or else the `forward` of
    the part that broke a rule, such as that each layer is called.
    """
    files = {plugin.path for plugin in active().values()}
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{frame.filename}:{frame.lineno}" for frame in frames if frame.filename in files]
    return lines[-1] if lines else _part_at_fault(error)


def _part_at_fault(error: BaseException) -> str | None:
    """Return the place of the part whose layers were checked when an assertion failed."""
    trace = error.__traceback__
    if not isinstance(error, AssertionError) or trace is None:
        return None
    while trace.tb_next is not None:
        trace = trace.tb_next
    for value in trace.tb_frame.f_locals.values():
        part = value.part if isinstance(value, BoundPart) else value
        if isinstance(part, Composite) and plugin_of(type(part)) is not None:
            code = type(part).forward.__code__
            return f"{code.co_filename}:{code.co_firstlineno}"
    return None


def _all_kinds(part: Kind) -> Iterator[Kind]:
    """Yield a kind and all kinds in its fields, including those in tuples."""
    yield part
    for value in vars(part).values():
        members = cast("tuple[Any, ...]", value) if isinstance(value, tuple) else (value,)
        for member in members:
            if isinstance(member, Kind):
                yield from _all_kinds(member)
