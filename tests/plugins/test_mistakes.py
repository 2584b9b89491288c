"""Mistakes of plug-in authors: each ends in one line with the file, the line and what to write."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import designspace
from designspace.errors import InputError
from designspace.plugins import active
from tests.helpers.command import Ran, run
from tests.helpers.plugins import GATE, no_plugins, written
from tests.plugins.test_parts import PARTS
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


KIND = 'kind: Literal["gate"] = "gate"'


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        (changed("size: int", "size: Cuont"), "Cuont", "an annotation names 'Cuont', which is not"),
        (changed(KIND, ""), "class Gate", "class Gate has no field `kind`"),
        (changed(KIND, "kind: str"), "class Gate", "`kind` of class Gate is not annotated with"),
        (
            changed(KIND, KIND.replace('= "gate"', '= "gaet"')),
            "class Gate",
            "class Gate has two names: Literal['gate'] = 'gaet'; write the same word twice",
        ),
    ],
)
def test_a_mistake_in_the_fields(tmp_path: Path, text: str, line: str, said: str) -> None:
    ran = cost(tmp_path, text)
    assert ran.code == 2
    assert ran.err.startswith(f"error: {tmp_path / 'gate.py'}:{line_of(text, line)}: ")
    assert said in ran.err
    assert active() == {}
    assert cost(tmp_path, GATE).code == 0, "the corrected file"


def test_a_misspelt_annotation_in_a_new_process(tmp_path: Path) -> None:
    """There the blocks, which hold mixers, are imported after the plug-in."""
    file = written(tmp_path, changed("size: int", "size: Cuont"))
    command = [sys.executable, "-m", "designspace", "cost", "convnext_t", "--plugin", str(file)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"error: {file}:")
    assert "'Cuont', which is not defined" in done.stderr


def test_a_base_of_kinds_needs_no_kind(tmp_path: Path) -> None:
    base = GATE.replace("class Gate(Mixer)", "class Base(Mixer)").replace(KIND, "")
    ran = cost(tmp_path, f"{base}\n\nclass Gate(Base):\n    {KIND}\n")
    assert ran.code == 0, ran.err


def test_an_unknown_kind_may_be_that_of_a_plugin(tmp_path: Path) -> None:
    spec = tmp_path / "small.yaml"
    spec.write_text(json.dumps(SMALL))
    assert run("cost", spec).err.endswith("; or, if a plug-in defines it, add --plugin FILE.py\n")
    with pytest.raises(InputError, match=r'call designspace\.use_plugin\("FILE\.py"\) first'):
        designspace.load(SMALL)
    spec.write_text(json.dumps({**SMALL, "block": {"kind": "metaformer", "mixer": "pol"}}))
    assert "plug-in" not in run("cost", spec).err


def test_the_message_for_a_changed_plugin_names_the_place_of_the_hash(tmp_path: Path) -> None:
    weights, spec = tmp_path / "w.safetensors", tmp_path / "small.yaml"
    spec.write_text(json.dumps(SMALL))
    assert run("build", spec, "--out", weights, "--plugin", written(tmp_path)).code == 0
    ran = run("cost", weights, "--plugin", written(tmp_path, GATE + "# changed\n"))
    assert ran.code == 2
    assert ran.err.endswith(f"its hash is recorded in {weights}\n")
    spec.write_text(json.dumps({**SMALL, "plugins": {"gate.py": "0" * 64}}))
    ran = run("cost", spec, "--plugin", tmp_path / "gate.py")
    assert ran.err.endswith(f"its hash is recorded in {spec}, where you can change it\n")
    spec.write_text(json.dumps({**SMALL, "plugins": {"focal.py": None}}))
    said = "files do not load code by themselves; add --plugin focal.py, with a file that you trust"
    assert said in run("cost", spec).err


def build_with(folder: Path, parts: str) -> Ran:
    """Build a small network with the leaves of `PARTS`."""
    spec = folder / "small.yaml"
    spec.write_text(json.dumps({**SMALL, "norm": "scale", "block": SMALL["block"] | POOL}))
    return run("build", spec, "--plugin", written(folder, parts, "parts.py"))


POOL = {"mixer": {"kind": "pool", "kernel_size": 3}}


def test_a_wrong_formula_names_the_leaf(tmp_path: Path) -> None:
    wrong = PARTS.replace("params=xs[0].channels", "params=xs[0].channels + 1")
    ran = build_with(tmp_path, wrong)
    assert ran.code == 2
    place = f"{tmp_path / 'parts.py'}:{line_of(wrong, 'class Scale')}"
    assert ran.err.startswith(f"error: {place}: leaf `Scale` counts ")
    assert build_with(tmp_path, PARTS).code == 0


def test_a_leaf_without_a_lowering_is_named(tmp_path: Path) -> None:
    parts = PARTS.replace("@lowers(Scale)", "")
    ran = build_with(tmp_path, parts)
    assert ran.code == 2
    place = f"{tmp_path / 'parts.py'}:{line_of(parts, 'class Scale')}"
    said = "leaf `Scale` has no lowering; register one with @lowers(Scale)"
    assert ran.err == f"error: {place}: {said}\n"
