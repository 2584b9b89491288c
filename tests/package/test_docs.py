"""The site builds strictly and asks no other host; every block of its pages runs."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.helpers.pages import LANGUAGES, blocks

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(DOCS.glob("*.md"))
RUNNABLE = [
    page
    for page in PAGES
    if any(b.language in ("bash", "python") and not b.needs for b in blocks(page))
]
CHECKOUT = ("designspace", "specs", "search", "tests")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_blocks_have_a_language_and_a_reason_not_to_run(page: Path) -> None:
    fences = re.findall(r"^```(.*)$", page.read_text(), re.MULTILINE)
    opened = [fence for fence in fences[::2] if not fence.startswith("{")]
    assert set(opened) <= set(LANGUAGES)
    assert all(len(block.needs or "a reason") > 3 for block in blocks(page))


def photos(folder: Path) -> None:
    """A small folder of photos: three classes that differ in color."""
    random = np.random.default_rng(0)
    for number, name in enumerate(("apple", "leaf", "sky")):
        (folder / name).mkdir(parents=True)
        for image in range(40):
            pixels = random.integers(0, 120, (40, 48, 3), dtype=np.uint8)
            pixels[..., number] += 100
            Image.fromarray(pixels).save(folder / name / f"{image}.png")


def shell(folder: Path) -> dict[str, str]:
    """An environment in which `designspace` and `python` are those of this test."""
    programs = folder / ".programs"
    programs.mkdir()
    for name, words in {"designspace": '-m designspace "$@"', "python": '"$@"'}.items():
        script = programs / name
        script.write_text(f'#!/bin/sh\nexec "{sys.executable}" {words}\n')
        script.chmod(0o755)
    path = os.pathsep.join([str(folder), str(ROOT)])
    search = os.pathsep.join([str(programs), os.environ["PATH"]])
    own = {"XDG_CACHE_HOME": str(folder / ".cache"), "OMP_NUM_THREADS": "1"}
    return {**os.environ, "PATH": search, "PYTHONPATH": path, **own}


@pytest.mark.examples
@pytest.mark.timeout(900)
@pytest.mark.parametrize("page", RUNNABLE, ids=lambda page: page.stem)
def test_every_block_runs(page: Path, tmp_path: Path) -> None:
    photos(tmp_path / "photos")
    if "needs-checkout: true" in page.read_text():
        for name in CHECKOUT:
            ignored = shutil.ignore_patterns("__pycache__")
            shutil.copytree(ROOT / name, tmp_path / name, ignore=ignored)
        shutil.copy(ROOT / "pyproject.toml", tmp_path)
    done = subprocess.run(
        [sys.executable, "-m", "tests.helpers.pages", str(page)],
        cwd=tmp_path, env=shell(tmp_path), capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-3000:]}\n{done.stderr[-3000:]}"


def built(folder: Path, notebook: str) -> Path:
    """The site, built strictly; `notebook` is MyST-NB's mode of execution."""
    done = subprocess.run(
        [sys.executable, "-m", "sphinx", "-q", "-b", "html", "-W", "--keep-going", "-n",
         str(DOCS), str(folder)],
        env={**os.environ, "DOCS_NOTEBOOK": notebook}, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return folder


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_the_site_and_its_notebook(tmp_path: Path) -> None:
    site = built(tmp_path / "site", "force")
    for page in site.rglob("*.html"):
        fetched = re.findall(
            r'<(?:script|link|img|iframe)[^>]*(?:src|href)="(\S+?)"', page.read_text()
        )
        assert not [one for one in fetched if re.match(r"(?:\w+:)?//", one)], page
    for sheet in site.rglob("*.css"):
        assert not re.findall(r"url\(\s*['\"]?(?:https?:)?//", sheet.read_text()), sheet
    tour = (site / "notebooks" / "tour.html").read_text()
    assert "<img" in tour, "the frontier is not shown"
    assert "torch.Size([1, 10])" in tour.replace("</span>", "")


def test_the_plug_in_page_lists_every_layer() -> None:
    """Renew its table with `PYTHONPATH=docs:. python -m generate.layers`."""
    script = (
        "import sys; sys.path[:0] = ['docs', '.']\n"
        "from generate import layers\n"
        "text = layers.PAGE.read_text()\n"
        "assert layers.renewed(text) == text, 'its table of layers is out of date'\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
    page = (DOCS / "plugins.md").read_text()
    bases = {"Act", "Norm", "Response", "InheritAct", "InheritNorm"}
    for file in (ROOT / "designspace" / "layers" / "leaves").glob("*.py"):
        for name in set(re.findall(r"^class ([A-Z]\w+)\(", file.read_text(), re.MULTILINE)) - bases:
            assert f"`{name}(" in page, f"docs/plugins.md does not list {name}"


@pytest.mark.slow
def test_generated_pages_follow_the_package() -> None:
    script = (
        "import sys; sys.path[:0] = ['docs', '.']\n"
        "from generate import api, commands, kinds, networks, rooms\n"
        "import designspace\n"
        "from designspace.spec.network.families import families\n"
        "assert all(f'designspace.{name}\\n' in api.page() for name in designspace.__all__)\n"
        "assert all(f'### {k}\\n' in kinds.page() for f in families().values() for k in f)\n"
        "assert '## search\\n' in commands.page() and '## space info\\n' in commands.page()\n"
        "assert '`convnext_t` | 224 | 28,589,128' in networks.page()\n"
        "drawn = rooms.page()\n"
        "assert all(f'>{room}</text>' in drawn for row in rooms.contract() for room in row)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
