"""The import diagram, drawn from the contract that the import linter holds."""

from __future__ import annotations

import configparser
import inspect
from importlib import import_module
from pathlib import Path

from generate.markdown import table

ROOT = Path(__file__).resolve().parents[2]
_WIDTH, _ROW, _BOX, _GAP = 720, 54, 36, 12


def page() -> str:
    """The diagram, and one line per room from its docstring."""
    layers = contract()
    names = [name for layer in layers for name in layer]
    rows = [[f"`{name}`", _about(name)] for name in names]
    return "\n\n".join(
        [
            "# Import diagram\n\nThis page is generated from `.importlinter`. A room may import "
            "the rooms below it. Rooms in one row do not import each other. "
            "`make check` fails "
            "where an import points up.",
            f'<div class="rooms">\n{svg(layers)}\n</div>',
            table(["room", "purpose"], rows),
        ]
    )


def contract() -> list[list[str]]:
    """The layers of the contract on rooms, from the top to the bottom."""
    parser = configparser.ConfigParser()
    parser.read(ROOT / ".importlinter")
    lines = parser["importlinter:contract:rooms"]["layers"].strip().splitlines()
    return [[name.strip() for name in line.split("|")] for line in lines]


def _about(name: str) -> str:
    text = inspect.cleandoc(import_module(f"designspace.{name}").__doc__ or "")
    return text.split("\n\n")[0]


def svg(layers: list[list[str]]) -> str:
    """Rows of boxes with arrows between them."""
    height = len(layers) * _ROW - (_ROW - _BOX) + 4
    parts = [
        f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" '
        'aria-label="Rooms of the package; imports point down">'
    ]
    for number, layer in enumerate(layers):
        top = 2 + number * _ROW
        width = (_WIDTH - 4 - _GAP * (len(layer) - 1)) / len(layer)
        for column, name in enumerate(layer):
            left = 2 + column * (width + _GAP)
            parts.append(
                f'<rect x="{left:.0f}" y="{top}" width="{width:.0f}" height="{_BOX}" rx="6"/>'
                f'<text x="{left + width / 2:.0f}" y="{top + 23}">{name}</text>'
            )
        if number + 1 < len(layers):
            start, end = top + _BOX, top + _ROW
            parts.append(f'<path d="M{_WIDTH / 2:.0f} {start + 2}V{end - 4}m-4 -5l4 5l4 -5"/>')
    return "\n".join([*parts, "</svg>"])
