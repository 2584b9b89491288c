from __future__ import annotations

import hashlib
from collections.abc import Callable
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image

from designspace.errors import InputError
from designspace.images.containers.directory import read_directory
from designspace.images.data import Data, load_data, split_source
from designspace.images.pixels.encoded import Reading
from designspace.images.split import DecodedSplit, EncodedSplit

SHA256 = "6276b594da256b6142507774c0b619909902c7dbc2a49afc9b3b7439d9c99632"


@pytest.fixture(scope="module")
def mini() -> Data:
    return load_data()


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory, mini: Data) -> Callable[..., Path]:
    """Directories of real images: 6 of each of 3 classes for training, 2 for the test."""

    def make(sizes: tuple[int, ...] = (28,), flat: bool = False) -> Path:
        root = tmp_path_factory.mktemp("photos")
        assert isinstance(mini.train, DecodedSplit)
        for label in range(3):
            of_class = mini.train.pixels[mini.train.labels == label]
            for part, chosen in (("train", range(6)), ("test", range(6, 8))):
                place = root / f"class{label}" if flat else root / part / f"class{label}"
                place.mkdir(parents=True, exist_ok=True)
                for index in chosen:
                    side = sizes[index % len(sizes)]
                    image = Image.fromarray(of_class[index, 0].numpy())
                    image.resize((side, side)).save(place / f"{index}.png")
        return root

    return make


def test_the_packaged_file_is_the_one_described() -> None:
    file = resources.files("designspace.images") / "datasets" / "fashion_mnist_mini.npz"
    assert hashlib.sha256(file.read_bytes()).hexdigest() == SHA256


def test_the_packaged_set_is_the_default(mini: Data) -> None:
    assert isinstance(mini.train, DecodedSplit)
    assert isinstance(mini.val, DecodedSplit)
    assert (mini.name, mini.channels, mini.image_size) == ("fashion-mnist-mini", 1, 28)
    assert (len(mini.train), len(mini.val), len(mini.test)) == (4000, 1000, 1000)
    assert mini.classes[0] == "T-shirt/top"
    assert mini.classes[-1] == "Ankle boot"
    assert mini.train.labels.bincount().tolist() == [400] * 10
    assert mini.val.labels.bincount().tolist() == [100] * 10
    assert mini.train.pixels.dtype == torch.uint8


def test_the_split_follows_the_seed_and_overlaps_nowhere(mini: Data) -> None:
    again, other = load_data("fashion-mnist-mini"), load_data(seed=1)
    assert again.digest == mini.digest
    assert len({mini.digest, other.digest, load_data(val_fraction=0.1).digest}) == 3
    assert isinstance(again.val, DecodedSplit)
    assert isinstance(mini.val, DecodedSplit)
    assert isinstance(mini.train, DecodedSplit)
    assert torch.equal(again.val.pixels, mini.val.pixels)
    held = {bytes(image.numpy()) for image in mini.val.pixels}
    # The packaged set itself holds hardly any image twice.
    assert sum(bytes(image.numpy()) in held for image in mini.train.pixels) <= 2


def _arrays(**changes: Any) -> dict[str, Any]:
    draw = np.random.default_rng(0)
    arrays: dict[str, Any] = {
        "train_x": draw.integers(0, 256, (20, 8, 8, 3), dtype=np.uint8),
        "train_y": np.arange(20) % 4,
        "test_x": draw.integers(0, 256, (8, 8, 8, 3), dtype=np.uint8),
        "test_y": np.arange(8) % 4,
    }
    arrays.update(changes)
    return {key: value for key, value in arrays.items() if value is not None}


def test_an_npz_file(tmp_path: Path) -> None:
    path = tmp_path / "small.npz"
    np.savez(path, **_arrays())
    data = load_data(str(path), val_fraction=0.2)
    assert (data.name, data.channels, data.image_size, data.num_classes) == ("small", 3, 8, 4)
    assert (len(data.train), len(data.val), len(data.test)) == (16, 4, 8)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test_y": None}, "lacks test_y"),
        ({"train_x": np.zeros((20, 8, 8), np.float32)}, "train_x must be uint8 .got float32"),
        ({"train_x": np.zeros((20, 64), np.uint8)}, "train_x must be .N,H,W. or"),
        ({"train_x": np.zeros((20, 8, 8, 2), np.uint8)}, "with C 1 or 3"),
        ({"train_y": np.arange(19) % 4}, "20 images, .*19 labels"),
        ({"train_y": np.arange(20) / 4}, "train_y must be integers"),
        ({"train_y": np.where(np.arange(20) == 7, 200, np.arange(20) % 4)}, "labels out of range"),
        ({"test_y": np.array([0, 1, 2, 3, 4, 0, 0, 0])}, r"test_y\[4\]: label 4 out of range"),
        ({"test_y": np.array([0, 1, -1, 3, 0, 0, 0, 0])}, r"test_y\[2\]: label -1 out of range"),
        ({"classes": np.array(["a", "b", "c"])}, r"train_y\[3\]: label 3 out of range: 3 classes"),
        ({"test_x": np.zeros((8, 9, 9, 3), np.uint8)}, "images of different shapes"),
        ({"train_y": np.array([{}] * 20, dtype=object)}, "not a readable .npz file"),
    ],
)
def test_wrong_arrays_are_named(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    path = tmp_path / "wrong.npz"
    np.savez(path, **_arrays(**changes))
    with pytest.raises(InputError, match=said):
        load_data(str(path))


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("nowhere.npz", "no such file"),
        ("some/where", "no such file or directory"),
        ("fashion-mnist-mni", "unknown data .*did you mean 'fashion-mnist-mini'"),
        ("cifar100", "is not in .*--download"),
    ],
)
def test_missing_sources_are_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, source: str, said: str
) -> None:
    monkeypatch.setenv("DESIGNSPACE_DATA", str(tmp_path))
    monkeypatch.chdir(tmp_path)
    with pytest.raises(InputError, match=said):
        load_data(source)
    assert list(tmp_path.iterdir()) == []


def test_torchvisions_sets_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, mini: Data
) -> None:
    monkeypatch.setenv("DESIGNSPACE_DATA", str(tmp_path))
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for part, split in (("train", mini.train), ("t10k", mini.test)):
        assert isinstance(split, DecodedSplit)
        pixels, labels = split.pixels[:100, 0].numpy(), split.labels[:100].numpy()
        head = np.array([0x803, 100, 28, 28], ">i4").tobytes()
        (raw / f"{part}-images-idx3-ubyte").write_bytes(head + pixels.tobytes())
        head = np.array([0x801, 100], ">i4").tobytes()
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(head + labels.astype(np.uint8).tobytes())
    data = load_data("fashion-mnist")
    assert (data.name, data.num_classes, data.classes) == ("fashion-mnist", 10, mini.classes)
    assert (data.image_size, len(data.train) + len(data.val), len(data.test)) == (28, 100, 100)
    assert isinstance(data.test, DecodedSplit)
    assert isinstance(mini.test, DecodedSplit)
    assert torch.equal(data.test.pixels, mini.test.pixels[:100])


def test_a_truncated_npz_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "cut.npz"
    np.savez_compressed(path, **_arrays())
    path.write_bytes(path.read_bytes()[:-200])
    with pytest.raises(InputError, match=r"not a readable \.npz file"):
        load_data(str(path))


def test_a_folder_of_one_size_keeps_it(photos: Callable[..., Path]) -> None:
    data = load_data(str(photos()), image_size=64, val_fraction=0.3)
    assert data.classes == ["class0", "class1", "class2"]
    assert (data.image_size, data.channels) == (28, 1)
    assert (len(data.train), len(data.val), len(data.test)) == (12, 6, 6)
    assert "common size, 28x28" in data.notes[0]


def test_a_folder_of_many_sizes_is_resized_and_says_so(photos: Callable[..., Path]) -> None:
    root = photos((28, 40))
    data = load_data(str(root), image_size=32)
    assert data.image_size == 32
    assert "center-cropped to 32x32" in data.notes[0]
    with pytest.raises(InputError, match="2 different sizes"):
        load_data(str(root))


def test_a_flat_folder_is_split_three_ways(photos: Callable[..., Path]) -> None:
    data = load_data(str(photos(flat=True)), val_fraction=0.25)
    assert not data.own_test
    assert (len(data.train), len(data.val), len(data.test)) == (12, 6, 6)


@pytest.mark.parametrize("damage", ["text", "truncated"])
def test_a_broken_image_is_named_or_skipped(photos: Callable[..., Path], damage: str) -> None:
    root = photos()
    broken = root / "train" / "class1" / "3.png"
    content = broken.read_bytes()
    broken.write_bytes(b"no image" if damage == "text" else content[: len(content) // 2])
    with pytest.raises(InputError, match=r"3\.png: unreadable image"):
        load_data(str(root))
    data = load_data(str(root), skip_broken=True)
    assert [Path(one.file).name for one in data.skipped] == ["3.png"]
    assert "1 unreadable images skipped" in data.notes
    assert len(data.train) + len(data.val) == 17


def test_class_folders_must_hold_images_and_agree(photos: Callable[..., Path]) -> None:
    root = photos()
    (root / "train" / "class9").mkdir()
    with pytest.raises(InputError, match="class folder 'class9' holds no images"):
        load_data(str(root))
    (root / "train" / "class9").rename(root / "test" / "class9")
    Image.new("L", (28, 28)).save(root / "test" / "class9" / "0.png")
    with pytest.raises(InputError, match="differ in their classes: class9"):
        load_data(str(root))


def test_an_empty_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no class folders"):
        load_data(str(tmp_path))


def test_a_folder_too_large_to_keep_is_read_as_needed(photos: Callable[..., Path]) -> None:
    source = read_directory(photos(), Reading(cache_bytes=100))
    data = split_source(source, val_fraction=0.3, seed=0)
    assert isinstance(data.train, EncodedSplit)
    assert (len(data.train), len(data.val), len(data.test)) == (12, 6, 6)
    assert data.image_size is None


def test_one_class_is_nothing_to_tell_apart(tmp_path: Path) -> None:
    images, labels = np.zeros((20, 8, 8), np.uint8), np.zeros(20, np.int64)
    np.savez(tmp_path / "one.npz", train_x=images, train_y=labels, test_x=images, test_y=labels)
    with pytest.raises(InputError, match=r"one: at least two classes are needed \(got 0\)"):
        load_data(str(tmp_path / "one.npz"))


def test_a_test_split_alone_is_no_class(tmp_path: Path) -> None:
    (tmp_path / "val" / "cat").mkdir(parents=True)
    with pytest.raises(
        InputError, match=r"has val but no train/; to measure on one of them, pass it"
    ):
        load_data(str(tmp_path))


def test_a_text_file_is_not_advised_to_be_unpickled(tmp_path: Path) -> None:
    (tmp_path / "text.npz").write_text("no archive")
    with pytest.raises(
        InputError, match=r"not a readable .npz file \(not an archive of plain arrays\)"
    ):
        load_data(str(tmp_path / "text.npz"))
