"""Writes the measured parts of README.md and other pages from the records that they come from.

Run by hand after a new study or benchmark: `python -m reports.update_readme`. A test fails while a
page and its records disagree.
"""

from __future__ import annotations

import re
import sys

from reports.measured import (
    costing,
    demo,
    disk,
    drawing,
    families,
    gpu,
    kills,
    peers,
    startup,
    training,
    zero_cost,
)
from reports.measured.records import ROOT

PAGES = (
    "README.md",
    "reports/zero_cost/README.md",
    *(str(page.relative_to(ROOT)) for page in sorted((ROOT / "docs").glob("*.md"))),
)
_SUBJECTS = (
    demo,
    startup,
    costing,
    disk,
    drawing,
    kills,
    peers,
    training,
    families,
    gpu,
    zero_cost,
)
PARTS = {name: part for subject in _SUBJECTS for name, part in subject.PARTS.items()}


def updated(text: str) -> str:
    """A page with each of its measured parts written anew."""
    for name, part in PARTS.items():
        pattern = rf"(<!-- measured: {name} -->\n).*?(<!-- end -->)"
        text = re.sub(pattern, lambda m, p=part: f"{m[1]}{p()}\n{m[2]}", text, flags=re.DOTALL)
    return text


def main() -> None:
    """Write the pages, or with --check say whether they are as the records have it."""
    texts = {page: (ROOT / page).read_text() for page in PAGES}
    for name in PARTS:
        shown = any(f"<!-- measured: {name} -->" in text for text in texts.values())
        assert shown, f"no page has the part '{name}'"
    for page, text in texts.items():
        if "--check" not in sys.argv:
            (ROOT / page).write_text(updated(text))
        elif updated(text) != text:
            raise SystemExit(f"{page} disagrees with its records")


if __name__ == "__main__":
    main()
