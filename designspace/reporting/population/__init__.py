"""The report of a population of networks: costs, choices, and how evenly it covers its space.

`write` makes the page, the pictures and the data of one population, or of several side by side.
Nothing is trained. Everything is computed to plain data first, whose size does not depend on the
number of networks; then it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from designspace.reporting.population.outputs import Outputs

__all__ = ["Outputs", "write"]


def write(files: Sequence[Path], out: Path | None = None) -> Outputs:
    """Write the report of populations into a folder; by default `<name>.report` beside the first.

    Raises:
        InputError: A file is not a population, or the files cannot be written.
    """
    # Templates and drawing are slow to import; a program that only shows its help must not wait.
    from designspace.reporting.population.writing import write as write_files

    return write_files(files, out)
