"""One rule for folders, archives and tables: classes, label order, splits, and what is no data."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from designspace.errors import InputError
from designspace.images.data import Data, load_data
from designspace.images.split import DecodedSplit
from tests.helpers.packing import EVERY, FOLDERS, image, numbered, pack, split, write_tar


def read(place: Path | str, **options: object) -> Data:
    """A data set with a quarter to select with."""
    return load_data(str(place), val_fraction=0.25, **options)  # pyright: ignore[reportArgumentType]


def refusal(place: Path | str, **options: object) -> str:
    """The one line that refuses a data set."""
    with pytest.raises(InputError) as caught:
        read(place, **options)
    assert "\n" not in str(caught.value)
    str(caught.value).encode()
    return str(caught.value)


def counts(data: Data) -> tuple[int, int, int]:
    """Images to train, to select and to test with."""
    return len(data.train), len(data.val), len(data.test)


def pixels(data: Data) -> list[bytes]:
    """The images of each split in their order."""
    splits = [data.train, data.val, data.test]
    assert all(isinstance(part, DecodedSplit) for part in splits)
    return [part.pixels.numpy().tobytes() for part in splits if isinstance(part, DecodedSplit)]


NAMES = st.text(st.sampled_from("abAB019 ._-é猫"), max_size=4).map(lambda text: f"c{text}c")


@settings(max_examples=12, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    classes=st.lists(NAMES, min_size=2, max_size=4, unique_by=str.lower),
    names=st.lists(st.integers(0, 300), min_size=5, max_size=9, unique=True),
    parts=st.sampled_from([["train", "test"], ["train", "val"], ["train", "val", "test"]]),
    order=st.randoms(use_true_random=False),
)
def test_the_same_images_give_the_same_data(
    classes: list[str], names: list[int], parts: list[str], order: object
) -> None:
    listed = [f"{p}/{c}/{n}.png" for p in parts for c in classes for n in names]
    files = list(numbered(*listed).items())
    seen: list[tuple[object, ...]] = []
    with tempfile.TemporaryDirectory() as root:
        for kind in EVERY:
            order.shuffle(files)  # pyright: ignore[reportAttributeAccessIssue]
            data = read(pack(kind, Path(root) / kind, dict(files)))
            labels = [part.labels.tolist() for part in (data.train, data.val, data.test)]
            seen.append((data.classes, labels, pixels(data), data.digest, data.own_test))
    assert all(each == seen[0] for each in seen)


@pytest.mark.parametrize("kind", EVERY)
def test_classes_are_in_natural_order(tmp_path: Path, kind: str) -> None:
    names = [str(number) for number in range(12)]
    data = read(pack(kind, tmp_path, split(names, test=1)))
    assert data.classes == names
    assert data.train.labels.unique().tolist() == list(range(12))
    assert any("natural order" in note and "torchvision" in note for note in data.notes)
    plain = read(pack(kind, tmp_path / "plain", split(["bat", "cat2"], test=1)))
    assert not any("order" in note for note in plain.notes)
    odd = read(pack(kind, tmp_path / "odd", split(["cat10", "cat2", "Bat"], test=1)))
    assert odd.classes == ["Bat", "cat2", "cat10"]


def test_numbers_in_shards_are_the_classes_of_numbered_folders(tmp_path: Path) -> None:
    files = split([str(number) for number in range(11)], test=2)
    members: dict[str, bytes] = {}
    for name, content in files.items():
        part, label, rest = name.split("/")
        if part == "train":
            key = f"{label}_{rest.removesuffix('.png')}"
            members |= {f"{key}.json": b'{"label": %s}' % label.encode(), f"{key}.png": content}
    write_tar(tmp_path / "a.tar", members)
    numbers = read(tmp_path / "a.tar")
    assert numbers.classes == [str(number) for number in range(11)]


JUNK = [
    ".ipynb_checkpoints/1-checkpoint.png",
    "train/.ipynb_checkpoints/1-checkpoint.png",
    "train/cat/.ipynb_checkpoints/1-checkpoint.png",
    "__MACOSX/train/cat/._0.png",
    "train/cat/._0.png",
    "train/dog/@eaDir/0.png/thumb.jpg",
    "train/dog/Thumbs.db",
    "train/.DS_Store",
    "test/.hidden/0.png",
    "lost+found/0.png",
    "train/dog/desktop.ini",
    "train/@eaDir/0.png",
    ".git/objects/0.png",
]


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize("junk", JUNK)
def test_hidden_and_system_entries_are_no_data(tmp_path: Path, kind: str, junk: str) -> None:
    files = split(["cat", "dog"], test=2)
    clean = read(pack(kind, tmp_path / "clean", files))
    dirty = read(pack(kind, tmp_path / "dirty", {**files, junk: b"\x00\x05\x16\x07"}))
    assert (dirty.classes, counts(dirty), dirty.digest) == (
        ["cat", "dog"], counts(clean), clean.digest
    )  # fmt: skip
    said = [note for note in dirty.notes if "hidden or system" in note]
    assert len(said) == 1
    assert not [note for note in clean.notes if "hidden or system" in note]


@pytest.mark.parametrize("wrap", ["", "photos/", "a/b/", "test/", "./"])
@pytest.mark.parametrize("kind", FOLDERS)
def test_the_class_is_the_first_folder_below_the_split(
    tmp_path: Path, kind: str, wrap: str
) -> None:
    files = numbered(
        *(f"{wrap}{part}/{name}/{year}/{number}.png"
          for part in ("train", "val") for name in ("cat", "dog") for year in (2020, 2021)
          for number in range(4))
    )  # fmt: skip
    data = read(pack(kind, tmp_path, files))
    assert (data.classes, counts(data), data.own_test) == (["cat", "dog"], (12, 4, 16), True)
    looked = [note for note in data.notes if "looked through" in note]
    assert bool(looked) == (wrap not in ("", "./"))


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("Training", "Testing"), (6, 2, 4)),
        (("Train", "Test"), (6, 2, 4)),
        (("TRAIN", "VAL"), (6, 2, 4)),
        (("training", "validation"), (6, 2, 4)),
        (("train", "valid"), (6, 2, 4)),
        (("seg_train/seg_train", "seg_test/seg_test"), (6, 2, 4)),
        (("train_images", "val_images"), (6, 2, 4)),
        (("train", "valid", "test"), (8, 4, 4)),
        (("train", "dev", "testing"), (8, 4, 4)),
        (("imagenet1k-train", "imagenet1k-validation"), (6, 2, 4)),
    ],
)
@pytest.mark.parametrize("kind", FOLDERS)
def test_splits_have_many_spellings(
    tmp_path: Path, kind: str, names: tuple[str, ...], expected: tuple[int, int, int]
) -> None:
    listed = [f"{names[0]}/{c}/{n}.png" for c in ("cat", "dog") for n in range(4)]
    listed += [f"{name}/{c}/{n}.png" for name in names[1:] for c in ("cat", "dog") for n in (0, 1)]
    data = read(pack(kind, tmp_path, numbered(*listed)))
    assert (data.classes, counts(data), data.own_test) == (["cat", "dog"], expected, True)
    said = " ".join(data.notes)
    assert ("model selection" in said) == ("est" not in names[-1] or len(names) == 3)


@pytest.mark.parametrize(
    "classes", [["test_tube", "train_station"], ["trainer", "contest"], ["bus", "train", "car"],
                ["training_shoes", "test tube", "validation-stamp"]],
)  # fmt: skip
@pytest.mark.parametrize("kind", FOLDERS)
def test_classes_may_be_called_nearly_as_splits(
    tmp_path: Path, kind: str, classes: list[str]
) -> None:
    files = numbered(*(f"{name}/{number}.png" for name in classes for number in range(6)))
    data = read(pack(kind, tmp_path, files))
    assert (data.classes, data.own_test) == (sorted(classes), False)


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize(
    ("names", "said"),
    [
        (["val/cat/0.png", "test/cat/0.png"], "has test and val but no train/"),
        (["train/0.png", "val/1.png"], "train/ holds no class folders"),
        (["cat/train/0.png", "cat/val/1.png", "dog/train/2.png"], "cat/ holds the splits"),
        (["train/cat/0.png", "val/cat/1.png", "validation/cat/2.png"], "more than one folder"),
        (["train/cat/0.png", "train/dog/1.heic", "val/cat/2.png"], r"'dog' holds no images"),
        (["a.png", "b.png"], "holds no class folders"),
        (["a.txt"], "holds no class folders"),
        (["train/cat/0.png", "train/dog/1.png", "val/cat/2.png"], "classes: dog (only in train)"),
        (["train/cat/0.png", "train/dog/1.png", "test/cat/2.png", "test/dog/3.png",
          "test/dig/4.png"], "classes: dig (only in test); did you mean 'dog'?"),
        (["train/cat/0.png", "train/dog/1.png", "val/2.png"], "holds no class folders"),
    ],
)  # fmt: skip
def test_what_is_no_layout_is_refused_alike(
    tmp_path: Path, kind: str, names: list[str], said: str
) -> None:
    assert said in refusal(pack(kind, tmp_path, numbered(*names)))


@pytest.mark.parametrize("kind", ["shards", "parquet"])
def test_a_class_that_the_test_split_lacks_is_refused_alike(tmp_path: Path, kind: str) -> None:
    files = split(["cat", "dog"], test=2)
    fewer = {name: content for name, content in files.items() if "test/dog" not in name}
    assert "classes: dog (only in train)" in refusal(pack(kind, tmp_path, fewer))


@pytest.mark.parametrize("kind", FOLDERS)
def test_every_container_knows_the_same_suffixes(tmp_path: Path, kind: str) -> None:
    kinds = {"jpg": "jpeg", "JPEG": "jpeg", "tif": "tiff", "tiff": "tiff", "pgm": "ppm",
             "bmp": "bmp", "webp": "webp", "gif": "gif"}  # fmt: skip
    files = {
        f"{name}/{suffix}.{suffix}": image(100 * number + place, encoder)
        for number, name in enumerate(("cat", "dog"))
        for place, (suffix, encoder) in enumerate(kinds.items())
    }
    data = read(pack(kind, tmp_path, {**files, "cat/x.txt": b"", "cat/y.heic": b"", "dog/z": b""}))
    assert sum(counts(data)) == 16
    said = " ".join(data.notes)
    assert "2 GIF images" in said
    assert "left out 3 files" in said
    assert ".heic 1" in said
    assert ".txt 1" in said


@pytest.mark.parametrize("kind", FOLDERS)
def test_images_outside_the_class_folders_are_counted(tmp_path: Path, kind: str) -> None:
    files = split(["cat", "dog"], test=2) | numbered("preview.png", "docs/a.png", "train/stray.png")
    data = read(pack(kind, tmp_path, files))
    assert counts(data) == (8, 4, 4)
    assert any("left out 3 images outside" in note for note in data.notes)


@pytest.mark.parametrize("stray", ["x.tar", "metadata.parquet", "train/cat.tar", "a/b/c.parquet"])
def test_class_folders_come_before_stray_archives(tmp_path: Path, stray: str) -> None:
    place = pack("folder", tmp_path, {**split(["cat", "dog"], test=2), stray: b"junk"})
    data = read(place)
    assert data.classes == ["cat", "dog"]
    assert any(f"left out {stray}" in note for note in data.notes)


@pytest.mark.parametrize("folder", ["plain_text", "default", "data", "x/y", "plain_text/train"])
def test_parquet_is_found_in_the_folders_of_a_repository(tmp_path: Path, folder: str) -> None:
    made = pack("parquet", tmp_path / "made", split(["cat", "dog"], validation=2))
    for path in made.iterdir():
        place = tmp_path / "repository" / folder.replace("train", path.name.split("-")[0])
        place.mkdir(parents=True, exist_ok=True)
        path.rename(place / path.name)
    (tmp_path / "repository" / ".git").mkdir()
    (tmp_path / "repository" / "README.md").write_text("hello")
    data = read(tmp_path / "repository")
    assert (data.classes, counts(data), data.own_test) == (["cat", "dog"], (8, 4, 4), True)


@pytest.mark.parametrize("name", ["imagenet1k-{}-0000", "{}_00", "cifar10-{}", "{}", "{}0001"])
@pytest.mark.parametrize("kind", ["shards", "parquet"])
def test_split_words_stand_anywhere_in_a_files_name(tmp_path: Path, kind: str, name: str) -> None:
    place = pack(kind, tmp_path, split(["cat", "dog"], validation=2))
    for path in list(place.iterdir()):
        part = path.name.split("-")[0]
        path.rename(place / (name.format(part) + path.suffix))
    data = read(place)
    assert (data.classes, counts(data), data.own_test) == (["cat", "dog"], (8, 4, 4), True)


def test_several_sets_in_a_repository_are_refused(tmp_path: Path) -> None:
    for name in ("small", "large"):
        made = pack("parquet", tmp_path / name, split(["cat", "dog"], validation=2))
        made.rename(tmp_path / name / "data")
    assert "holds 2 sets, in large/data/, small/data/" in refusal(tmp_path)


def test_unicode_has_two_forms(tmp_path: Path) -> None:
    composed, apart = "caf\u00e9", "cafe\u0301"
    names = [f"train/{name}/{n}.png" for name in (composed, "the") for n in range(6)]
    names += [f"val/{name}/{n}.png" for name in (apart, "the") for n in range(2)]
    files = numbered(*names)
    for kind in FOLDERS:
        data = read(pack(kind, tmp_path / kind, files))
        assert data.classes == [composed, "the"]


def test_backslashes_of_windows_are_slashes(tmp_path: Path) -> None:
    files = {name.replace("/", "\\"): content for name, content in split(["a", "b"], val=2).items()}
    data = read(pack("zip", tmp_path, files))
    assert (data.classes, counts(data)) == (["a", "b"], (8, 4, 4))


def test_names_that_are_not_utf8_are_shown(tmp_path: Path) -> None:
    place = pack("folder", tmp_path, split(["cat", "dog"], test=2))
    odd = os.fsencode(place / "train" / "cat") + b"/\xff\n.png"
    with open(odd, "wb") as file:  # noqa: PTH123
        file.write(image(77))
    assert sum(counts(read(place))) == 17
    with open(odd, "wb") as file:  # noqa: PTH123
        file.write(b"no image")
    assert r"\xff\n.png: unreadable image" in refusal(place)
    data = read(place, skip_broken=True)
    "".join([*data.notes, *map(str, data.skipped)]).encode()
    os.rename(os.fsencode(place / "train" / "cat"), os.fsencode(place / "train") + b"/c\xff")  # noqa: PTH104
    os.rename(os.fsencode(place / "test" / "cat"), os.fsencode(place / "test") + b"/c\xff")  # noqa: PTH104
    assert read(place, skip_broken=True).classes == [r"c\xff", "dog"]


def test_one_tar_file_of_class_folders_per_split(tmp_path: Path) -> None:
    files = split(["cat", "dog"], val=2)
    expected = read(pack("folder", tmp_path / "folder", files))
    for wrap in ("", "{}/"):
        place = tmp_path / f"tars{len(wrap)}"
        place.mkdir()
        for part in ("train", "val"):
            members = {
                f"{wrap.format(part)}{name.removeprefix(f'{part}/')}": content
                for name, content in files.items()
                if name.startswith(part)
            }
            write_tar(place / f"{part}.tar", members)
        assert read(place).digest == expected.digest


@pytest.mark.parametrize("kind", ["shards", "parquet"])
def test_files_without_a_split_in_their_name(tmp_path: Path, kind: str) -> None:
    place = pack(kind, tmp_path, split(["cat", "dog"], test=2))
    train = next(path for path in place.iterdir() if path.name.startswith("train"))
    other = train.rename(train.with_name(train.name.replace("train", "part")))
    data = read(place)
    assert (counts(data), data.own_test) == ((8, 4, 4), True)
    assert any("used for training" in note for note in data.notes)
    other.with_name("docs").mkdir()
    (other.with_name("docs") / "figure.png").write_bytes(image(0))
    assert any("left out .png 1" in note for note in read(place).notes)
    other.unlink()
    alone = next(place.glob("test*"))
    assert "too few images" in refusal(alone)  # one set of two images for each class
