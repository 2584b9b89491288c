"""Published facts, in `tests/published`, whose README names their sources."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parents[1] / "published"


def reference(name: str) -> Any:
    """A file of facts as plain data."""
    return json.loads((_FOLDER / name).read_text())


def listing(name: str) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor of a published state dict, by its name."""
    with gzip.open(_FOLDER / "state_dicts" / f"{name}.json.gz") as stream:
        return {key: tuple(shape) for key, shape in json.load(stream)}
