"""The files of a report."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Outputs(NamedTuple):
    """The files of a report."""

    html: Path
    png: Path
    csv: Path
    json: Path
