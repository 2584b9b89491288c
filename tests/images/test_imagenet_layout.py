"""ImageNet as people have it: class folders to train with, flat validation images with a list."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from tests.helpers.packing import FOLDERS, image, pack
from tests.images.test_containers import counts, read, refusal

IDS = ["n01440764", "n01751748", "n02100735"]
"""Tench, sea snake and English setter, in the order of their WordNet ids."""
KIT = {"n01440764": 449, "n01751748": 490, "n02100735": 2}
"""Their numbers in ImageNet's development kit."""
TRUTH = [2, 0, 1, 1, 2, 0]
"""Class of validation image 1, 2, ... in the order of the WordNet ids."""


def _name(number: int) -> str:
    return f"ILSVRC2012_val_{number:08}.JPEG"


def _files(base: str = "") -> dict[str, bytes]:
    files = {
        f"{base}train/{name}/{name}_{number}.JPEG": image(100 * place + number, "jpeg")
        for place, name in enumerate(IDS)
        for number in range(6)
    }
    files |= {f"{base}val/{_name(n)}": image(1000 + n, "jpeg") for n in range(1, 7)}
    return files


def _kaggle() -> str:
    rows = [f"{_name(n)[:-5]},{IDS[label]} 85 1 499 272 {IDS[0]} 1 2 3 4"
            for n, label in enumerate(TRUTH, 1)]  # fmt: skip
    return "\n".join(["ImageId,PredictionString", *rows[::-1]]) + "\n"


LISTS = {
    "ILSVRC2012_validation_ground_truth.txt": "\n".join(str(KIT[IDS[n]]) for n in TRUTH),
    "ILSVRC2012_devkit_t12/data/ILSVRC2012_validation_ground_truth.txt": "\n".join(
        str(KIT[IDS[n]]) for n in TRUTH
    ),
    "LOC_val_solution.csv": _kaggle(),
    "val.txt": "".join(f"{_name(n)} {label}\n" for n, label in enumerate(TRUTH, 1)),
    "val_map.txt": "".join(f"val/{_name(n)}\t{IDS[k]}\n" for n, k in enumerate(TRUTH, 1)),
    "imagenet_2012_validation_synset_labels.txt": "\r\n".join(IDS[n] for n in TRUTH),
    "val/val_annotations.txt": "".join(
        f"{_name(n)}\t{IDS[k]}\t0\t32\t44\t62\n" for n, k in enumerate(TRUTH, 1)
    ),
}


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize("name", LISTS)
def test_flat_validation_images_are_labelled_by_a_list(
    tmp_path: Path, kind: str, name: str
) -> None:
    sorted_files = {
        path.replace("val/", f"val/{IDS[TRUTH[int(path[-13:-5]) - 1]]}/") if "val/" in path
        else path: content for path, content in _files().items()
    }  # fmt: skip
    expected = read(pack("folder", tmp_path / "sorted", sorted_files))
    data = read(pack(kind, tmp_path, {**_files(), name: LISTS[name].encode()}))
    assert (data.classes, counts(data), data.own_test) == (IDS, (12, 6, 6), True)
    assert data.test.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert data.digest == expected.digest
    assert any("labels of val are from" in note and name in note for note in data.notes)
    assert any("used as the test set" in note for note in data.notes)


@pytest.mark.parametrize("named", ["", "ILSVRC", "ILSVRC/Data", "ILSVRC/Data/CLS-LOC"])
def test_kaggles_folders(tmp_path: Path, named: str) -> None:
    files = _files("ILSVRC/Data/CLS-LOC/")
    files |= {f"ILSVRC/Data/CLS-LOC/test/ILSVRC2012_test_0000000{n}.JPEG": image(2000 + n, "jpeg")
              for n in range(1, 4)}  # fmt: skip
    files |= {"ILSVRC/Annotations/CLS-LOC/val/a.xml": b"<a/>", "LOC_synset_mapping.txt": b"",
              "LOC_val_solution.csv": _kaggle().encode()}  # fmt: skip
    numbers = "".join(f"{_name(n)[:-5]} {n}\n" for n in range(1, 7))
    files["ILSVRC/ImageSets/CLS-LOC/val.txt"] = numbers.encode()
    data = read(pack("folder", tmp_path, files) / named)
    assert (data.classes, counts(data), data.own_test) == (IDS, (12, 6, 6), True)
    assert data.test.labels.tolist() == [0, 0, 1, 1, 2, 2]
    assert any("test/ has no class folders and no labels (3 images)" in n for n in data.notes)


def test_the_validation_images_alone(tmp_path: Path) -> None:
    place = pack("folder", tmp_path, {**_files(), "LOC_val_solution.csv": _kaggle().encode()})
    shutil.rmtree(place / "train")
    assert "too few images" in refusal(place / "val")  # which are listed, two of each class
    for n in range(7, 25):
        (place / "val" / _name(n)).write_bytes(image(1000 + n, "jpeg"))
    rows = "".join(f"{_name(n)} {IDS[n % 3]}\n" for n in range(1, 25))
    (place / "LOC_val_solution.csv").write_text(rows)
    data = read(place / "val")
    assert (data.classes, sum(counts(data)), data.own_test) == (IDS, 24, False)


def test_a_kits_own_map_is_followed(tmp_path: Path) -> None:
    files = _files() | {
        "ILSVRC2014_clsloc_validation_ground_truth.txt": "\n".join(
            str(9 - n) for n in TRUTH
        ).encode(),
        "map_clsloc.txt": "".join(f"{name} {9 - n} fish\n" for n, name in enumerate(IDS)).encode(),
    }
    assert read(pack("folder", tmp_path, files)).test.labels.tolist() == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("kind", FOLDERS)
@pytest.mark.parametrize(
    ("lists", "said"),
    [
        ({}, "photos(.zip|.tar)?/val: holds no class folders"),
        ({}, "LOC_val_solution.csv, val.txt"),
        ({"val.txt": f"{_name(1)} 0\n"}, "has no label in val.txt"),
        (
            {"val.txt": "".join(f"{_name(n)} 3\n" for n in range(1, 7))},
            "val.txt:1: label 3 is not one",
        ),
        ({"val.txt": _name(1)}, "val.txt:1: a line has a name and a label"),
        ({"LOC_val_solution.csv": _kaggle().replace(IDS[1], "n99")}, "only in val"),
        ({"LOC_val_solution.csv": "\x80"}, None),
        ({"ILSVRC2012_validation_ground_truth.txt": "1\n2"}, "has 2 labels, none for ILSVRC2012"),
        (
            {"ILSVRC2012_validation_ground_truth.txt": "1001\n" * 6},
            "'1001' is not a class of the dev",
        ),
        (
            {"ILSVRC2012_validation_ground_truth.txt": "9" * 5000 + "\n" * 6},
            "not a class of the dev",
        ),
    ],
)
def test_a_list_that_does_not_fit_is_named(
    tmp_path: Path, kind: str, lists: dict[str, str], said: str | None
) -> None:
    files = {**_files(), **{name: text.encode("latin-1") for name, text in lists.items()}}
    words = refusal(pack(kind, tmp_path, files))
    assert re.search(said or "is not a list of labels", words), words
