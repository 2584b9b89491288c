"""`designspace show`: print the document behind a name, as YAML that loads again."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import NAMES, JsonOption
from designspace.errors import InputError

if TYPE_CHECKING:
    from designspace.naming.texts import Text


class Kind(StrEnum):
    """Kinds of documents that can be shown."""

    network = "network"
    space = "space"
    ladder = "ladder"
    recipe = "recipe"


def show(
    name: Annotated[
        str,
        typer.Argument(
            metavar="NAME",
            help=f"A space, a ladder or a recipe: a catalog name or a YAML file. A network: "
            f"{NAMES}. A variant of a recipe: RECIPE:NETWORK.",
        ),
    ],
    kind: Annotated[
        Kind | None,
        typer.Option(
            help="Kind to print if several things have this name, or to print a run's recipe."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Print a network, space, ladder or recipe as YAML, with known facts as comments."""
    found, known = _texts(name)
    chosen = _chosen(name, found, kind)
    facts = {**chosen.facts, **known}
    also = [str(text.kind) for text in found if text is not chosen]
    if as_json:
        _print_json(name, chosen, facts, also)
    else:
        _print(name, chosen, facts, also)


def _texts(name: str) -> tuple[list[Text], dict[str, Any]]:
    """Return all documents with this name, and timm's facts if it is a timm name.

    Raises:
        InputError: Nothing has this name.
    """
    from designspace.naming.texts import Text, texts_of

    if not name.startswith("timm:"):
        return texts_of(name), {}

    from designspace.cli.output.timm_facts import facts_of

    known = facts_of(name)
    try:
        return texts_of(name), known
    except InputError as error:  # only timm has it: there is no spec to print
        return [Text("network", error.message, "")], known


def _chosen(name: str, found: list[Text], kind: Kind | None) -> Text:
    """Return the document of the requested kind, or else the first.

    Raises:
        InputError: The name has no document of this kind.
    """
    if kind is None:
        return found[0]
    for text in found:
        if text.kind == kind:
            return text
    kinds = " and ".join(f"a {text.kind}" for text in found)
    raise InputError(f"'{name}' is {kinds}, not a {kind}")


def _print(name: str, text: Text, facts: dict[str, Any], also: list[str]) -> None:
    from designspace import __version__
    from designspace.naming.texts import SHIPPED, comment

    version = f" with designspace {__version__}" if text.origin.endswith(SHIPPED) else ""
    lines = [f"# {text.kind}: {text.origin}{version}"]
    lines += [comment(key, value) for key, value in facts.items()]
    lines += [f"# '{name}' is also the name of a {kind}: --kind {kind} prints it" for kind in also]
    for line in lines:
        typer.echo(" ".join(line.splitlines()))
    if text.yaml:
        typer.echo(text.yaml.removesuffix("\n"))


def _print_json(name: str, text: Text, facts: dict[str, Any], also: list[str]) -> None:
    from designspace.cli.input import networks
    from designspace.cli.output.printing import print_json

    named = text.named
    network = {"digest": named.spec.digest, "named": networks.as_json(named)} if named else {}
    said = {"name": name, "kind": str(text.kind), "from": text.origin, "also": also, **network}
    print_json(said | {"facts": facts, "data": text.data, "yaml": text.yaml})
