"""The functions `load` and `diff` for named networks."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from designspace.naming.find import find_network
from designspace.spec.network.diff import Diff
from designspace.spec.network.diff import diff as diff_of
from designspace.spec.network.load import Source
from designspace.spec.network.network import Network


def load(source: Source, changes: Mapping[str, Any] | None = None) -> Network:
    """Return a network from any name, from plain data or from another network.

    Args:
        source: Name that `find_network` accepts (a YAML file, a weights file of ours, a run's
            directory, `LADDER:STEP`, `STUDY:TRIAL`, `STUDY:winner`, a catalog name, `timm:NAME`),
            plain data, or a network.
        changes: Changes, values by dotted path, applied in order to the authored form.

    Raises:
        InputError: The source is wrong; the message names file, line and path.
    """
    return find_network(source, changes).spec


def _network_of(source: Source) -> Source:
    """Return the network that a name stands for; the step of a ladder keeps its name."""
    if not isinstance(source, str | Path):
        return source
    named = find_network(source)
    return source if named.sort == "ladder step" else named.spec


def diff(a: Source, b: Source) -> Diff:
    """Return the decisions that turn network `a` into network `b`.

    Args:
        a: Name that `find_network` accepts, plain data, or a network.
        b: Likewise. Between two steps of ladders, named `ladder:step`, the recipe is compared too.

    Raises:
        InputError: A name stands for no network, or a specification is wrong.
    """
    return diff_of(_network_of(a), _network_of(b))
