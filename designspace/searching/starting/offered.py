"""Data that this process has loaded, for trainings that would load them again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from designspace.images.data import Data

_offered: dict[str, Data] = {}


def offer(data: Data, load: Mapping[str, Any]) -> None:
    """Let trainings use data that were loaded with these arguments; only the last are kept."""
    _offered.clear()
    _offered[_key(load)] = data


def offered(load: Mapping[str, Any]) -> Data | None:
    """Return the data that these arguments load, if this process has them, else None."""
    return _offered.get(_key(load))


def _key(load: Mapping[str, Any]) -> str:
    return json.dumps(load, sort_keys=True, default=str)
