"""Options that several verbs share."""

from __future__ import annotations

from typing import Annotated

import typer

SpecArgument = Annotated[str, typer.Argument(metavar="SPEC", help="A catalog name or a YAML file.")]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change the spec; may be given repeatedly."),
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
InputSizeOption = Annotated[
    int | None, typer.Option(min=1, help="Side of the image; the spec's own by default.")
]
ClassesOption = Annotated[int, typer.Option(min=1, help="Number of classes.")]
ChannelsOption = Annotated[int, typer.Option(min=1, help="Channels of the image.")]
