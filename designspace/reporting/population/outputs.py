"""The files of a population's report."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple


class Outputs(NamedTuple):
    """The files of a population's report."""

    html: Path
    costs: Path
    choices: Path
    csv: Path
    json: Path
