"""The check that the workers of a search can have every kind of its space."""

from __future__ import annotations

from collections.abc import Iterator

from designspace.errors import InputError
from designspace.plugins.origin import any_strays, strays
from designspace.spec.network.network import Network
from designspace.spec.space.space import Point, Space


def require_shippable(space: Space) -> None:
    """Check that no kind exists in this process alone; kinds of plug-ins are sent to the workers.

    Raises:
        InputError: A kind of the base or of a choice is defined in a script or a notebook.
    """
    if not any_strays():
        return
    _refuse(space.base_network())
    for network in _choices(space):
        _refuse(network)


def _choices(space: Space) -> Iterator[Network]:
    for name, axis in space.network_axes.items():
        for label in axis.labels:
            point: Point = {name: label}
            try:
                yield space.spec(point)
            except InputError:  # a choice that is only valid together with another
                continue


def _refuse(network: Network) -> None:
    for kind in strays(network):
        raise InputError(
            f"{kind.family_name} '{kind.tag()}' is defined in {kind.__module__}, which the workers "
            "of a search do not have",
            hint="put it into a file of its own, and load that with --plugin or use_plugin; or "
            "search with the executor 'local'",
        )
