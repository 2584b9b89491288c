"""A library that warns about a user's file while one of our readers has it is not heard."""

from __future__ import annotations

import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image, PngImagePlugin
from torch import Tensor

from designspace.errors import InputError
from designspace.images.data import load_data
from designspace.images.split import EncodedSplit

Maker = Callable[[int], bytes]


def _encoded(image: Image.Image, kind: str, **settings: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **settings)
    return buffer.getvalue()


def palette(value: int) -> bytes:
    """A PNG whose palette has transparency given as bytes, which Pillow advises to convert."""
    image = Image.new("P", (8, 8), value)
    image.putpalette(bytes(range(256)) * 3)
    return _encoded(image, "png", transparency=bytes([0, 128, 255]))


def large(value: int) -> bytes:
    """More pixels than Pillow's limit for a warning, few enough for its limit for an error."""
    return _encoded(Image.new("1", (9500, 9500), value % 2), "png")


def broken_exif(value: int) -> bytes:
    """A JPEG whose EXIF block is cut."""
    return _encoded(Image.new("RGB", (8, 8), (value, 0, 0)), "jpeg", exif=b"Exif\0\0II*\0\x08\0")


def odd_text(value: int) -> bytes:
    """A PNG with a text chunk after its pixels."""
    facts = PngImagePlugin.PngInfo()
    facts.add_text("a", "b" * 100, zip=True)
    return _encoded(Image.new("L", (8, 8), value), "png", pnginfo=facts)


@pytest.mark.parametrize("make", [palette, broken_exif, odd_text, large])
@pytest.mark.parametrize("streamed", [False, True])
def test_no_image_warns(
    make: Maker, streamed: bool, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    for label in ("a", "b"):
        for number in range(3):
            path = tmp_path / label / f"{number}.img"
            path.parent.mkdir(exist_ok=True)
            one = odd_text if make is large and path.stem + label != "0a" else make  # one will do
            content = one(number)
            path.with_suffix(".jpg" if content[:2] == b"\xff\xd8" else ".png").write_bytes(content)
    warnings.simplefilter("always")
    if streamed:
        from designspace.images.loading.stream import Stream

        data = load_data(str(tmp_path), image_size="own")
        assert isinstance(data.train, EncodedSplit)
        stream = Stream(data.train, _pixels, whole=False)
        assert sum(len(labels) for _, labels in stream.read([[0]], ("test",))) == 1
    else:
        load_data(str(tmp_path), image_size=8)
    assert not recwarn.list


def _pixels(*_: object) -> Tensor:
    return torch.zeros(1, 1, 1, dtype=torch.uint8)


def test_no_array_warns(tmp_path: Path, recwarn: pytest.WarningsRecorder) -> None:
    """A header as Python 2 wrote it: NumPy reads it, and says that it took longer."""
    arrays = {"train_x": np.zeros((6, 4, 4), np.uint8), "train_y": np.array([0, 0, 0, 1, 1, 1])}
    arrays |= {"test_x": arrays["train_x"], "test_y": arrays["train_y"]}
    path = tmp_path / "old.npz"
    with zipfile.ZipFile(path, "w") as archive:
        for name, array in arrays.items():
            buffer = io.BytesIO()
            np.save(buffer, array)
            archive.writestr(f"{name}.npy", _as_python_2(buffer.getvalue()))
    warnings.simplefilter("always")
    assert load_data(str(path)).num_classes == 2
    assert not recwarn.list


def _as_python_2(content: bytes) -> bytes:
    """The same array with long integers in the shape, `(6L, 4L, 4L)`."""
    head, body = content[10:].split(b"\n", 1)
    before, shape, after = (part for part in head.partition(b"'shape': ("))
    inside, _, rest = after.partition(b")")
    longs = b", ".join(number.strip() + b"L" for number in inside.split(b",") if number.strip())
    header = before + shape + longs + b",)" + rest.rstrip()
    header += b" " * (-(len(header) + 11) % 64) + b"\n"
    return content[:8] + len(header).to_bytes(2, "little") + header + body


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", b"\x80\x00", b"\x93NUMPY\x01\x00"])
@pytest.mark.parametrize("suffix", [".npz", ".zip", ".tar", ".parquet"])
def test_no_broken_file_warns(
    content: bytes, suffix: str, tmp_path: Path, recwarn: pytest.WarningsRecorder
) -> None:
    path = tmp_path / f"data{suffix}"
    path.write_bytes(content)
    warnings.simplefilter("always")
    with pytest.raises(InputError) as caught:
        load_data(str(path))
    assert "\n" not in str(caught.value)
    assert not recwarn.list
