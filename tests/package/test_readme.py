"""The README and the site say what the records say, and their commands exist."""

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
from tests.helpers.pages import blocks

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
PAGES = [README, *sorted((ROOT / "docs").glob("*.md"))]
QUICK = ("cost", "diff", "build", "schema", "ladder", "show")


def commands(*pages: Path) -> list[str]:
    """Every `designspace ...` line of the shell blocks, once."""
    found = [line for page in pages for block in blocks(page) for line in block.commands]
    return list(dict.fromkeys(found))


def verb_of(command: str) -> list[str]:
    """The verb of a command: one word, or two for `space info`."""
    words = shlex.split(command)[1:]
    return words[: 2 if words[0] == "space" else 1]


def options_shown() -> dict[str, set[str]]:
    """Verb to the options that any page gives it."""
    found: dict[str, set[str]] = {}
    for command in commands(*PAGES):
        options = {word for word in shlex.split(command) if word.startswith("--")}
        found.setdefault(" ".join(verb_of(command)), set()).update(options - {"--version"})
    return found


def test_measured_parts_agree_with_their_records() -> None:
    subprocess.run([sys.executable, "-m", "reports.update_readme", "--check"], cwd=ROOT, check=True)


def test_the_readme_is_short_and_keeps_the_targets() -> None:
    text = README.read_text()
    assert len(text.splitlines()) <= 200
    for target in ("demo", "test", "check", "slow"):
        assert f"make {target}" in text
        assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for link in re.findall(r"\]\(([^)\s#]+)(?:#[\w-]+)?\)", page.read_text()):
        path = page.parent / link
        assert "://" in link or "generated" in link or path.exists(), link


def test_the_spec_shown_is_the_spec_shipped() -> None:
    page = ROOT / "docs" / "networks.md"
    shown = next(b.text for b in blocks(page) if b.language == "yaml" and "depths" in b.text)
    assert load(parse(shown, file=page.name).data).digest == load("convnext_t").digest


@pytest.mark.parametrize("verb", sorted(options_shown()))
def test_every_verb_and_option_shown_exists(verb: str) -> None:
    helped = run(*verb.split(), "--help")
    assert helped.code == 0
    for option in options_shown()[verb]:
        assert option in helped.out, option


@pytest.mark.parametrize("command", [c for c in commands(README) if verb_of(c)[0] in QUICK])
def test_quick_commands_run(command: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if "runs/" in command:
        pytest.skip("needs the study of `make demo`")
    words = [w.replace("specs/", f"{ROOT}/specs/") for w in shlex.split(command)[1:]]
    monkeypatch.chdir(tmp_path)
    assert run(*words).code == 0
