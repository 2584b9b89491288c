"""The same small images in every container."""

from __future__ import annotations

import io
import tarfile
import zipfile
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

Files = Mapping[str, bytes]
FOLDERS = ("folder", "zip", "tar")
"""Containers in which an image's class is a folder."""
EVERY = (*FOLDERS, "shards", "parquet")


def image(number: int, kind: str = "png") -> bytes:
    """An image of 4 x 4 pixels that no other number has."""
    pixels = np.random.default_rng(number).integers(0, 256, (4, 4), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, kind)
    return file.getvalue()


def numbered(*names: str) -> dict[str, bytes]:
    """Files of these names, each a different image."""
    return {name: image(number) for number, name in enumerate(names)}


def split(classes: list[str], train: int = 6, **others: int) -> dict[str, bytes]:
    """`train/<class>/<n>.png` and so on: a different image each."""
    counts = {"train": train, **others}
    return numbered(*(f"{s}/{c}/{n}.png" for s, k in counts.items() for c in classes
                      for n in range(k)))  # fmt: skip


def pack(kind: str, root: Path, files: Files) -> Path:
    """Write the files as a container and give its path; classes are folders of their names."""
    root.mkdir(parents=True, exist_ok=True)
    return {
        "folder": _folder, "zip": _zip, "tar": _tar, "shards": _shards, "parquet": _parquet
    }[kind](root, files)  # fmt: skip


def _folder(root: Path, files: Files) -> Path:
    place = root / "photos"
    for name, content in files.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return place


def _zip(root: Path, files: Files) -> Path:
    path = root / "photos.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return path


def _tar(root: Path, files: Files) -> Path:
    path = root / "photos.tar"
    write_tar(path, files)
    return path


def write_tar(path: Path, files: Files) -> None:
    """Write a tar file with these members."""
    with tarfile.open(path, "w") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def _by_split(files: Files) -> dict[str, list[tuple[str, str, bytes]]]:
    """Class, name within it and content of each image, by its split."""
    parts: dict[str, list[tuple[str, str, bytes]]] = {}
    for name, content in files.items():
        part, label, rest = name.split("/", 2)
        parts.setdefault(part, []).append((label, rest, content))
    return parts


def _shards(root: Path, files: Files) -> Path:
    place = root / "photos"
    place.mkdir()
    for part, images in _by_split(files).items():
        members: dict[str, bytes] = {}
        for label, rest, content in images:
            key = f"{label}/{rest.rpartition('.')[0]}"
            members |= {f"{key}.cls": label.encode(), f"{key}.{rest.rpartition('.')[2]}": content}
        write_tar(place / f"{part}-0000.tar", members)
    return place


def _parquet(root: Path, files: Files) -> Path:
    place = root / "photos"
    place.mkdir()
    for part, images in _by_split(files).items():
        rows = [{"bytes": content, "path": rest} for _, rest, content in images]
        table = pa.table({"image": rows, "label": [label for label, *_ in images]})
        pq.write_table(table, place / f"{part}-00000-of-00001.parquet", row_group_size=5)
    return place
