"""`designspace report`: the page, the picture and the tables of a study."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designspace.cli.options import JsonOption


def report(
    study: Annotated[
        Path | None, typer.Argument(help="A study's directory; the latest in runs/ by default.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Write a study's page, picture and tables, and show its trials."""
    from designspace.cli.show import print_json
    from designspace.records.study import latest_study
    from designspace.report import write

    directory = study or latest_study()
    outputs = write(directory)
    if as_json:
        import json

        print_json(json.loads(outputs.json.read_text()))
        return
    print_study(directory)
    for path in (outputs.png, outputs.csv, outputs.json, outputs.html):
        typer.echo(str(path))


def print_study(directory: Path) -> None:
    """The trials' table on the terminal."""
    from rich.console import Console

    from designspace.records.study import load_study
    from designspace.report.summary import summarize
    from designspace.report.terminal import table

    Console().print(table(summarize(load_study(directory))))
