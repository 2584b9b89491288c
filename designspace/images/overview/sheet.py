"""A contact sheet: one row per class, images of each split side by side, with labels.

If the images of a class look different in one split, its label has another meaning there, and the
sheet shows this at a glance.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from designspace.errors import InputError
from designspace.images.data import Data
from designspace.images.pixels.decode import open_image
from designspace.images.split import DecodedSplit, Split
from designspace.images.statistics import spaced
from designspace.library_warnings import silenced
from designspace.spec.documents.document import write_bytes_atomic

SUFFIXES = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}
COLUMNS = {"train": 6, "val": 2, "test": 2}
"""Number of images per class and split."""
ROWS = 24
"""Maximal number of classes; if there are more, evenly spaced ones are shown."""
TILE, GAP, MARGIN, LABELS = 84, 6, 16, 190
HEADER, SMALL, LARGE = 64, 13, 18
INK, PALE, PAPER, EMPTY = "#1a1a1a", "#6b6b6b", "#ffffff", "#ececec"


def check_sheet(path: Path) -> None:
    """Check that a sheet can be written to a path, before any data is read.

    Raises:
        InputError: The suffix is not that of an image format, or the path is a directory.
    """
    if path.suffix.lower() not in SUFFIXES:
        said = f"the suffix '{path.suffix}' is not that of an image format"
        raise InputError(said, file=str(path), path="--out", hint=f"valid: {', '.join(SUFFIXES)}")
    if path.is_dir():
        raise InputError("is a directory", file=str(path), path="--out")


def write_sheet(data: Data, path: Path) -> None:
    """Draw the contact sheet of a data set into an image file, completely or not at all.

    Raises:
        InputError: See `check_sheet`; or the file cannot be written.
    """
    check_sheet(path)
    file = io.BytesIO()
    draw_sheet(data).save(file, SUFFIXES[path.suffix.lower()])
    write_bytes_atomic(path, file.getvalue())


@silenced()
def draw_sheet(data: Data) -> Image.Image:
    """Draw the contact sheet of a data set as an RGB image."""
    labels = spaced(data.num_classes, ROWS)
    sheet = _Sheet.blank(len(labels))
    shown = f", {len(labels)} of them here" if len(labels) < data.num_classes else ""
    size = f", {data.image_size}x{data.image_size} pixels" if data.image_size else ""
    sheet.text((MARGIN, 10), f"{data.name}: {data.num_classes} classes{shown}{size}", LARGE)
    splits = {"train": data.train, "val": data.val, "test": data.test}
    for name, left in _starts():
        sheet.text((left, HEADER - 20), f"{name}: {len(splits[name]):,} images", SMALL, PALE)
    for row, label in enumerate(labels):
        top = HEADER + row * (TILE + GAP)
        counts = [int((split.labels == label).sum()) for split in splits.values()]
        sheet.text((MARGIN, top + 22), f"{label}: {data.classes[label]}", SMALL + 2)
        sheet.text((MARGIN, top + 46), " + ".join(f"{count:,}" for count in counts), SMALL, PALE)
        for name, left in _starts():
            tiles = _tiles(splits[name], label, COLUMNS[name])
            for column, tile in enumerate(tiles):
                sheet.tile(tile, (left + column * (TILE + GAP), top))
    return sheet.image


def _starts() -> Iterator[tuple[str, int]]:
    """Yield each split with the left edge of its columns [pixels]."""
    left = MARGIN + LABELS
    for name, count in COLUMNS.items():
        yield name, left
        left += count * (TILE + GAP) + 2 * GAP


@dataclass(frozen=True)
class _Sheet:
    """The image of a sheet, with methods that draw on it."""

    image: Image.Image
    pen: ImageDraw.ImageDraw

    @classmethod
    def blank(cls, rows: int) -> _Sheet:
        """Return a white sheet for a number of classes."""
        width = 2 * MARGIN + LABELS + sum(COLUMNS.values()) * (TILE + GAP) + 2 * GAP * len(COLUMNS)
        image = Image.new("RGB", (width, HEADER + rows * (TILE + GAP) + MARGIN), PAPER)
        return cls(image, ImageDraw.Draw(image))

    def text(self, at: tuple[int, int], words: str, size: int, color: str = INK) -> None:
        """Draw one line of text; text beside the tiles is cut so that it does not overlap them."""
        font = ImageFont.load_default(size)
        words = " ".join(words.split())
        room = LABELS - GAP if at[0] == MARGIN and at[1] >= HEADER else self.image.width - at[0]
        if self.pen.textlength(words, font) > room:
            while words and self.pen.textlength(f"{words}...", font) > room:
                words = words[:-1]
            words = f"{words}..."
        self.pen.text(at, words, color, font)

    def tile(self, image: Image.Image | None, at: tuple[int, int]) -> None:
        """Draw an image that fits into its square; cross out the square if the image is None."""
        left, top = at
        self.pen.rectangle((left, top, left + TILE - 1, top + TILE - 1), EMPTY)
        if image is None:
            self.pen.line((left, top, left + TILE - 1, top + TILE - 1), PALE)
            self.pen.line((left, top + TILE - 1, left + TILE - 1, top), PALE)
            return
        self.image.paste(
            image, (left + (TILE - image.width) // 2, top + (TILE - image.height) // 2)
        )


def _tiles(split: Split, label: int, count: int) -> Iterator[Image.Image | None]:
    """Yield evenly spaced images of a class that fit into a square; None if unreadable."""
    members = np.flatnonzero(split.labels.numpy() == label).tolist()
    for place in spaced(len(members), count):
        yield _tile(split, members[place])


def _tile(split: Split, index: int) -> Image.Image | None:
    if isinstance(split, DecodedSplit):
        array = split.pixels[index].permute(1, 2, 0).squeeze(2).numpy()
        return _fitted(Image.fromarray(array))
    try:
        return _fitted(open_image(split.read(index), split.channels))
    except OSError:
        return None


def _fitted(image: Image.Image) -> Image.Image:
    """Scale an image to its square; enlarge by whole factors, so that pixels stay visible."""
    scale = TILE / max(image.width, image.height)
    mode = Image.Resampling.BICUBIC
    if scale >= 1:
        scale, mode = int(scale), Image.Resampling.NEAREST
    size = max(round(image.width * scale), 1), max(round(image.height * scale), 1)
    return image.convert("RGB").resize(size, mode)
