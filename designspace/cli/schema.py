"""`designspace schema`: JSON Schema for editors."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from designspace.cli.input.options import JsonOption


def schema(
    subject: Annotated[str, typer.Argument(metavar="network|recipe|space|ladder")] = "network",
    out: Annotated[
        Path | None, typer.Option(help="File for the schema (default: print it).")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print the JSON Schema of networks, recipes, spaces or ladders, for an editor."""
    import json

    from designspace.cli.output.printing import print_json
    from designspace.errors import InputError, did_you_mean
    from designspace.plugins.installed import load_installed
    from designspace.spec.documents.document import write_text_atomic
    from designspace.spec.schema import SUBJECTS
    from designspace.spec.schema import schema as schema_of

    if subject not in SUBJECTS:
        raise InputError(
            f"there is no schema for '{subject}'", hint=did_you_mean(subject, SUBJECTS)
        )
    load_installed()
    text = json.dumps(schema_of(subject), indent=2) + "\n"
    if out:
        write_text_atomic(out, text)
        if as_json:
            print_json({"subject": subject, "file": str(out)})
        else:
            typer.echo(f"schema: {out}")
    else:
        typer.echo(text, nl=False)
