"""`designspace catalog`: what there is to name in a spec, and what ships."""

from __future__ import annotations

from typing import Any

from designspace.cli.options import JsonOption


def catalog(as_json: JsonOption = False) -> None:
    """List the networks, recipes and spaces that ship, and every kind of part with its fields."""
    from designspace.cli.show import print_json, print_table
    from designspace.cost import cost
    from designspace.spec import catalog as files
    from designspace.spec import load
    from designspace.spec.families import families

    networks = [load(name) for name in files.names("specs")]
    costs = {network.name: cost(network) for network in networks}
    kinds = [
        {
            "family": family,
            "kind": tag,
            "fields": [name for name in kind.model_fields if name != "kind"],
            "about": (kind.__doc__ or "").strip().split("\n")[0],
        }
        for family, registry in families().items()
        for tag, kind in registry.items()
    ]
    if as_json:
        listed: list[dict[str, Any]] = [
            {
                "name": n.name,
                "input_size": n.input_size,
                "digest": n.digest,
                "params": costs[n.name].params,
                "macs": costs[n.name].macs,
            }
            for n in networks
        ]
        recipes, spaces = files.names("specs/recipes"), files.names("search")
        print_json({"networks": listed, "recipes": recipes, "spaces": spaces, "kinds": kinds})
        return
    print_table(
        ["network", "at", "params", "GMACs (papers: FLOPs)"],
        [
            [
                n.name,
                str(n.input_size),
                f"{costs[n.name].params:,}",
                f"{costs[n.name].macs / 1e9:.4f}",
            ]
            for n in networks
        ],
        title="networks",
    )
    for folder, title in (("specs/recipes", "recipes"), ("search", "spaces")):
        print_table([title], [[name] for name in files.names(folder)])
    _print_kinds(kinds)


def _print_kinds(kinds: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table("family", "kind", "fields", "about", title="kinds", title_justify="left")
    for kind in kinds:
        cells = (kind["family"], kind["kind"], ", ".join(kind["fields"]), kind["about"])
        table.add_row(*(Text(cell) for cell in cells))
    Console().print(table)
