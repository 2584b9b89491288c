"""What a population of networks is: its costs, its choices, and how evenly it covers its space.

`write` makes the page, the pictures and the data of one population or of several side by side.
Nothing is trained. All is computed to plain data first, which does not grow with the number of
networks; then it is drawn.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from designspace.reporting.population.outputs import Outputs

__all__ = ["Outputs", "write"]


def write(files: Sequence[Path], out: Path | None = None) -> Outputs:
    """Write the report of populations into a folder; by default `<name>.report` beside the first.

    Raises:
        InputError: A file is no population, or the disk refuses.
    """
    # Templates and drawing take time to load; a program that only asks for help must not pay.
    from designspace.reporting.population.writing import write as write_files

    return write_files(files, out)
