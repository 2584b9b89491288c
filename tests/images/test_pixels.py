"""What becomes of the pixels of any image file, however it is stored or broken."""

from __future__ import annotations

import contextlib
import io
import struct
import subprocess
import sys
import textwrap
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from torchvision.transforms import functional

from designspace.errors import InputError
from designspace.images.data import Data, load_data
from designspace.images.pixels.decode import open_image, resize_and_crop, to_bytes
from designspace.images.pixels.opening import LARGEST, BrokenImageError
from designspace.images.split import DecodedSplit
from designspace.library_warnings import silenced

RAMP = np.arange(16 * 12, dtype=np.uint8).reshape(16, 12)
COLORS = np.random.default_rng(0).integers(0, 256, (16, 12, 3), dtype=np.uint8)


def encoded(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def folder(root: Path, *more: tuple[str, bytes]) -> Path:
    """Two classes of five gray images of 12x16, and files of the first class, by name."""
    for label in ("cat", "dog"):
        for number in range(5):
            pixels = np.roll(RAMP, number + 7 * (label == "dog"))
            write(root / label / f"{number}.png", encoded(Image.fromarray(pixels)))
    for name, content in more:
        write(root / "cat" / name, content)
    return root


def write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def pixels_of(data: Data) -> torch.Tensor:
    parts = [part for part in (data.train, data.val, data.test) if isinstance(part, DecodedSplit)]
    return torch.cat([part.pixels for part in parts])


def deep(factor: int, kind: str = "PNG", **options: Any) -> bytes:
    return encoded(Image.fromarray(RAMP.astype(np.uint16) * factor), kind, **options)


def big_endian(_: int) -> bytes:
    wide = (RAMP.astype(np.uint16) * 257).astype(">u2")
    return encoded(Image.frombytes("I;16B", (12, 16), wide.tobytes()), "TIFF")


@pytest.mark.parametrize(
    "make",
    [
        lambda factor: deep(factor),
        lambda factor: deep(factor, "TIFF"),
        lambda factor: deep(factor, "TIFF", compression="tiff_lzw"),
        lambda factor: deep(factor, "PPM"),
        lambda factor: deep(factor, "JPEG2000"),
        big_endian,
    ],
    ids=["png", "tiff", "lzw", "pgm", "jp2", "big endian"],
)
@pytest.mark.parametrize("factor", [256, 257])
def test_sixteen_bits_become_eight(make: Callable[[int], bytes], factor: int) -> None:
    assert np.array_equal(np.asarray(open_image(make(factor), 1)), RAMP)
    color = np.asarray(open_image(make(factor), 3))
    assert color.shape == (16, 12, 3)
    assert (color == RAMP[..., None]).all()


def test_depths_may_be_mixed_in_a_set(tmp_path: Path) -> None:
    plain = pixels_of(load_data(str(folder(tmp_path / "plain"))))
    mixed = folder(tmp_path / "mixed")
    for path in sorted(mixed.rglob("*.png"))[::2]:
        wide = np.asarray(Image.open(path)).astype(np.uint16) * 257
        path.write_bytes(encoded(Image.fromarray(wide)))
    data = load_data(str(mixed))
    assert data.channels == 1
    assert torch.equal(pixels_of(data), plain)
    assert "5 images of 16-bit gray, scaled to 8 bits (value / 256)" in data.notes


def test_sixteen_bits_that_hold_less_are_a_warning(tmp_path: Path) -> None:
    names = [(f"w{number}.png", deep(1)) for number in range(3)]
    notes = load_data(str(folder(tmp_path, *names))).notes
    assert any("reach only 191 of 65,535" in note for note in notes)


@pytest.mark.parametrize("mode", ["F", "I"])
@pytest.mark.parametrize("skip", [False, True])
def test_pixels_of_unknown_range_are_refused(tmp_path: Path, mode: str, skip: bool) -> None:
    kind = np.float32 if mode == "F" else np.int32
    content = encoded(Image.fromarray(RAMP.astype(kind)), "TIFF")
    root = folder(tmp_path, ("odd.tiff", content))
    if not skip:
        with pytest.raises(InputError, match=r"odd\.tiff: unreadable image \(pixels are .* range"):
            load_data(str(root))
        return
    data = load_data(str(root), skip_broken=True)
    assert [Path(one.file).name for one in data.skipped] == ["odd.tiff"]


def _with_alpha(mode: str) -> Image.Image:
    image = Image.fromarray(COLORS if mode == "RGBA" else RAMP).convert(mode)
    image.putalpha(Image.fromarray(RAMP))
    return image


def _transparent_palette() -> bytes:
    image = Image.fromarray(COLORS).quantize(16)
    return encoded(image, transparency=3)


@pytest.mark.parametrize(
    ("content", "channels", "said"),
    [
        (encoded(_with_alpha("LA")), 1, "1 image with transparency, which is dropped"),
        (encoded(_with_alpha("RGBA")), 3, "1 image with transparency, which is dropped"),
        (_transparent_palette(), 3, "1 image with transparency, which is dropped"),
        (encoded(Image.fromarray(RAMP).convert("1")), 1, ""),
        (encoded(Image.fromarray(COLORS).convert("CMYK"), "JPEG"), 3, "1 image of CMYK colors"),
        (encoded(Image.fromarray(COLORS).convert("CMYK"), "TIFF"), 3, "1 image of CMYK colors"),
        (encoded(Image.fromarray(COLORS).convert("YCbCr"), "TIFF"), 3, "10 images in gray"),
        (encoded(Image.fromarray(COLORS).convert("LAB"), "TIFF"), 3, "10 images in gray"),
        (encoded(Image.fromarray(COLORS)), 3, "10 images in gray among color images"),
    ],
)
def test_other_modes(tmp_path: Path, content: bytes, channels: int, said: str) -> None:
    root = folder(tmp_path, ("odd.png", content))
    data = load_data(str(root))
    assert data.channels == channels
    assert any(note.startswith(said) for note in data.notes)
    with Image.open(io.BytesIO(content)) as image:
        plain = image.convert("L" if channels == 1 else "RGB")  # as torchvision's data sets do
    assert any(torch.equal(one, to_bytes(plain)) for one in pixels_of(data))


def test_an_orientation_is_counted_and_not_applied(tmp_path: Path) -> None:
    tag = Image.Exif()
    tag[0x0112] = 6
    names = [
        ("a.jpg", encoded(Image.fromarray(COLORS), "JPEG", exif=tag)),
        ("b.png", encoded(Image.fromarray(COLORS), "PNG", exif=tag)),
        ("c.webp", encoded(Image.fromarray(COLORS), "WEBP", exif=tag)),
        ("d.jpg", encoded(Image.fromarray(COLORS), "JPEG", exif=Image.Exif())),
    ]
    data = load_data(str(folder(tmp_path, *names)))
    said = "3 images with an EXIF orientation, which is not applied (as in torchvision and timm)"
    assert said in data.notes
    assert any("common size, 12x16" in note for note in data.notes)


@pytest.mark.parametrize("kind", ["GIF", "TIFF", "PNG", "WEBP"])
def test_of_several_frames_the_first_is_used(tmp_path: Path, kind: str) -> None:
    frames = [Image.fromarray(np.full((16, 12), value, np.uint8)) for value in (200, 10, 90)]
    options = {"lossless": True} if kind == "WEBP" else {}
    content = encoded(frames[0], kind, save_all=True, append_images=frames[1:], **options)
    data = load_data(str(folder(tmp_path, ("film.png", content))))
    assert "1 image of several frames; the first is used" in data.notes
    assert any((one == 200).all() for one in pixels_of(data))


def png(width: int, height: int, *chunks: tuple[bytes, bytes]) -> bytes:
    """A PNG whose header claims a size, with chunks between header and pixels."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    lines = zlib.compress(b"\0" * (width + 1) * min(height, 20000), 9) if width < 50 else b""
    parts = [(b"IHDR", header), *chunks, (b"IDAT", lines), (b"IEND", b"")]
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunk(*part) for part in parts)


HOSTILE = {
    "empty": (b"", "the file is empty"),
    "text": (b"this is no image\n" * 9, "unknown image format"),
    "postscript": (
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\nshowpage\n",
        "unknown image format",
    ),
    "cut png": (encoded(Image.fromarray(COLORS))[:200], "truncated|broken"),
    "cut jpeg": (encoded(Image.fromarray(COLORS), "JPEG", quality=99)[:-200], "truncated"),
    "cut tiff": (deep(257, "TIFF", compression="tiff_lzw")[:-90], ""),
    "huge header": (png(60000, 60000), "more than the|at most"),
    "large header": (png(16000, 11000), r"16000x11000 pixels; at most [\d,]+ are read"),
    "huge text": (
        png(12, 16, (b"zTXt", b"x\0\0" + zlib.compress(b"a" * (1 << 26), 9))),
        "too large",
    ),
    "jpeg of zeros": (b"\xff\xd8\xff\xe0" + bytes(3 << 16), ""),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_files_are_named_or_skipped(
    tmp_path: Path, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    content, said = HOSTILE[name]
    place = str(folder(tmp_path, ("bad.jpg", content)))
    with pytest.raises(InputError, match=rf"bad\.jpg: unreadable image \(.*({said})") as error:
        load_data(place)
    assert len(str(error.value).splitlines()) == 1
    assert "object at" not in str(error.value)
    data = load_data(place, skip_broken=True)
    assert [Path(one.file).name for one in data.skipped] == ["bad.jpg"]
    assert len(data.train) + len(data.val) + len(data.test) == 10
    assert capfd.readouterr().err == ""  # libtiff would speak by itself


@given(st.sampled_from(["PNG", "JPEG", "TIFF", "WEBP", "GIF", "BMP"]), st.data())
@settings(max_examples=150, deadline=None)
def test_damaged_bytes_never_end_in_another_error(kind: str, data: st.DataObject) -> None:
    content = bytearray(encoded(Image.fromarray(COLORS), kind))
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(content)))
    with silenced(), contextlib.suppress(BrokenImageError):
        image = open_image(bytes(content[:cut]), 3)
        assert image.mode == "RGB"
        assert image.width * image.height <= LARGEST


@pytest.mark.parametrize("skip", [False, True])
def test_a_set_of_broken_images_is_refused(tmp_path: Path, skip: bool) -> None:
    root = folder(tmp_path)
    for path in root.rglob("*.png"):
        path.write_bytes(path.read_bytes()[:45])
    with pytest.raises(InputError, match=r"0\.png: unreadable image") as error:
        load_data(str(root), skip_broken=skip)
    assert not skip or "holds no readable image; the first of 10: " in str(error.value)


@given(
    st.integers(1, 4),
    st.integers(40, 400),
    st.integers(4, 40),
    st.booleans(),
    st.sampled_from(["bilinear", "bicubic"]),
)
@settings(max_examples=60, deadline=None)
def test_a_part_is_resized_as_the_whole_would_be(
    short: int, long: int, side: int, tall: bool, mode: Any
) -> None:
    draw = np.random.default_rng(short * 991 + long)
    shape = (long, short, 3) if tall else (short, long, 3)
    image = Image.fromarray(draw.integers(0, 256, shape, dtype=np.uint8))
    whole = np.asarray(resize_and_crop(image, (side, side), mode)).astype(int)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("designspace.images.pixels.decode.LARGEST_RESIZE", 0)
        part = np.asarray(resize_and_crop(image, (side, side), mode)).astype(int)
    assert np.abs(whole - part).max() <= 1
    how = functional.InterpolationMode(mode)
    resized: Any = functional.resize(image, [side], how)  # pyright: ignore[reportArgumentType]
    theirs = functional.center_crop(resized, [side])
    assert np.array_equal(whole, np.asarray(theirs))


NARROW = """
    import resource, sys
    import torch
    from designspace.images.data import load_data
    from designspace.images.loading.transforms import TestLook, TrainLook
    from designspace.images.randomness import generator
    from designspace.images.pixels.decode import open_image
    from designspace.images.view import View
    from designspace.spec.recipe.crops import PadCrop, ResizedCrop, TestView
    torch.set_num_threads(1)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    data = load_data(sys.argv[1], image_size=224)
    assert tuple(data.train.pixels.shape[2:]) == (224, 224)
    view = View(224, (0.5,), (0.5,), TestView(crop_pct=0.875))
    for name in ("tall", "wide"):
        image = open_image(open(f"{sys.argv[1]}/cat/{name}.png", "rb").read(), 1)
        looks = [TrainLook(crop, view) for crop in (PadCrop(), ResizedCrop())]
        for look in (TestLook(view), *looks):
            assert look(image, generator("x")).shape == (1, 224, 224)
    used = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
    assert used < 768 << 10, f"{used} KiB"  # the whole would be 4.3 GiB
"""


def test_a_narrow_image_takes_no_more_memory_than_its_crop(tmp_path: Path) -> None:
    names = [("tall.png", png(1, 20000)), ("wide.png", encoded(Image.new("L", (20000, 1))))]
    root = folder(tmp_path, *names)
    assert len((root / "cat" / "tall.png").read_bytes()) < 200
    code = textwrap.dedent(NARROW)
    ran = subprocess.run(
        [sys.executable, "-c", code, str(root)], capture_output=True, text=True, check=False
    )
    assert ran.returncode == 0, ran.stderr


def test_a_narrow_common_size_is_not_kept(tmp_path: Path) -> None:
    for label in ("cat", "dog"):
        for number in range(4):
            words = (b"tEXt", f"name\0{label}{number}".encode())
            write(tmp_path / label / f"{number}.png", png(1, 20000, words))
    assert load_data(str(tmp_path), image_size=32).image_size == 32
    with pytest.raises(InputError, match="1x20000 pixels, too narrow to be kept"):
        load_data(str(tmp_path))
    assert load_data(str(tmp_path), image_size="own").image_size is None
