"""Make many networks of one space quickly: each part is read and validated only once.

Networks with the same labels on the axes that touch a part have the same part. The first network
with these labels is loaded in the ordinary way, and its parts are remembered. A network whose parts
are all known is assembled from them, and only its own rules are checked again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from designspace.errors import InputError
from designspace.sampling.tables.quick_changes import copied, put_all, puts
from designspace.sampling.tables.touched_parts import touch
from designspace.spec.documents.changes import apply
from designspace.spec.documents.document import Document
from designspace.spec.network.load import without_facts
from designspace.spec.network.network import Network
from designspace.spec.network.regnet_widths import is_quantised
from designspace.spec.space.space import Point, Space

_STAGED = ("block", "downsample")
_SIMPLE = ("norm", "act", "stem", "head")


class Maker:
    """A maker of the networks of a space, which are equal to those of `Space.spec`."""

    def __init__(self, space: Space) -> None:
        """Take a space; its base is read once."""
        self._space = space
        self._axes = space.network_axes
        self._base = without_facts(Document(space.base_data))
        self._stages = len(space.base_network().depths)
        kept = [root for root in (*_STAGED, *_SIMPLE) if root in self._base.data]
        self._places = [(root, stage) for root in kept for stage in self._stages_of(root)]
        self._touching = [self._names(root, stage) for root, stage in self._places]
        self._known: list[dict[tuple[str | None, ...], Any]] = [{} for _ in self._places]
        self._labels = {name: frozenset(axis.labels) for name, axis in space.axes.items()}
        self._puts = {
            name: {label: puts(axis.changes(label)) for label in axis.labels}
            for name, axis in self._axes.items()
        }

    def network(self, point: Point) -> Network:
        """Return the network at a point.

        Raises:
            InputError: The choices do not make a valid network together.
        """
        keys = [tuple(point.get(name) for name in names) for names in self._touching]
        found = [known.get(key) for known, key in zip(self._known, keys, strict=True)]
        if None not in found and (network := self._assembled(point, found)):
            return network
        network = self._space.spec(point)
        if len(network.depths) == self._stages:
            for (root, stage), known, key in zip(self._places, self._known, keys, strict=True):
                known[key] = _part(network, root, stage)
        return network

    def _assembled(self, point: Point, parts: list[Any]) -> Network | None:
        """Return a network of known parts; None if it must be made in the ordinary way."""
        data = self._authored(point)
        if data is None or is_quantised(data):  # these widths depend on the block
            return None
        fields = dict(data)
        staged: dict[str, list[Any]] = {root: [] for root in _STAGED}
        for (root, _), part in zip(self._places, parts, strict=True):
            if root not in _STAGED:
                fields[root] = part
            elif part is not _AS_FIRST:
                staged[root].append(part)
        try:
            network = Network.model_validate(fields | staged)
        except ValidationError:
            return None
        network.authored.update(data)
        return network if len(network.depths) == self._stages else None

    def _authored(self, point: Point) -> dict[str, Any] | None:
        """Return the base with the point's changes; None if there are none, or if one fails."""
        if any(label not in self._labels.get(name, ()) for name, label in point.items()):
            return None
        names = [name for name in self._axes if name in point]
        if not names:
            return None
        data: dict[str, Any] = copied(self._base.data)
        wanted = [put for name in names for put in self._puts[name][point[name]]]
        if all(self._is_active(name, point) for name in names) and put_all(data, wanted):
            return data
        try:  # creates missing keys of a path, and leaves out changes without effect
            changes = self._space.changes(point)
            return apply(self._base, changes).data if changes else None
        except InputError:
            return None

    def _is_active(self, name: str, point: Mapping[str, str]) -> bool:
        when = self._axes[name].when
        return not when or all(point.get(other) in labels for other, labels in when.items())

    def _stages_of(self, root: str) -> range:
        return range(self._stages if root in _STAGED else 1)

    def _names(self, root: str, stage: int) -> tuple[str, ...]:
        """Return the axes that touch a key for one stage, and the axes of their conditions."""
        names = {name for name in self._axes if any(self._reach(name, root, stage))}
        while more := {other for name in names for other in self._axes[name].when} - names:
            names |= more
        return tuple(name for name in self._axes if name in names)

    def _reach(self, name: str, root: str, stage: int) -> Iterator[bool]:
        for path in self._axes[name].paths:
            found = touch(path)
            yield found.root == root and found.stage in (None, stage)


_AS_FIRST = object()  # marks a stage that uses the first stage's part


def _part(network: Network, root: str, stage: int) -> Any:
    value: Any = getattr(network, root)
    if root not in _STAGED:
        return value
    return value[stage] if stage < len(value) else _AS_FIRST
