"""The reference numbers that may lie beside the checkout; tests that need them skip without."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

_ROOT = Path(__file__).resolve().parent.parent
_FOLDERS = [parent / "shared" / "references" for parent in _ROOT.parents[:3]]


def reference(name: str) -> Any:
    """A file of the references as data."""
    for folder in _FOLDERS:
        if (folder / name).is_file():
            return json.loads((folder / name).read_text())
    pytest.skip(f"the reference numbers ({name}) do not lie beside this checkout")
