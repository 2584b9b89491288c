"""`designspace catalog`: the kinds for specs, and the files that ship."""

from __future__ import annotations

from typing import Any

from designspace.cli.input.options import JsonOption

_LISTS = {
    "recipes": ("specs/recipes", ""),
    "spaces": ("search", "axes"),
    "ladders": ("search", "steps"),
}


def catalog(as_json: JsonOption = False) -> None:
    """List the networks, recipes, spaces and ladders that ship, and every kind with its fields."""
    from designspace.cli.output.printing import print_json, print_table, print_wrapped
    from designspace.costing import cost
    from designspace.plugins import plugin_of
    from designspace.plugins.installed import load_installed
    from designspace.reporting.drawing.numbers import MACS_NOTE, macs_column
    from designspace.spec import load
    from designspace.spec.documents import catalog as files
    from designspace.spec.network.families import families

    load_installed()
    networks = [load(name) for name in files.names("specs")]
    costs = {network.name: cost(network) for network in networks}
    kinds: list[dict[str, Any]] = [
        {
            "family": family,
            "kind": tag,
            "fields": [name for name in kind.model_fields if name != "kind"],
            "about": (kind.__doc__ or "").strip().split("\n")[0],
            "plugin": plugin.name if (plugin := plugin_of(kind)) else None,
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
        lists = {title: files.names(*where) for title, where in _LISTS.items()}
        print_json({"networks": listed, **lists, "kinds": kinds})
        return
    unit, macs = macs_column([costs[n.name].macs for n in networks])
    rows = [
        [n.name, str(n.input_size), f"{costs[n.name].params:,}", cell]
        for n, cell in zip(networks, macs, strict=True)
    ]
    print_table(["network", "input", "params", unit], rows, title="networks")
    for title, where in _LISTS.items():
        print_table([title], [[name] for name in files.names(*where)])
    cells = [[k["family"], k["kind"], ", ".join(k["fields"]), _about(k)] for k in kinds]
    columns = ["family", "kind", "fields", "what it is"]
    print_table(columns, cells, title="kinds", text=columns)
    print_wrapped([MACS_NOTE])


def _about(kind: dict[str, Any]) -> str:
    """Return the description of a kind, with the name of its plug-in if it comes from one."""
    return f"{kind['about']} ({kind['plugin']})" if kind["plugin"] else str(kind["about"])
