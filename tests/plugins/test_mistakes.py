"""Mistakes of plug-in authors: each ends in one line with the file, the line and what to write."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers.command import Ran, run
from tests.helpers.plugins import GATE, no_plugins, written
from tests.plugins.test_use import SMALL

LAYERS = 'return {"context": context, "proj": Linear(at.width)}'
FORWARD = "return m.proj(x + m.context(x))"


@pytest.fixture(autouse=True)
def _forgotten() -> Iterator[None]:
    with no_plugins():
        yield


def changed(old: str, new: str) -> str:
    """The plug-in with a mistake."""
    assert old in GATE
    return GATE.replace(old, new)


def line_of(text: str, words: str) -> int:
    """The first line of a text that contains these words."""
    return next(number for number, line in enumerate(text.splitlines(), 1) if words in line)


def cost(folder: Path, text: str) -> Ran:
    """Count the small network with a plug-in."""
    spec = folder / "small.yaml"
    spec.write_text(json.dumps(SMALL))
    return run("cost", spec, "--plugin", written(folder, text))


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (changed(LAYERS, LAYERS.removeprefix("return ")), "def layers", "returns nothing; return"),
        (changed(FORWARD, FORWARD.removeprefix("return ")), "def forward", "returns nothing; ret"),
        (changed("m.proj", "m.porj"), "m.porj", "no layer 'porj'; did you mean 'proj'?"),
        (
            changed("context, ", "Conv, "),
            "def layers",
            "`context` of Gate is a class, not a layer; call it: Conv()",
        ),
        (
            changed("Linear(at.width)}", "__import__('torch').nn.GELU()}"),
            "def layers",
            "`proj` of Gate is a torch module, not a layer; wrap its class: Opaque.of(GELU)",
        ),
    ],
)
def test_a_mistake_in_layers_or_forward(tmp_path: Path, text: str, line: str, said: str) -> None:
    ran = cost(tmp_path, text)
    assert ran.code == 2
    assert ran.err.startswith(f"error: {tmp_path / 'gate.py'}:{line_of(text, line)}: ")
    assert said in ran.err
