"""The pages in a real browser: no script error, no request, a mark for each thing."""

from __future__ import annotations

import csv
import html
import json
import re
import shutil
import subprocess
from pathlib import Path

import pytest

from designspace import reporting
from designspace.reporting import population
from tests.helpers.command import run
from tests.helpers.report_studies import realistic, write_study

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
QUIET = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--enable-logging=stderr", "--host-resolver-rules=MAP * ~NOTFOUND",
)  # fmt: skip
TRIALS = 60
NOBODY = "not an origin"
OUTSIDE = "http://outside.invalid/x.png"

# What a reader does, run at the end of a copy of the page: sort, ask for all, point at a mark.
READER = """
const said = {ready: document.documentElement.dataset.ready};
const rows = () => [...document.querySelectorAll("#trials tbody tr")];
const shown = () => rows().filter((row) => !row.hidden).length;
said.marks = document.querySelectorAll("#frontier .wide a").length;
said.visible = [...document.querySelectorAll("#frontier .wide a")].filter(
  (mark) => mark.getBoundingClientRect().width > 0).length;
said.shown = shown();
document.getElementById("more").click();
said.all = shown();
const top1 = document.querySelectorAll("#trials th button")[3];
const column = () => rows().map((row) => row.cells[3].dataset.v);
top1.click(); said.falling = column();
top1.click(); said.rising = column();
const mark = document.querySelector("#frontier .wide a");
const box = mark.getBoundingClientRect();
mark.dispatchEvent(new PointerEvent("pointermove",
  {bubbles: true, clientX: box.x + box.width / 2, clientY: box.y + box.height / 2}));
said.tip = document.getElementById("tip").textContent;
said.pointed = !document.getElementById("tip").hidden;
said.loaded = performance.getEntriesByType("resource").map((entry) => entry.name);
document.title = "said:" + JSON.stringify(said);
"""


def visit(page: Path, scratch: Path, *more: str) -> tuple[str, str, list[str]]:
    """The document after its scripts ran, the console, and all addresses that it asked for."""
    assert CHROMIUM is not None
    log = scratch / "net.json"
    done = subprocess.run(
        [CHROMIUM, *QUIET, f"--user-data-dir={scratch / 'profile'}", f"--log-net-log={log}",
         "--window-size=1280,900", *more, "--dump-dom", page.as_uri()],
        capture_output=True, text=True, timeout=90, check=True,
    )  # fmt: skip
    return done.stdout, done.stderr, requests(log)


def requests(log: Path) -> list[str]:
    """Addresses that a page asked for; what the browser wants for itself has no initiator."""
    started = [
        event["params"] for event in json.loads(log.read_text())["events"] if "params" in event
    ]
    return [
        params["url"]
        for params in started
        if "url" in params and params.get("initiator", NOBODY) != NOBODY
    ]


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_works_in_chromium_and_asks_for_nothing(tmp_path: Path) -> None:
    outputs = reporting.write(write_study(tmp_path / "s", realistic(TRIALS)))
    _, console, asked = visit(outputs.html, tmp_path / "plain")
    assert "CONSOLE" not in console
    assert asked == []

    copy = outputs.html.with_name("copy.html")
    page = re.sub(r"<meta http-equiv[^>]*>", "", outputs.html.read_text())
    copy.write_text(page.replace("</body>", f"<script>{READER}</script></body>"))
    document, console, _ = visit(copy, tmp_path / "read")
    assert "CONSOLE" not in console
    found = re.search(r"<title>said:(.*?)</title>", document, re.DOTALL)
    assert found
    check(json.loads(html.unescape(found[1])))


# How far the content reaches beyond a frame as wide as a telephone or a desk.
FRAMES = """
<iframe src="report.html" width="390" height="900"></iframe>
<iframe src="report.html" width="1280" height="900"></iframe>
<script>
addEventListener("load", () => {
  const said = [...document.querySelectorAll("iframe")].map((frame) => {
    const page = frame.contentDocument;
    const size = (each) => each.getBoundingClientRect();
    const seen = (what) => [...page.querySelectorAll(what)].filter((each) => size(each).width > 0);
    return {
      beyond: page.documentElement.scrollWidth - page.documentElement.clientWidth,
      panels: seen(".panel svg").length,
      bars: seen(".share b").length,
      strips: seen(".reach i").length,
      loaded: frame.contentWindow.performance.getEntriesByType("resource").length,
    };
  });
  document.title = "said:" + JSON.stringify(said);
});
</script>
"""


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_the_page_of_populations_fits_a_telephone_and_asks_for_nothing(tmp_path: Path) -> None:
    files = [tmp_path / "mixers.parquet", tmp_path / "kernel.csv"]
    for file in files:
        assert run("sample", file.stem, "-n", "300", "--cost-only", "--out", file).code == 0
    outputs = population.write(files, tmp_path / "report")
    _, console, asked = visit(outputs.html, tmp_path / "plain")
    assert "CONSOLE" not in console
    assert asked == []

    outputs.html.with_name("frames.html").write_text(FRAMES)
    frames = outputs.html.with_name("frames.html")
    document, console, _ = visit(frames, tmp_path / "frames", "--allow-file-access-from-files")
    assert "CONSOLE" not in console
    found = re.search(r"<title>said:(.*?)</title>", document, re.DOTALL)
    assert found
    labels = list(csv.DictReader(outputs.csv.read_text().splitlines()))
    drawn = sum(float(label["share"]) > 0 for label in labels)
    for said in json.loads(html.unescape(found[1])):
        assert said["beyond"] == said["loaded"] == 0
        assert said["panels"] == 3 + 2 * 3
        assert said["bars"] == said["strips"] / 3 == drawn


@pytest.mark.slow
@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on this machine")
def test_a_request_of_a_page_would_be_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(f'<img src="{OUTSIDE}">')
    assert OUTSIDE in visit(page, tmp_path / "scratch")[2]


def check(said: dict[str, object]) -> None:
    assert said["marks"] == said["visible"] == said["all"] == TRIALS
    assert said["shown"] == 40
    assert said["pointed"] is True
    assert said["loaded"] == []
    falling, rising = numbers(said["falling"]), numbers(said["rising"])
    assert falling == sorted(falling, reverse=True)
    assert rising == sorted(rising)
    assert re.match(
        r"Trial \d+: .*top-1 [\d.-]+ % · [\d.]+ [GM]MACs · [\d.]+ M params", str(said["tip"])
    )


def numbers(cells: object) -> list[float]:
    """The cells of a sorted column, of which only the last may be empty."""
    assert isinstance(cells, list)
    known = [float(cell) for cell in cells if cell]
    assert all(cells[: len(known)])
    return known
