"""What a study found: a page, a picture, tables and the data behind them.

`write` makes the files of a study directory; `summarize` with `terminal.table` is what a terminal
shows. Everything is computed to plain data first: `charts` says how it looks, `render` alone
draws.
"""

from __future__ import annotations

from pathlib import Path

from designspace.reporting.study.outputs import Outputs

__all__ = ["Outputs", "write"]


def write(study_dir: Path) -> Outputs:
    """Write report.html, frontier.png, summary.csv and summary.json of a study as it stands.

    Raises:
        InputError: There is no study, its files are not valid, or the disk refuses.
    """
    # Templates and drawing take time to load; a program that only asks for help must not pay.
    from designspace.reporting.study.writing import write as write_files

    return write_files(study_dir)
