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
QUICK = ("cost", "diff", "ladder")


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
    everywhere = run("--help").out  # options that every verb takes
    for option in options_shown()[verb]:
        assert option in helped.out + everywhere, option


def tour() -> list[object]:
    """The commands of the README with the output shown; slow where torch is needed."""
    shown = [block for block in blocks(README) if block.language == "console"]
    return [
        pytest.param(
            block.commands[0],
            block.text.splitlines()[1:],
            marks=[] if verb_of(block.commands[0])[0] in QUICK else [pytest.mark.slow],
            id=" ".join(verb_of(block.commands[0])),
        )
        for block in shown
    ]


def test_the_tour_has_ten_commands() -> None:
    assert len(tour()) == 10


@pytest.mark.parametrize(("command", "shown"), tour())
def test_the_output_shown_is_real(
    command: str, shown: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.chdir(tmp_path)
    words = [word.replace("reports/", f"{ROOT}/reports/") for word in shlex.split(command)[1:]]
    done = run(*words)
    assert done.code == 0, done.err
    printed = iter(bare(done.out.replace(f"{ROOT}/", "") + done.err))
    for line in bare("\n".join(shown)):
        assert line == "..." or line in printed, line


def bare(text: str) -> list[str]:
    """Lines without trailing blanks, rounding errors masked."""
    return [re.sub(r"\d\.\de-\d+", "#", line).rstrip() for line in text.splitlines()]
