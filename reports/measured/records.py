"""Reading records."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]


def read(path: str) -> Any:
    """A JSON record of the checkout."""
    return json.loads((ROOT / path).read_text())


def machine(record: Any) -> str:
    """Where a record was made, in words."""
    environment = record["environment"]
    return (
        f"{environment['cpus']} shared cores, Python {environment['python']}, "
        f"torch {environment['torch']}"
    )
