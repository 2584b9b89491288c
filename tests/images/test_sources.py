"""Encoded images from every kind of source: the same images, labels, errors and batches."""

from __future__ import annotations

import io
import json
import shutil
import tarfile
import time
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import torch
from PIL import Image

from designspace.errors import InputError
from designspace.images.containers.patterns import expand
from designspace.images.containers.unpacked import unpacked
from designspace.images.data import Data, load_data, split_source
from designspace.images.files.store import FileStore
from designspace.images.pixels.encoded import Reading
from designspace.images.sources import read_source
from designspace.images.split import DecodedSplit, EncodedSplit
from tests.helpers.shared import shared

CLASSES = ["bag", "coat", "shirt"]
Sample = tuple[str, bytes, int]
Parts = dict[str, list[Sample]]


@pytest.fixture(scope="module")
def parts() -> Parts:
    """Key, encoded image and label: 8 of each of 3 classes to train with, 2 to test with."""
    train = load_data().train
    assert isinstance(train, DecodedSplit)
    found: Parts = {"train": [], "val": []}
    for label, chosen in enumerate((8, 4, 6)):
        images = train.pixels[train.labels == chosen]
        for number in range(10):
            file = io.BytesIO()
            Image.fromarray(images[number, 0].numpy()).save(file, "png")
            part = "train" if number < 8 else "val"
            found[part].append((f"{label}{number}", file.getvalue(), label))
    return found


def _folder(root: Path, parts: Parts) -> Path:
    for part, samples in parts.items():
        for key, image, label in samples:
            place = root / part / CLASSES[label]
            place.mkdir(parents=True, exist_ok=True)
            (place / f"{key}.png").write_bytes(image)
    return root


def _zip(root: Path, parts: Parts) -> Path:
    folder = _folder(root / "folder", parts)
    file = root / "photos.zip"
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("classes.json", "[]")
        for number, path in enumerate(sorted(folder.rglob("*.png"))):
            how = zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED
            archive.write(path, path.relative_to(folder).as_posix(), how)
    return file


def _tar(path: Path, members: list[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w") as archive:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))


def _members(samples: list[Sample], how: str = "cls") -> list[tuple[str, bytes]]:
    members: list[tuple[str, bytes]] = []
    for key, image, label in samples:
        text = {"cls": str(label), "name": CLASSES[label], "json": json.dumps({"label": label})}
        kind = "json" if how == "json" else "cls"
        members += [(f"{key}.{kind}", text[how].encode()), (f"{key}.png", image)]
    return members


def _shards(root: Path, parts: Parts, how: str = "cls") -> Path:
    train = parts["train"]
    for number, start in enumerate(range(0, len(train), 12)):
        _tar(root / f"train-{number:04}.tar", _members(train[start : start + 12], how))
    _tar(root / "val-0000.tar", _members(parts["val"], how))
    (root / "classes.txt").write_text("\n".join(CLASSES) + "\n")
    return root


def _table(path: Path, samples: list[Sample], plain: bool = False, **columns: Any) -> None:
    images: Any = [image if plain else {"bytes": image, "path": key} for key, image, _ in samples]
    table = pa.table({"image": images, "label": [label for *_, label in samples], **columns})
    features = {"image": {"_type": "Image"}, "label": {"_type": "ClassLabel", "names": CLASSES}}
    said = json.dumps({"info": {"features": features}})
    if not plain:
        table = table.replace_schema_metadata({"huggingface": said})
    pq.write_table(table, path, row_group_size=5)


def _parquet(root: Path, parts: Parts) -> Path:
    data = root / "data"
    data.mkdir()
    _table(data / "train-00000-of-00002.parquet", parts["train"][:10])
    _table(data / "train-00001-of-00002.parquet", parts["train"][10:])
    _table(data / "validation-00000-of-00001.parquet", parts["val"])
    hidden = [(key, image, -1) for key, image, _ in parts["val"]]
    _table(data / "test-00000-of-00001.parquet", hidden)
    return root


MAKERS = {"folder": _folder, "zip": _zip, "shards": _shards, "parquet": _parquet}


@pytest.fixture(params=MAKERS)
def kind(request: pytest.FixtureRequest) -> str:
    return request.param


def _streamed(place: Path, skip_broken: bool = False) -> Data:
    options = Reading(image_size=28, skip_broken=skip_broken, cache_bytes=1)
    return split_source(read_source(str(place), False, options), 0.25, seed=0)


def test_every_source_gives_the_same_data(
    tmp_path: Path, parts: Parts, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESIGNSPACE_DATA", str(tmp_path / "cache"))
    folder = load_data(str(_folder(tmp_path / "reference", parts)), val_fraction=0.25)
    (tmp_path / "it").mkdir()
    place = MAKERS[kind](tmp_path / "it", parts)
    data = load_data(str(place), val_fraction=0.25)
    assert (data.classes, data.channels, data.image_size) == (CLASSES, 1, 28)
    assert data.own_test
    assert data.digest == folder.digest  # what was decoded has an identity of its own
    assert not (tmp_path / "cache").exists()
    read = _streamed(place)
    assert isinstance(read.train, EncodedSplit)
    assert isinstance(data.train, DecodedSplit)
    for index in (0, len(read.train) - 1, 3):
        image = Image.open(io.BytesIO(read.train.read(index)))
        assert torch.equal(
            torch.tensor(list(image.tobytes())), data.train.pixels[index].flatten().long()
        )
    assert torch.equal(read.train.labels, data.train.labels)
    assert read.digest == _streamed(place).digest != data.digest
    assert load_data(str(place), image_size="own").digest


def test_a_broken_image_is_named_or_skipped_in_every_source(
    tmp_path: Path, parts: Parts, kind: str
) -> None:
    key, image, label = parts["train"][12]
    damaged = {**parts, "train": [*parts["train"]]}
    for content, headless in ((image[: len(image) // 2], False), (b"no image", True)):
        root = tmp_path / str(headless)
        root.mkdir()
        damaged["train"][12] = (key, content, label)
        place = str(MAKERS[kind](root, damaged))
        name = r"train-00001.*parquet: row 2" if kind == "parquet" else rf"{key}\.png"
        with pytest.raises(InputError, match=rf"{name}: unreadable image"):
            load_data(place)
        data = load_data(place, skip_broken=True)
        assert len(data.skipped) == 1
        assert "1 unreadable images skipped" in data.notes
        assert len(data.train) + len(data.val) == 23


@pytest.mark.parametrize("how", ["cls", "json", "name"])
def test_shards_by_pattern_and_by_label(tmp_path: Path, parts: Parts, how: str) -> None:
    _shards(tmp_path, parts, how)
    data = load_data(str(tmp_path / "{train-{0000..0001},val-0000}.tar"), val_fraction=0.25)
    assert (data.classes, data.own_test, len(data.test)) == (CLASSES, True, 6)
    flat = load_data(str(tmp_path / "train-{0000..0001}.tar"), val_fraction=0.25)
    assert not flat.own_test
    (tmp_path / "classes.txt").unlink()
    unnamed = load_data(str(tmp_path / "train-0000.tar"), val_fraction=0.25)
    assert unnamed.classes == (sorted(CLASSES)[:2] if how == "name" else ["0", "1"])


def test_braces_are_those_of_a_shell() -> None:
    assert list(expand("a-{08..11}.tar")) == ["a-08.tar", "a-09.tar", "a-10.tar", "a-11.tar"]
    assert list(expand("{a,b{1..2}}/c")) == ["a/c", "b1/c", "b2/c"]
    assert list(expand("plain")) == ["plain"]


Change = Callable[[Path, Parts], str]


def _no_label(root: Path, parts: Parts) -> str:
    _tar(root / "train-0.tar", _members(parts["train"])[1:])
    return str(root)


def _no_image(root: Path, parts: Parts) -> str:
    _tar(root / "train-0.tar", _members(parts["train"])[:-1])
    return str(root)


def _bad_json(root: Path, parts: Parts) -> str:
    _tar(root / "a.tar", [("x.json", b'{"cls": 1}'), ("x.png", parts["train"][0][1])])
    return str(root)


def _gap(root: Path, parts: Parts) -> str:
    _tar(root / "a.tar", _members([s for s in parts["train"] if s[2] != 1]))
    return str(root)


def _unnamed_class(root: Path, parts: Parts) -> str:
    _shards(root, parts)
    (root / "classes.txt").write_text("bag\ncoat\n")
    return str(root)


def _cut(root: Path, parts: Parts) -> str:
    _shards(root, parts)
    path = root / "train-0001.tar"
    path.write_bytes(path.read_bytes()[:2500])
    return str(root)


def _absent(root: Path, parts: Parts) -> str:
    _shards(root, parts)
    return str(root / "train-{0000..0002}.tar")


def _no_column(root: Path, _: Parts) -> str:
    pq.write_table(pa.table({"pixels": [b""], "label": [0]}), root / "a.parquet")
    return str(root)


def _no_parquet(root: Path, _: Parts) -> str:
    (root / "a.parquet").write_bytes(b"PAR1")
    return str(root)


def _null_label(root: Path, _: Parts) -> str:
    pq.write_table(pa.table({"image": [b"", b""], "label": [0, None]}), root / "a.parquet")
    return str(root)


def _paths_only(root: Path, _: Parts) -> str:
    images: Any = [{"bytes": None, "path": "x.png"}]
    pq.write_table(pa.table({"image": images, "label": [0]}), root / "a.parquet")
    return str(root)


def _no_zip(root: Path, _: Parts) -> str:
    (root / "a.zip").write_bytes(b"PK")
    return str(root / "a.zip")


def _other_classes(root: Path, parts: Parts) -> str:
    folder = _folder(root / "folder", parts)
    shutil.move(folder / "val" / "bag", folder / "val" / "bags")
    shutil.make_archive(str(root / "a"), "zip", folder)
    return str(root / "a.zip")


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (_no_label, r"train-0\.tar: 00: has no label \(\.cls, \.json\); it has png"),
        (_no_image, r"train-0\.tar: 27: has no image .* it has cls"),
        (_bad_json, r"a\.tar: x\.json: unreadable label \(no 'label'\)"),
        (
            _gap,
            "2 classes must be labelled 0 to 1 .got 0 to 2.; if some classes have no image, "
            "name all classes in .*classes.txt",
        ),
        (_unnamed_class, r"train-0001\.tar: 24\.png|train-0001\.tar: 20\.png: label 2 is not one"),
        (_cut, r"train-0001\.tar: not a readable tar file"),
        (_absent, r"train-0002\.tar: no such file"),
        (_no_column, r"a\.parquet: has no column image or img \(it has pixels, label\)"),
        (_no_parquet, r"a\.parquet: not a readable Parquet file"),
        (_null_label, r"a\.parquet: row 1: has no label"),
        (_paths_only, r"a\.parquet: row 0: unreadable image \(the row holds no bytes\)"),
        (_no_zip, r"a\.zip: not a readable zip file"),
        (
            _other_classes,
            r"val and train differ in their classes: bags .only in val.; did you mean 'bag'",
        ),
    ],
)
def test_wrong_sources_are_named(tmp_path: Path, parts: Parts, make: Change, said: str) -> None:
    with pytest.raises(InputError, match=said):
        load_data(make(tmp_path, parts))


def test_parquet_of_plain_bytes_needs_no_words_from_hugging_face(
    tmp_path: Path, parts: Parts
) -> None:
    _table(tmp_path / "all.parquet", parts["train"], plain=True)
    data = load_data(str(tmp_path / "all.parquet"), val_fraction=0.25)
    assert (data.classes, data.own_test, data.name) == (["0", "1", "2"], False, "all")


def test_parquet_too_large_to_keep_is_unpacked_once(
    tmp_path: Path, parts: Parts, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESIGNSPACE_DATA", str(tmp_path / "cache"))
    (tmp_path / "it").mkdir()
    place = _parquet(tmp_path / "it", parts)
    first = _streamed(place)
    assert any("unpacked to" in note for note in first.notes)
    made = {path: path.stat().st_mtime_ns for path in (tmp_path / "cache").rglob("*.*")}
    assert {path.suffix for path in made} == {".images", ".npy", ".lock"}
    again = _streamed(place)
    assert {path: path.stat().st_mtime_ns for path in made} == made
    assert again.digest == first.digest
    monkeypatch.setenv("DESIGNSPACE_DATA", str(tmp_path / "it" / "data" / "train-0" / "no"))
    (tmp_path / "it" / "data" / "train-0").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        _streamed(place)


class Reluctant(FileStore):
    """A store that is slow to read, and counts how often it is read."""

    reads = 0

    def read(self, index: int, limit: int | None = None) -> bytes:
        Reluctant.reads += 1
        time.sleep(0.02)
        return super().read(index, limit)


def test_several_processes_unpack_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESIGNSPACE_DATA", str(tmp_path / "cache"))
    paths = tuple(tmp_path / f"{number}.png" for number in range(3))
    for path in paths:
        path.write_bytes(path.name.encode())
    store = Reluctant(tmp_path, paths)
    # A lock is held by an open file, so that threads stand for processes.
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: unpacked(store, paths), range(4)))
    assert Reluctant.reads == len(paths)
    assert [[each.read(number) for number in range(3)] for each in made] == [
        [path.name.encode() for path in paths]
    ] * 4


@pytest.mark.slow
def test_photographs_in_a_zip_file() -> None:
    path = shared() / "data" / "imagenette128.zip"
    if not path.is_file():
        pytest.skip("needs the photographs")
    source = read_source(str(path), False, Reading(cache_bytes=1))
    assert isinstance(source.train, EncodedSplit)
    assert isinstance(source.test, EncodedSplit)
    assert (len(source.train), len(source.test)) == (9469, 3925)
    assert source.classes[:2] == ("cassette_player", "chain_saw")
    assert Image.open(io.BytesIO(source.test.read(3924))).size == (128, 128)
