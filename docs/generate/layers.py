"""The table of layers in plugins.md; `PYTHONPATH=docs:. python -m generate.layers` renews it."""

from __future__ import annotations

import inspect
import pkgutil
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

from designspace.layers import leaves
from designspace.layers.kind import Kind
from designspace.layers.leaf import Leaf
from generate.markdown import table

PAGE = Path(__file__).resolve().parents[1] / "plugins.md"
BEGIN, END = "<!-- layers: begin -->", "<!-- layers: end -->"


def listed() -> Iterator[type[Leaf]]:
    """Every leaf of `designspace.layers.leaves` that a mixer can list, by module."""
    for module in pkgutil.iter_modules(leaves.__path__, f"{leaves.__name__}."):
        for value in vars(import_module(module.name)).values():
            if inspect.isclass(value) and issubclass(value, Leaf) and _is_usable(value, module):
                yield value


def rows() -> str:
    """The table: the module, the signature and the first sentence of each leaf."""
    said = [
        [f"`{leaf.__module__.rpartition('.')[2]}`", f"`{_signature(leaf)}`", _about(leaf)]
        for leaf in listed()
    ]
    return table(["module", "layer", "what it does"], said)


def _is_usable(leaf: type[Leaf], module: pkgutil.ModuleInfo) -> bool:
    if leaf.__module__ != module.name:
        return False
    return not (issubclass(leaf, Kind) and (leaf.is_family() or leaf.tag() == "inherit"))


def _signature(leaf: type[Leaf]) -> str:
    """The call without types; kinds are selected by class, so their field `kind` is left out."""
    shown = inspect.signature(leaf)
    parameters = [
        value.replace(annotation=inspect.Parameter.empty)
        for name, value in shown.parameters.items()
        if name != "kind"
    ]
    without = shown.replace(parameters=parameters, return_annotation=inspect.Signature.empty)
    return f"{leaf.__name__}{without}"


def _about(leaf: type[Leaf]) -> str:
    return inspect.cleandoc(leaf.__doc__ or "").split("\n\n")[0]


def renewed(text: str) -> str:
    """The text of the page with the table of this version."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}\n\n{rows()}\n\n{END}{after}"


if __name__ == "__main__":
    PAGE.write_text(renewed(PAGE.read_text()))
