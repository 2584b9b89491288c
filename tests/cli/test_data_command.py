"""`designspace data`: what is read and how it is split, without any training."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from designspace.images.data import load_data, split_source
from designspace.images.overview.sheet import draw_sheet
from designspace.images.overview.summary import summarise
from designspace.images.pixels.encoded import Reading
from designspace.images.sources import read_source
from designspace.images.split import DecodedSplit
from designspace.images.statistics import SAMPLE, measure, spaced, statistics
from tests.helpers.command import Ran, run
from tests.images.test_pixels import encoded, folder, write

KEYS = {
    "classes", "train", "val", "test", "own_test", "channels", "image_size", "pixel_mean",
    "pixel_std", "per_split", "skipped", "notes", "name", "digest",
}  # fmt: skip


def shades(root: Path, sizes: tuple[int, ...] = (8,), part: str = "") -> Path:
    """Three classes of 8 RGB images, each of one value: 10, 20 ... 240 of 255, blue twice."""
    for label, name in enumerate(("ant", "bee", "cow")):
        for number in range(8):
            value = 10 * (8 * label + number + 1)
            side = sizes[number % len(sizes)]
            pixels = np.full((side, side, 3), value, np.uint8) // np.array([1, 2, 1], np.uint8)
            path = root / part / name / f"{number}.png"
            write(path, encoded(Image.fromarray(pixels)))
    return root


def shown(*words: object) -> dict[str, Any]:
    ran = run("data", *words, "--json")
    assert ran.code == 0, ran.err
    found: dict[str, Any] = json.loads(ran.out)
    return found


def refused(*words: object) -> Ran:
    ran = run("data", *words)
    assert ran.code == 2
    assert ran.out == ""
    assert len(ran.err.splitlines()) == 1
    return ran


def test_the_packaged_set() -> None:
    found = shown()
    assert set(found) == KEYS
    assert (found["train"], found["val"], found["test"]) == (4000, 1000, 1000)
    assert (found["own_test"], found["channels"], found["image_size"]) == (True, 1, 28)
    train = load_data().train
    assert isinstance(train, DecodedSplit)
    assert found["pixel_mean"] == [pytest.approx(float(train.pixels.double().mean()) / 255)]
    spread = float(train.pixels.double().std(correction=0)) / 255
    assert found["pixel_std"] == [pytest.approx(spread)]
    assert statistics(train)[0] == tuple(found["pixel_mean"])
    assert found["digest"] == load_data().digest


@pytest.mark.parametrize("sizes", [(8,), (8, 12, 21)])
def test_a_folder_of_any_sizes(tmp_path: Path, sizes: tuple[int, ...]) -> None:
    root = shades(shades(tmp_path, sizes, "train"), sizes, "test")
    found = shown(root, "--val-fraction", 0.25)
    assert found["classes"] == ["ant", "bee", "cow"]
    assert (found["train"], found["val"], found["test"]) == (18, 6, 24)
    assert found["image_size"] == (8 if len(sizes) == 1 else None)
    assert found["per_split"]["val"]["per_class"] == {"ant": 2, "bee": 2, "cow": 2}
    test = found["per_split"]["test"]
    assert test["images"] == test["measured"] == 24
    red = 10 * np.arange(1, 25) / 255
    assert test["pixel_mean"] == pytest.approx([red.mean(), red.mean() / 2, red.mean()])
    assert test["pixel_std"] == pytest.approx([red.std(), red.std() / 2, red.std()])
    assert found["pixel_mean"] == found["per_split"]["train"]["pixel_mean"]
    assert all(isinstance(note, str) for note in found["notes"])
    sized = shown(root, "--val-fraction", 0.25, "--image-size", 16)
    assert sized["image_size"] == (8 if len(sizes) == 1 else 16)
    assert sized["pixel_mean"] == pytest.approx(found["pixel_mean"])
    assert (sized["train"], sized["val"], sized["test"]) == (18, 6, 24)


@pytest.mark.parametrize("sizes", [(8,), (8, 12)])
@pytest.mark.parametrize("cut", [60, None])
def test_a_broken_image(tmp_path: Path, sizes: tuple[int, ...], cut: int | None) -> None:
    root = shades(tmp_path, sizes)
    broken = root / "bee" / "3.png"
    broken.write_bytes(broken.read_bytes()[:45] if cut else b"no image")
    assert "bee/3.png: unreadable image" in refused(root).err
    found = shown(root, "--skip-broken")
    assert [one["file"] for one in found["skipped"]] == [str(broken)]
    assert found["skipped"][0]["reason"].startswith("unreadable image (")
    assert found["train"] + found["val"] + found["test"] == 23
    assert found["own_test"] is False
    assert any("one was drawn" in note for note in found["notes"])


def test_one_class_is_refused_whichever_way_it_comes_about(tmp_path: Path) -> None:
    alone = tmp_path / "alone"
    shades(alone)
    for name in ("ant", "cow"):
        (alone / name).rename(tmp_path / name)
    assert "at least two classes are needed" in refused(alone).err
    broken = shades(tmp_path / "broken")
    for name in ("ant", "cow"):
        for path in (broken / name).iterdir():
            path.write_bytes(b"")
    assert "training images are of class 'bee'" in refused(broken, "--skip-broken").err


def test_a_class_without_readable_images_is_a_warning(tmp_path: Path) -> None:
    root = shades(tmp_path)
    for path in (root / "cow").iterdir():
        path.write_bytes(b"")
    found = shown(root, "--skip-broken")
    assert "warning: no training image of class 'cow'" in found["notes"]
    assert found["per_split"]["train"]["per_class"]["cow"] == 0


def test_classes_of_very_different_sizes_are_a_warning(tmp_path: Path) -> None:
    root = shades(tmp_path)
    for number in range(90):
        pixels = np.arange(64, dtype=np.uint8).reshape(8, 8) + np.uint8(number)
        write(root / "ant" / f"x{number}.png", encoded(Image.fromarray(pixels)))
    assert any("classes are unbalanced" in note for note in shown(root)["notes"])


def test_images_of_one_value_are_a_warning(tmp_path: Path) -> None:
    for side in range(8, 16):
        white = Image.new("L", (8, side), 255)
        write(tmp_path / "ab"[side % 2] / f"{side}.png", encoded(white))
    found = shown(tmp_path)
    assert found["pixel_std"] == [0]
    assert "warning: all pixels of the training images have the same value" in found["notes"]


def test_streamed_sets_are_measured_on_a_stated_sample(tmp_path: Path) -> None:
    root = shades(shades(tmp_path, (8, 12), "train"), (8, 12), "test")
    options = Reading(image_size=8, cache_bytes=1)
    data = split_source(read_source(str(root), False, options), 0.25, seed=0)
    whole = shown(root, "--val-fraction", 0.25)
    assert summarise(data).plain()["pixel_mean"] == whole["pixel_mean"]
    part = measure(data.test, sample=12)
    assert part.images == 12
    assert spaced(24, 12) == list(range(0, 24, 2))
    assert len(spaced(10 * SAMPLE, SAMPLE)) == SAMPLE
    assert any("18 of 18, 6 of 6, 24 of 24" in note for note in summarise(data).notes)


def test_parquet_of_many_sizes_is_not_copied(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESIGNSPACE_DATA", str(tmp_path / "cache"))
    images = [encoded(Image.new("L", (8 + number % 3, 9), 9 * number)) for number in range(20)]
    labels = [number % 2 for number in range(20)]
    pq.write_table(pa.table({"image": images, "label": labels}), tmp_path / "a.parquet")
    found = shown(tmp_path / "a.parquet")
    assert (found["image_size"], found["channels"]) == (None, 1)
    assert found["train"] + found["val"] + found["test"] == 20
    assert not (tmp_path / "cache").exists()


def test_people_see_the_classes_and_the_notes(tmp_path: Path) -> None:
    ran = run("data", shades(tmp_path))
    assert ran.code == 0
    first, *lines = ran.out.splitlines()
    assert "3 classes (ant, bee, cow)" in first
    assert any(line.split() == ["1", "bee", "5", "1", "2"] for line in lines)
    assert any(line.startswith("note: images kept at their common size, 8x8") for line in lines)


def test_a_contact_sheet(tmp_path: Path) -> None:
    root = shades(tmp_path / "photos", (8, 30, 200))
    out = tmp_path / "new" / "sheet.PNG"
    ran = run("data", root, "--out", out)
    assert ran.code == 0, ran.err
    assert f"contact sheet: {out}" in ran.out
    with Image.open(out) as sheet:
        assert (sheet.format, sheet.mode) == ("PNG", "RGB")
        assert sheet.width < 1400
        pixels = np.asarray(sheet)
    # Every image that is shown is there in its own color.
    for value in (10, 80, 160, 240):
        assert (pixels == (value, value // 2, value)).all(2).sum() > 500
    assert list(out.parent.iterdir()) == [out]


def test_a_sheet_shows_24_classes_of_many(tmp_path: Path) -> None:
    images = np.zeros((180, 8, 8), np.uint8)
    labels = np.arange(180) % 60
    names = np.array([f"{'a long name of a class ' * 3}{number}\nx" for number in range(60)])
    np.savez(tmp_path / "a.npz", train_x=images, train_y=labels, test_x=images, test_y=labels,
             classes=names)  # fmt: skip
    sheet = draw_sheet(load_data(str(tmp_path / "a.npz")))
    assert sheet.height < 24 * 100
    ran = run("data", tmp_path / "a.npz")
    assert "20 more classes (--json lists all)" in ran.out


@pytest.mark.parametrize("name", ["sheet.txt", "sheet", "sheet.png.gz", ""])
def test_a_sheet_that_cannot_be_written_is_refused_first(tmp_path: Path, name: str) -> None:
    root = shades(tmp_path / "photos")
    before = sorted(tmp_path.rglob("*"))
    assert "--out" in refused(root, "--out", tmp_path / name).err
    assert sorted(tmp_path.rglob("*")) == before


def test_a_sheet_replaces_another_one_or_leaves_it(tmp_path: Path) -> None:
    root = shades(tmp_path / "photos")
    out = tmp_path / "sheet.png"
    out.write_bytes(b"old")
    (root / "ant" / "0.png").write_bytes(b"broken")
    refused(root, "--out", out)
    assert out.read_bytes() == b"old"
    assert run("data", root, "--out", out, "--skip-broken").code == 0
    assert out.read_bytes().startswith(b"\x89PNG")


@pytest.mark.parametrize("words", [["--val-fraction", "1"], ["--val-fraction", "nan"]])
def test_a_fraction_is_between_0_and_1(words: list[str]) -> None:
    assert "--val-fraction: must be above 0 and below 1" in refused(*words).err


def test_a_set_that_is_not_there_is_refused() -> None:
    assert "did you mean 'fashion-mnist-mini'" in refused("fashion-mnist-mimi").err
    assert "no such file" in refused("no/where").err


@pytest.mark.filterwarnings("ignore:This process .* is multi-threaded:DeprecationWarning")
def test_the_speed_of_decoding(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("DESIGNSPACE_WORKERS", "1")
    speed = shown(folder(tmp_path), "--speed", "--image-size", 16)["speed"]
    assert (speed["workers"], speed["images"], speed["size"]) == (1, 6, 16)
    assert speed["images_per_second"] > 0
    assert speed["single_process"] > 0
    assert shown("--speed")["speed"] is None
    ran = run("data", tmp_path, "--speed")
    assert "by 1 worker process, " in ran.out
