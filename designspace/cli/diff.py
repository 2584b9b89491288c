"""`designspace diff`: the decisions between two networks."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated, Any

import typer

from designspace.cli.input.options import NAMES, JsonOption, SetOption

if TYPE_CHECKING:
    from designspace.spec.network.diff import PathChange


def diff(
    a: Annotated[str, typer.Argument(metavar="A", help=f"A network: {NAMES}.")],
    b: Annotated[str, typer.Argument(metavar="B", help="The network to compare it with.")],
    changes: SetOption = None,
    as_json: JsonOption = False,
) -> None:
    """Name the decisions that turn network A into network B (--set changes B)."""
    from designspace.cli.input import networks
    from designspace.cli.output.printing import print_json, print_table
    from designspace.costing import cost
    from designspace.naming import diff as diff_of
    from designspace.reporting.drawing.numbers import macs_unit

    first, second = networks.find(a, quiet=as_json), networks.find(b, changes, quiet=as_json)
    before, after = first.spec, second.spec
    found = diff_of(a, after if changes else b)
    costs = [cost(before), cost(after)]
    if as_json:
        sides = [
            {
                "name": n.spec.name,
                "digest": n.spec.digest,
                "named": networks.as_json(n),
                "params": c.params,
                "macs": c.macs,
            }
            for n, c in zip((first, second), costs, strict=True)
        ]
        print_json({"a": sides[0], "b": sides[1], **asdict(found)})
        return
    if not found:
        typer.echo(f"{a} and {b} are the same architecture ({before.digest})")
        return
    rows = [[each.name, _words(each.changes), each.reason] for each in found.decisions]
    rows += [["-", _words((change,)), ""] for change in found.rest]
    title = f"{first.title} -> {second.title}"
    columns = ["decision", "change", "what it is"]
    print_table(columns, rows, title=title, text=columns)
    for missing in found.missing:
        typer.echo(f"{missing}")
    params, macs = (
        (getattr(costs[0], name), getattr(costs[1], name)) for name in ("params", "macs")
    )
    unit = macs_unit(macs)
    typer.echo(
        f"params {params[0]:,} -> {params[1]:,}; "
        f"{unit.name} {unit.cell(macs[0])} (at {before.input_size}) -> "
        f"{unit.cell(macs[1])} (at {after.input_size})"
    )


def _words(changes: tuple[PathChange, ...]) -> str:
    """Return one line per changed path.

    Values that only appear or vanish are left out if other values change.
    """
    spoken = [c for c in changes if c.before is not None and c.after is not None] or list(changes)
    return "\n".join(f"{c.path}: {_word(c.before)} -> {_word(c.after)}" for c in spoken)


def _word(value: Any) -> str:
    if value is None:
        return "none"
    return f"{value:g}" if isinstance(value, float) else str(value)
