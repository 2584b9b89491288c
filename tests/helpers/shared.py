"""Where the large image sets lie: beside the checkout, or not at all."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path


def shared() -> Path:
    """The nearest folder called `shared` from the checkout upwards; it may not exist."""
    root = Path(__file__).parents[2]
    places = [parent / "shared" for parent in (root, *root.parents)]
    return next((place for place in places if place.is_dir()), places[0])


def imagenette(count: int) -> list[io.BytesIO] | None:
    """JPEG photographs, evenly taken from all classes; None where they are not there."""
    path = shared() / "data" / "imagenette128.zip"
    if not path.is_file():
        return None
    with zipfile.ZipFile(path) as archive:
        names = [name for name in archive.namelist() if name.endswith(".jpg")]
        return [io.BytesIO(archive.read(name)) for name in names[:: len(names) // count][:count]]
