"""Data that this process has already, for the trainings that would load them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from designspace.images.data import Data

_offered: dict[str, Data] = {}


def offer(data: Data, load: Mapping[str, Any]) -> None:
    """Let trainings use data that these arguments loaded; the last ones offered are kept."""
    _offered.clear()
    _offered[_key(load)] = data


def offered(load: Mapping[str, Any]) -> Data | None:
    """The data that these arguments load, where this process has them."""
    return _offered.get(_key(load))


def _key(load: Mapping[str, Any]) -> str:
    return json.dumps(load, sort_keys=True, default=str)
