"""Pages that are written when the site is built: each module has `page()`, which returns MyST."""

from __future__ import annotations

from pathlib import Path

from generate import api, commands, kinds, networks, rooms

PAGES = {
    "api": api.page,
    "commands": commands.page,
    "kinds": kinds.page,
    "networks": networks.page,
    "rooms": rooms.page,
}


def write_all(folder: Path) -> None:
    """Write every generated page; a page that has not changed is left alone."""
    folder.mkdir(exist_ok=True)
    for name, page in PAGES.items():
        path, text = folder / f"{name}.md", page()
        if not path.exists() or path.read_text() != text:
            path.write_text(text)
