"""Data that would hang, fill the memory, crash or leak: refused in one line, or noted."""

from __future__ import annotations

import io
import json
import os
import socket
import struct
import tarfile
import tempfile
import time
import tracemalloc
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from designspace.errors import InputError
from designspace.images.data import load_data
from designspace.images.split import EncodedSplit, Split
from tests.helpers.packing import FOLDERS, image, numbered, pack, split, write_tar
from tests.images.test_containers import counts, read, refusal


def test_only_regular_files_are_read(tmp_path: Path) -> None:
    place = pack("folder", tmp_path, split(["cat", "dog"], test=2))
    os.mkfifo(place / "train" / "cat" / "pipe.png")
    os.mkfifo(place / "train" / "pipe")
    (place / "train" / "dog" / "device.png").symlink_to("/dev/zero")
    (place / "train" / "dog" / "gone.png").symlink_to("nowhere.png")
    (place / "train" / "dog" / "itself.png").symlink_to("itself.png")
    with socket.socket(socket.AF_UNIX) as listening:
        # A socket's path is short.
        here = Path.cwd()
        os.chdir(place / "train" / "dog")
        try:
            listening.bind("s.png")
        finally:
            os.chdir(here)
    data = read(place)
    assert counts(data) == (8, 4, 4)
    assert any("left out 6 entries that are not regular files" in note for note in data.notes)


@pytest.mark.parametrize("suffix", ["", ".tar", ".zip", ".npz", ".parquet"])
def test_a_pipe_is_no_data(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"pipe{suffix}"
    os.mkfifo(path)
    assert f"pipe{suffix}: " in refusal(path)


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    place = pack("folder", tmp_path, split(["cat", "dog"], val=2))
    plain = read(place)
    (place / "train" / "cat" / "up").symlink_to("..")
    (place / "train" / "dog" / "root").symlink_to(place)
    (place / "val" / "dog" / "self").symlink_to(".")
    data = read(place)
    assert (data.classes, counts(data), data.digest) == (
        ["cat", "dog"], counts(plain), plain.digest
    )  # fmt: skip
    assert any("links to folders that were read already" in note for note in data.notes)


def test_many_links_to_one_another_end(tmp_path: Path) -> None:
    place = pack("folder", tmp_path, split(["cat", "dog"], val=2))
    for first in range(12):
        (place / "train" / "cat" / f"{first}").mkdir()
        for second in range(12):
            (place / "train" / "cat" / f"{first}" / f"{second}").symlink_to(f"../{second}")
    began = time.monotonic()
    assert counts(read(place)) == (8, 4, 4)
    assert time.monotonic() - began < 60


def test_an_image_is_in_one_split_under_whatever_name(tmp_path: Path) -> None:
    place = pack("folder", tmp_path, split(["cat", "dog"], val=2))
    (place / "val" / "cat" / "train.png").symlink_to("../../train/cat/0.png")
    (place / "train" / "dog" / "again.png").symlink_to("0.png")
    data = read(place)
    assert counts(data) == (8, 4, 4)
    assert any("left out 2 images that are links" in note for note in data.notes)
    flat = pack("folder", tmp_path / "flat", numbered(*(f"{c}/{n}.png" for c in "ab"
                                                       for n in range(9))))  # fmt: skip
    (flat / "b" / "x.png").symlink_to("../a/0.png")
    assert sum(counts(read(flat))) == 18
    whole = pack("folder", tmp_path / "whole", split(["cat", "dog"]))
    (whole / "val").symlink_to("train")
    assert (sum(counts(read(whole))), read(whole).own_test) == (12, False)


def test_data_of_links_are_read(tmp_path: Path) -> None:
    store = pack("folder", tmp_path / "store", split(["cat", "dog"], val=2))
    place = tmp_path / "place"
    for part in ("train", "val"):
        (place / part).mkdir(parents=True)
        for name in ("cat", "dog"):
            (place / part / name).symlink_to(store / part / name)
    assert read(place).digest == read(store).digest


def _peak(path: Path, **options: object) -> tuple[str, int]:
    """How a data set is refused, and the most MiB that Python took meanwhile."""
    tracemalloc.start()
    try:
        return refusal(path, **options), tracemalloc.get_traced_memory()[1] >> 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("claimed", [None, 100])
def test_a_member_of_zeros_is_not_inflated_whole(tmp_path: Path, claimed: int | None) -> None:
    path = pack("zip", tmp_path, split(["cat", "dog"], test=2))
    with (
        zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("train/cat/zeros.png", "w", force_zip64=True) as member,
    ):
        for _ in range(700):
            member.write(bytes(1 << 20))
    if claimed is not None:
        _zip_fields(path, 24, struct.pack("<I", claimed))
    said, peak = _peak(path)
    assert "zeros.png: unreadable image" in said
    assert peak < (20 if claimed is None else 600)


def test_a_sparse_file_is_not_read_whole(tmp_path: Path) -> None:
    place = pack("folder", tmp_path, split(["cat", "dog"], test=2))
    with (place / "train" / "cat" / "hole.png").open("wb") as file:
        file.truncate(1 << 40)
    said, peak = _peak(place)
    assert "hole.png: unreadable image" in said
    assert peak < 600


def test_an_array_claims_more_than_there_is(tmp_path: Path) -> None:
    arrays = {"train_y": np.arange(6) % 2, "test_x": np.zeros((2, 4, 4), np.uint8),
              "test_y": np.arange(2)}  # fmt: skip
    header = io.BytesIO()
    np.lib.format.write_array_header_1_0(
        header, {"descr": "|u1", "fortran_order": False, "shape": (1 << 20, 1000, 1000)}
    )
    for method in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED):
        path = tmp_path / f"huge{method}.npz"
        np.savez(path, **arrays)  # pyright: ignore[reportArgumentType]
        with zipfile.ZipFile(path, "a", method) as archive:
            archive.writestr("train_x.npy", header.getvalue() + bytes(1000))
        assert "train_x claims 1,048,576,000,000 bytes" in refusal(path)


def _zip_fields(path: Path, offset: int, field: bytes, local: int | None = None) -> None:
    """Overwrite a field of the last entry of the central directory, and of its own header."""
    data = bytearray(path.read_bytes())
    entry = data.rindex(b"PK\x01\x02")
    if local is not None:
        (begin,) = struct.unpack("<I", data[entry + 42 : entry + 46])
        data[begin + local : begin + local + len(field)] = field
    data[entry + offset : entry + offset + len(field)] = field
    path.write_bytes(data)


@pytest.mark.parametrize(
    ("offset", "field", "local", "said"),
    [
        (42, struct.pack("<I", 1 << 30), None, "reaches beyond the file|not a readable zip"),
        (42, struct.pack("<I", 5), None, "reaches beyond the file"),
        (20, struct.pack("<I", 1 << 30), None, "reaches beyond the file"),
        (8, struct.pack("<H", 1), 6, "is encrypted"),
        (10, struct.pack("<H", 14), 8, "is compressed with LZMA"),
        (10, struct.pack("<H", 77), 8, "is compressed with method 77"),
        (24, struct.pack("<I", 1), None, ""),
    ],
)
def test_a_zip_files_directory_lies(
    tmp_path: Path, offset: int, field: bytes, local: int | None, said: str
) -> None:
    path = pack("zip", tmp_path, split(["cat", "dog"], test=2))
    _zip_fields(path, offset, field, local)
    if said:
        assert any(words in refusal(path) for words in said.split("|"))
        assert "test/dog/1.png" in refusal(path) or "not a readable" in refusal(path)
    else:
        assert counts(read(path)) == (8, 4, 4)


@pytest.mark.parametrize("method", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_other_compressions_are_named(tmp_path: Path, method: int) -> None:
    path = pack("zip", tmp_path, split(["cat", "dog"], test=2))
    with zipfile.ZipFile(path, "a", method) as archive:
        archive.writestr("train/cat/x.png", image(99))
    assert "train/cat/x.png: is compressed with" in refusal(path)


@pytest.mark.parametrize("size", [-512, -1, 1 << 40, (1 << 63) - 1])
@pytest.mark.parametrize("labelled", [False, True])
def test_a_tar_files_header_lies(tmp_path: Path, size: int, labelled: bool) -> None:
    path = tmp_path / "a.tar"
    names = ["a/0.png", "b/0.png"] if not labelled else ["0.png", "0.cls"]
    write_tar(path, {name: image(number) for number, name in enumerate(names)})
    info = tarfile.TarInfo("b/1.png")
    data = bytearray(path.read_bytes())
    header = bytearray(info.tobuf(tarfile.GNU_FORMAT))
    header[124:136] = (b"\xff" if size < 0 else b"\x80") + (size & ((1 << 88) - 1)).to_bytes(11)
    header[148:156] = b" " * 8
    header[148:156] = b"%06o\0 " % sum(header)
    end = 4 * 512
    path.write_bytes(bytes(data[:end]) + bytes(header) + bytes(data[end:]))
    assert "not a readable tar file (b/1.png claims" in refusal(path)


def test_members_that_are_no_files_are_counted(tmp_path: Path) -> None:
    path = pack("tar", tmp_path, split(["cat", "dog"], test=2))
    with tarfile.open(path, "a") as archive:
        link = tarfile.TarInfo("train/cat/link.png")
        link.type, link.linkname = tarfile.SYMTYPE, "0.png"
        archive.addfile(link)
        device = tarfile.TarInfo("train/cat/device.png")
        device.type = tarfile.CHRTYPE
        archive.addfile(device)
    data = read(path)
    assert counts(data) == (8, 4, 4)
    assert any("left out 2 members of photos.tar" in note for note in data.notes)


def test_a_compressed_tar_file_says_what_to_do(tmp_path: Path) -> None:
    for name in ("a.tar.gz", "b.tgz", "c.tar"):
        with tarfile.open(tmp_path / name, "w:gz") as archive:
            archive.addfile(tarfile.TarInfo("x"))
        assert "unpack" in refusal(tmp_path / name)


@pytest.mark.parametrize("kind", ["zip", "tar"])
def test_of_members_with_one_name_the_last_counts(tmp_path: Path, kind: str) -> None:
    files = split(["cat", "dog"], test=2)
    place = pack(kind, tmp_path, files)
    if kind == "zip":
        with zipfile.ZipFile(place, "a") as archive, pytest.warns(UserWarning, match="Duplicate"):
            archive.writestr("train/cat/0.png", image(500))
    else:
        with tarfile.open(place, "a") as archive:
            info = tarfile.TarInfo("train/cat/0.png")
            info.size = len(image(500))
            archive.addfile(info, io.BytesIO(image(500)))
    data = read(place)
    expected = read(pack(kind, tmp_path / "b", {**files, "train/cat/0.png": image(500)}))
    assert (counts(data), data.digest) == (counts(expected), expected.digest)
    assert any("same name" in note for note in data.notes)


@pytest.mark.parametrize("text", ["9" * 5000, "9" * 4000, "[0, 1]", "a\nb", "", "x" * 300, "1.5"])
@pytest.mark.parametrize("kind", ["cls", "json", "json-string"])
def test_labels_of_shards(tmp_path: Path, text: str, kind: str) -> None:
    quoted = text if kind == "json" and text else json.dumps(text)
    content = text if kind == "cls" else f'{{"label": {quoted}}}'
    write_tar(tmp_path / "a.tar", {f"0.{kind[:4].rstrip('-')}": content.encode(), "0.png": image(0),
                                   "1.cls": b"b", "1.png": image(1)})  # fmt: skip
    # In a text file, a list is a name; then there are too few images.
    name = text in ("[0, 1]", "1.5") and kind != "json"
    assert ("too few images" if name else "label") in refusal(tmp_path / "a.tar")


@pytest.mark.parametrize("value", [True, [0, 1], b"cat", {"a": 1}, 0.5])
def test_labels_of_parquet_rows(tmp_path: Path, value: Any) -> None:
    label = [value] * 6 + ([not value] * 6 if isinstance(value, bool) else [value] * 6)
    rows = [{"bytes": image(number), "path": None} for number in range(12)]
    pq.write_table(pa.table({"image": rows, "label": label}), tmp_path / "a.parquet")
    if isinstance(value, bool):
        assert read(tmp_path / "a.parquet").classes == ["false", "true"]
    else:
        said = refusal(tmp_path / "a.parquet")
        assert "column 'label', row 0: a label is a whole number or a name" in said


FEATURES: dict[str, Any] = {
    "a list": [{"_type": "ClassLabel"}],
    "no JSON": None,
    "a list of features": {"tags": [{"dtype": "string", "_type": "Value"}], "image": {}},
    "a number": 3,
    "names": {"label": {"_type": "ClassLabel", "names": ["cat", "dog"]}},
}


@pytest.mark.parametrize("name", FEATURES)
def test_what_hugging_face_says_may_be_of_any_kind(tmp_path: Path, name: str) -> None:
    said = b"{" if FEATURES[name] is None else json.dumps(
        {"info": {"features": FEATURES[name]}}
    ).encode()  # fmt: skip
    rows = [{"bytes": image(number), "path": "x"} for number in range(12)]
    table = pa.table({"image": rows, "label": [0, 1] * 6})
    pq.write_table(table.replace_schema_metadata({"huggingface": said}), tmp_path / "a.parquet")
    data = read(tmp_path / "a.parquet")
    assert data.classes == (["cat", "dog"] if name == "names" else ["0", "1"])
    noted = any("not readable" in note for note in data.notes)
    assert noted == (name in ("a list", "no JSON", "a number"))


@pytest.mark.parametrize(
    ("images", "said"),
    [
        ([1, 2], "column 'image' holds int64"),
        (["a", "b"], "column 'image' holds string"),
        ([{"path": "a"}, {"path": "b"}], "holds no bytes of images, only path"),
        ([{"bytes": 1}, {"bytes": 2}], "column 'image' holds int64"),
        ([[b"a"], [b"b"]], "column 'image' holds list<"),
        ([None, None], "row 0: unreadable image"),
    ],
)
def test_columns_that_hold_no_images(tmp_path: Path, images: list[Any], said: str) -> None:
    pq.write_table(pa.table({"image": images, "label": [0, 1]}), tmp_path / "a.parquet")
    assert said in refusal(tmp_path / "a.parquet")


def test_classes_of_parquet_are_named_once(tmp_path: Path) -> None:
    rows = [{"bytes": image(number), "path": "x"} for number in range(4)]
    said = b'{"info": {"features": {"label": {"_type": "ClassLabel", "names": ["a", "a"]}}}}'
    table = pa.table({"image": rows, "label": [0, 1, 0, 1]})
    pq.write_table(table.replace_schema_metadata({"huggingface": said}), tmp_path / "a.parquet")
    assert "names a class twice: a" in refusal(tmp_path / "a.parquet")


@pytest.mark.parametrize(
    ("classes", "said"),
    [
        (np.array("cat"), "one value"),
        (np.array(["cat", "cat"]), "twice: cat"),
        (np.array([["a", "b"]]), "an array of shape (1, 2)"),
        (np.array([0.5, 1.0]), "must be names"),
        (np.array([b"a", b"b"]), None),
        (np.array(["a\n", "b"]), None),
    ],
)
def test_classes_of_an_npz_file(tmp_path: Path, classes: Any, said: str | None) -> None:
    draw = np.random.default_rng(0)
    arrays: dict[str, Any] = {f"{part}_x": draw.integers(0, 255, (12, 4, 4), dtype=np.uint8)
                              for part in ("train", "test", "val")}  # fmt: skip
    arrays |= {f"{part}_y": np.arange(12) % 2 for part in ("train", "test", "val")}
    np.savez(tmp_path / "a.npz", classes=classes, more=np.zeros(1), **arrays)
    if said is not None:
        assert said in refusal(tmp_path / "a.npz")
        return
    data = read(tmp_path / "a.npz")
    assert counts(data) == (12, 12, 12)
    assert data.classes in (["a", "b"], ["a\\n", "b"])
    assert any("left out the arrays more" in note for note in data.notes)


@pytest.mark.parametrize(
    "pattern",
    ["{0..3000000}.tar", "{0..99999999999}.parquet", "{a,b}{0..99999999}{0..99999999}.tar",
     "{{0..99999999},{0..99999999}}.tar", "train-{0000..9999}.tar"],
)  # fmt: skip
def test_patterns_are_not_written_out(tmp_path: Path, pattern: str) -> None:
    assert "no such file" in refusal(tmp_path / pattern)


def test_ranges_may_fall(tmp_path: Path) -> None:
    for number, name in enumerate(("train-9", "train-10", "val-0")):
        members = numbered("a_0.png", "b_1.png", "a_2.png", "b_3.png")
        members = {f"{number}{key}": image(number * 10 + n) for n, key in enumerate(members)}
        members |= {key.replace("png", "cls"): key[1].encode() for key in members}
        write_tar(tmp_path / f"{name}.tar", members)
    assert sum(counts(read(tmp_path / "{train-{10..9},val-0}.tar"))) == 12


@pytest.mark.parametrize("name", ["", " ", "~nobody-of-this-name/x", "x" * 5000, "~/nothing-here"])
def test_odd_paths(name: str) -> None:
    refusal(name)


def test_the_home_folder_is_expanded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from designspace.images.sources import located

    monkeypatch.setenv("HOME", str(tmp_path))
    place = pack("folder", tmp_path, split(["cat", "dog"], test=2))
    assert read("~/photos").digest == read(place).digest
    assert located("~/photos") == str(place)


def _contents(part: Split) -> set[bytes]:
    """The different images of a split."""
    if isinstance(part, EncodedSplit):
        return {part.read(number) for number in range(len(part))}
    return {pixels.numpy().tobytes() for pixels in part.pixels}


@pytest.mark.parametrize("kind", [*FOLDERS, "streamed"])
def test_copies_stay_in_one_split(tmp_path: Path, kind: str) -> None:
    files = {f"{c}/{n}.png": image(10 * place + n % 10) for place, c in enumerate("ab")
             for n in range(30)}  # fmt: skip
    place = pack("folder" if kind == "streamed" else kind, tmp_path, files)
    if kind == "streamed":
        from designspace.images.data import split_source
        from designspace.images.pixels.encoded import Reading
        from designspace.images.sources import read_source

        data = split_source(read_source(str(place), False, Reading(cache_bytes=1)), 0.25, 0)
    else:
        data = read(place)
    parts = [_contents(part) for part in (data.train, data.val, data.test)]
    assert sum(counts(data)) == 60
    assert len(parts[0] | parts[1] | parts[2]) == sum(map(len, parts))
    assert all(count >= 10 for count in counts(data))
    assert any("equal to others" in note for note in data.notes)


def test_copies_across_a_sources_own_splits_are_counted(tmp_path: Path) -> None:
    files = split(["cat", "dog"], test=3)
    files["test/cat/0.png"] = files["train/cat/1.png"]
    files["test/dog/2.png"] = files["train/cat/1.png"]
    data = read(pack("folder", tmp_path, files))
    assert any("2 of 6 images of the test split are copies" in note for note in data.notes)


def test_a_class_of_one_image_is_split_all_the_same(tmp_path: Path) -> None:
    files = {f"{c}/{n}.png": image(ord(c)) for c in "ab" for n in range(20)}
    data = load_data(str(pack("folder", tmp_path, files)))
    assert counts(data) == (26, 6, 8)
    assert any("fewer than 3 different images of a, b" in note for note in data.notes)


@settings(max_examples=60, deadline=None)
@given(
    kind=st.sampled_from(["zip", "tar", "parquet", "npz"]),
    changes=st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 255)), max_size=8),
    cut=st.none() | st.integers(0, 10**6),
)
def test_damaged_files_are_read_or_refused(
    kind: str, changes: list[tuple[int, int]], cut: int | None
) -> None:
    with tempfile.TemporaryDirectory() as folder:
        if kind == "npz":
            place = Path(folder) / "a.npz"
            draw = np.random.default_rng(0).integers(0, 255, (8, 4, 4), dtype=np.uint8)
            y = np.arange(8) % 2
            np.savez_compressed(place, train_x=draw, train_y=y, test_x=draw, test_y=y)
        else:
            place = pack(kind, Path(folder), split(["cat", "dog"], val=2))
        for path in [place] if place.is_file() else list(place.iterdir()):
            content = bytearray(path.read_bytes())
            for position, value in changes:
                content[position % len(content)] = value
            path.write_bytes(content[: None if cut is None else cut % len(content)])
        said = "read"
        try:
            load_data(str(place), image_size=4)
        except InputError as error:
            said = str(error)
        assert said.splitlines() == [said]


def test_a_tar_file_that_is_cut_between_members_is_noted(tmp_path: Path) -> None:
    path = pack("tar", tmp_path, split(["cat", "dog"], val=2))
    path.write_bytes(path.read_bytes()[: 12 * 1024])
    assert any("photos.tar has no end mark" in note for note in read(path).notes)


def test_an_unlabelled_test_split_is_noted_once(tmp_path: Path) -> None:
    files = split(["cat", "dog"]) | numbered("test/0.png", "test/1.png")
    data = read(pack("folder", tmp_path, files))
    assert not data.own_test
    assert sum("test/" in note for note in data.notes) == 1
