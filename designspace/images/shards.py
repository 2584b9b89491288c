"""WebDataset shards: tar files with `key.jpg` beside `key.cls` or `key.json`.

They are not streamed from end to end: an index of where each image begins makes any of them
readable at any time.
"""

from __future__ import annotations

import json
import re
import tarfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, cast

import numpy as np

from designspace.errors import InputError
from designspace.images.encoded import IMAGES, Reading, read_encoded, splits_of
from designspace.images.labels import Labelled, numbered
from designspace.images.parts import find_parts
from designspace.images.split import Source
from designspace.images.store import SpanStore

LABELS = ("cls", "json")
CLASSES = "classes.txt"


def read_shards(place: Path, options: Reading) -> Source:
    """Reads one shard, a pattern of shards such as `train-{0000..0003}.tar`, or a directory.

    `key.cls` holds a number or a class's name, `key.json` one of these as `label`; the names of
    numbered classes may stand in `classes.txt` beside the shards, a line each.

    Raises:
        InputError: a shard that is no tar file, an image without a label or the reverse, labels
            that leave a gap, or an unreadable image.
    """
    parts = find_parts(place, ".tar")
    files = [path for part in parts for path in part]
    root = place if place.is_dir() else place.parent
    found: list[list[_Sample]] = []
    for part in parts:
        found.append([sample for path in part for sample in _samples(path, files.index(path))])
    labelled = [
        Labelled([s.label for s in part], [f"{files[s.span[0]]}: {s.name}" for s in part])
        for part in found
    ]
    classes, labels = numbered(labelled, _names(root), str(place))
    samples = [sample for part in found for sample in part]
    spans = np.array([sample.span for sample in samples], dtype=np.int64)
    store = SpanStore(tuple(files), tuple(sample.name for sample in samples), spans)
    return read_encoded(str(place), place.stem, classes, splits_of(store, labels), options)


@dataclass(frozen=True, slots=True)
class _Sample:
    """An image of a shard: its name, its span (file, offset, size), and its label."""

    name: str
    span: tuple[int, int, int]
    label: int | str


def _samples(path: Path, file: int) -> list[_Sample]:
    """The images of a shard, in its order."""
    try:
        with path.open("rb") as stream, tarfile.open(fileobj=stream, mode="r:") as archive:
            grouped = _grouped(archive)
            return [_sample(path, file, key, members, stream) for key, members in grouped.items()]
    except (tarfile.TarError, EOFError, OSError) as error:
        raise InputError(f"not a readable tar file ({error})", file=str(path)) from error


def _grouped(archive: tarfile.TarFile) -> dict[str, dict[str, tarfile.TarInfo]]:
    """Members by key, and by what follows the first dot of their name."""
    grouped: dict[str, dict[str, tarfile.TarInfo]] = {}
    for member in archive:
        match = re.fullmatch(r"((?:.*/)?[^./]+)\.([^/]+)", member.name)
        if member.isreg() and match:
            grouped.setdefault(match[1], {})[match[2].lower()] = member
    return grouped


def _sample(
    path: Path, file: int, key: str, members: Mapping[str, tarfile.TarInfo], stream: IO[bytes]
) -> _Sample:
    where = f"{path}: {key}"
    image = next((members[name] for name in IMAGES if name in members), None)
    kind = next((name for name in LABELS if name in members), None)
    if image is None or kind is None:
        lacking, wanted = ("image", IMAGES) if image is None else ("label", LABELS)
        held = ", ".join(sorted(members))
        raise InputError(f"has no {lacking} (.{', .'.join(wanted)}); it has {held}", file=where)
    stream.seek(members[kind].offset_data)
    label = _label(kind, stream.read(members[kind].size), where)
    return _Sample(image.name, (file, image.offset_data, image.size), label)


def _label(kind: str, content: bytes, where: str) -> int | str:
    """A number or a class's name."""
    try:
        text = content.decode().strip()
        value: Any = text
        if kind == "json":
            value = cast("Mapping[str, Any]", json.loads(text))["label"]
    except (ValueError, KeyError, TypeError) as error:
        said = "no 'label'" if isinstance(error, KeyError) else str(error)
        raise InputError(f"unreadable label ({said})", file=f"{where}.{kind}") from error
    if isinstance(value, str):
        return int(value) if re.fullmatch(r"-?\d+", value) else value
    if isinstance(value, int):
        return value
    raise InputError(f"label must be a number or a name (got {value})", file=f"{where}.{kind}")


def _names(root: Path) -> list[str] | None:
    """The names of the classes where `classes.txt` gives them."""
    path = root / CLASSES
    if not path.is_file():
        return None
    return [line.strip() for line in path.read_text().splitlines() if line.strip()]
