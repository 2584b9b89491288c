"""What is quick to say must not pay for torch; measured in fresh interpreters."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
HEAVY = ["torch", "torchvision", "timm", "ray", "optuna", "altair", "safetensors", "vl_convert"]
PROGRAM = """
import json, sys
sys.argv = ["designspace", *json.loads(sys.argv[1])]
from designspace.cli import main
try:
    main()
except SystemExit as stop:
    assert not stop.code, stop.code
loaded = [name for name in json.loads('HEAVY') if name in sys.modules]
sys.stderr.write(json.dumps(loaded))
"""


@pytest.mark.parametrize(
    "words",
    [
        ["--help"],
        ["--version"],
        ["cost", "--help"],
        ["search", "--help"],
        ["cost", "convnext_t"],
        ["diff", "resnet50", "convnext_t"],
        ["catalog"],
        ["ladder", "resnet50_to_convnext_t"],
        ["verify", "--help"],
        ["score", "--help"],
        ["schema"],
        ["compare", "reports/micro:0", "reports/micro:6"],
        ["cost", "reports/micro:winner"],
        ["diff", "timm:resnet50", "reports/micro:3"],
        ["show", "micro"],
        ["show", "reports/micro:winner"],
        ["export", "--help"],
    ],
    ids=" ".join,
)
def test_light_verbs_import_nothing_heavy(words: list[str]) -> None:
    program = PROGRAM.replace("HEAVY", json.dumps(HEAVY))
    done = subprocess.run(
        [sys.executable, "-c", program, json.dumps(words)],
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert json.loads(done.stderr) == []
    assert done.stdout


def test_training_and_building_do_not_import_ray() -> None:
    program = (
        "import sys, designspace.training.run, designspace.compiler; "
        "import designspace.searching.executors.local; "
        "print([name for name in ('ray', 'optuna') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"
