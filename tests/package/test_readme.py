"""The README says what the records say, and its commands exist."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from designspace.spec import load
from designspace.spec.documents.document import parse
from tests.helpers.command import run

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text()


def commands() -> list[str]:
    """Every `designspace ...` line of the README's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.DOTALL)
    lines = [line.split("#")[0].strip() for block in blocks for line in block.splitlines()]
    return [line for line in lines if line.startswith("designspace ")]


def test_measured_parts_agree_with_their_records() -> None:
    subprocess.run([sys.executable, ROOT / "reports/update_readme.py", "--check"], check=True)


def test_the_spec_shown_is_the_spec_shipped() -> None:
    shown = next(b for b in re.findall(r"```yaml\n(.*?)```", README, re.DOTALL) if "depths" in b)
    assert load(parse(shown, file="README.md").data).digest == load("convnext_t").digest


@pytest.mark.parametrize("command", commands())
def test_every_verb_and_option_shown_exists(command: str) -> None:
    _, *words = shlex.split(command)
    verb = words[: 2 if words[0] == "space" else 1]  # `space info`
    helped = run(*verb, "--help")
    assert helped.code == 0
    for word in words:
        if word.startswith("--"):
            assert word in helped.out


@pytest.mark.parametrize(
    "command",
    [
        command
        for command in commands()
        if command.split()[1] in ("cost", "diff", "build", "schema", "ladder")
        and "--weights" not in command  # a file or a network that is not here
        and "runs/" not in command  # a study that is not here either
    ],
)
def test_quick_commands_run(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    words = [w.replace("specs/", f"{ROOT}/specs/") for w in shlex.split(command)[1:]]
    monkeypatch.chdir(tmp_path)
    assert run(*words).code == 0
