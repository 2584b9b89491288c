"""The report of a study: a page, a picture, tables and the data behind them.

`write` writes the files into a study directory; `summarize` and `terminal.table` make the table
for a terminal. All results are computed to plain data first: `charts` decides how they look, and
only `render` draws.
"""

from __future__ import annotations

from pathlib import Path

from designspace.reporting.study.outputs import Outputs

__all__ = ["Outputs", "write"]


def write(study_dir: Path) -> Outputs:
    """Write report.html, frontier.png, summary.csv and summary.json of a study as it stands now.

    Raises:
        InputError: There is no study, its files are not valid, or the files cannot be written.
    """
    # Templates and drawing are slow to import; a program that only shows its help must not wait.
    from designspace.reporting.study.writing import write as write_files

    return write_files(study_dir)
