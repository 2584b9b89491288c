"""The code blocks of a Markdown page, and a program that runs them in order.

A block whose first line is `# needs: ...` is not run. One whose first line is `# FILE`, with the
suffix .py or .yaml, is written to that file. `bash` blocks run under `bash -e`; `python` blocks
share one interpreter.

`python -m tests.helpers.pages PAGE` runs a page in the current directory.
"""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_FENCE = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_FILE = re.compile(r"# (\S+\.(?:py|yaml))\n")
LANGUAGES = ("bash", "python", "yaml", "text")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language, its text, and the line of the page on which it begins."""

    language: str
    text: str
    line: int

    @property
    def needs(self) -> str | None:
        """What a reader must have to run it; None where it runs as it is."""
        marker = re.match(r"# needs: (.+)\n", self.text)
        return marker[1] if marker else None

    @property
    def file(self) -> str | None:
        """The file that it shows, if it shows one to be written."""
        shown = _FILE.match(self.text)
        return shown[1] if shown else None

    @property
    def commands(self) -> list[str]:
        """The `designspace` commands of a block, continued lines joined."""
        if self.language not in ("bash", "sh", "console"):
            return []
        lines = self.text.replace("\\\n", " ").splitlines()
        if self.language == "console":
            lines = [line.removeprefix("$ ") for line in lines if line.startswith("$ ")]
        bare = [re.sub(r"^(\w+=\S+ )*", "", line.split(" #")[0].strip()) for line in lines]
        return [re.sub(r" [|>].*", "", line) for line in bare if line.startswith("designspace ")]


def blocks(page: Path) -> list[Block]:
    """The fenced blocks of a page, in order; directives such as images are left out."""
    text = page.read_text()
    return [
        Block(found[1], found[2], text[: found.start()].count("\n") + 1)
        for found in _FENCE.finditer(text)
    ]


def run(page: Path) -> None:
    """Run a page's blocks in the current directory; the first failure ends the process."""
    names: dict[str, Any] = sys.modules["__main__"].__dict__
    for block in blocks(page):
        where = f"{page.name}:{block.line}"
        if block.needs:
            continue
        if block.file:
            Path(block.file).parent.mkdir(parents=True, exist_ok=True)
            Path(block.file).write_text(block.text)
        elif block.language == "bash":
            sys.stdout.write(f"--- {where}\n{block.text}")
            sys.stdout.flush()
            done = subprocess.run(["bash", "-e", "-o", "pipefail", "-c", block.text], check=False)
            if done.returncode:
                raise SystemExit(f"{where}: exit code {done.returncode}")
        elif block.language == "python":
            exec(compile("\n" * block.line + block.text, page, "exec"), names)


if __name__ == "__main__":
    run(Path(sys.argv[1]))
