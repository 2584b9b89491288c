"""A folder that is too large to keep decoded, read by worker processes."""

from __future__ import annotations

import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from PIL import Image

from designspace.errors import InputError
from designspace.images.containers.directory import read_directory
from designspace.images.data import Data, load_data, split_source
from designspace.images.loading.batches import TrainBatches, rows_of
from designspace.images.loading.transforms import TrainLook, random_box
from designspace.images.loading.workers import loading
from designspace.images.pixels.encoded import Reading
from designspace.images.randomness import generator
from designspace.images.split import DecodedSplit, EncodedSplit
from designspace.images.view import View
from designspace.spec.network.load import load
from designspace.spec.recipe.crops import NoCrop, PadCrop, ResizedCrop
from designspace.spec.recipe.crops import TestView as EvalView
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.evaluate import view_of
from designspace.training.run import Run

# Worker processes are forked from a process that has threads; torch itself does so.
pytestmark = pytest.mark.filterwarnings(
    "ignore:This process .* is multi-threaded:DeprecationWarning"
)


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="module")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("photos")
    train = load_data().train
    assert isinstance(train, DecodedSplit)
    for index in range(60):
        part = "train" if index < 48 else "val"
        place = root / part / str(int(train.labels[index]))
        place.mkdir(parents=True, exist_ok=True)
        image = Image.fromarray(train.pixels[index, 0].numpy())
        image.resize((28 + index % 5, 32)).save(place / f"{index:02}.png")
    classes = {path.name for path in (root / "train").iterdir()}
    for label in classes:
        place = root / "val" / label
        place.mkdir(parents=True, exist_ok=True)
        Image.new("L", (28, 28)).save(place / "blank.png")
    return root


def _data(root: Path, skip_broken: bool = False) -> Data:
    options = Reading(skip_broken=skip_broken, image_size=28, cache_bytes=1)
    return split_source(read_directory(root, options), 0.2, seed=0)


def _run(data: Data, directory: Path) -> Run:
    spec = load("convnext_proxy", {"depths": [1, 1], "widths": [8, 16], "stem.patch_size": 4})
    changes = {"epochs": 2, "batch_size": 8, "rand_augment": "rand-m9-mstd0.5-inc1", "mixup": 0.8}
    recipe = load_recipe("convnext_1k", {**changes, "schedule.warmup_epochs": 1})
    return Run(spec, recipe, data, seed=0, device="cpu", directory=directory)


def test_what_workers_need_can_be_sent_to_them(photos: Path, tmp_path: Path) -> None:
    run = _run(_data(photos), tmp_path)
    look = pickle.loads(pickle.dumps(TrainLook(run.recipe.crop, run.view)))
    assert look(Image.new("RGB", (40, 30)), generator("test")).shape == (3, 28, 28)
    train = run.data.train
    assert isinstance(train, EncodedSplit)
    assert pickle.loads(pickle.dumps(train)).read(0) == train.read(0)


def test_a_streamed_run_resumes_to_the_bit(
    photos: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = _data(photos)
    assert "read from the files as needed" in data.notes[0]
    whole = _run(data, tmp_path / "whole")
    whole.train_epoch()
    whole.train_epoch()
    first = _run(data, tmp_path / "killed")
    first.train_epoch()
    # The number of worker processes changes nothing.
    monkeypatch.setenv("DESIGNSPACE_WORKERS", "1")
    second = _run(data, tmp_path / "killed")
    assert second.resume() == 1
    second.train_epoch()
    for mine, other in zip(
        second.trained.state_dict().values(), whole.trained.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, other)
    assert second.test() == whole.test()


def test_an_image_that_breaks_while_streaming_is_named_or_skipped(
    photos: Path, tmp_path: Path
) -> None:
    data = _data(photos)
    broken = sorted((photos / "val").rglob("*.png"))[0]
    content = broken.read_bytes()
    broken.write_bytes(content[: len(content) // 2])
    try:
        with pytest.raises(InputError, match=rf"{broken.name}: unreadable image"):
            _run(data, tmp_path).test()
        skipping = _run(_data(photos, skip_broken=True), tmp_path)
        assert skipping.test().n == len(data.test) - 1
    finally:
        broken.write_bytes(content)


def test_in_the_place_of_a_broken_image_stands_the_next_one(photos: Path, tmp_path: Path) -> None:
    data = _data(photos, skip_broken=True)
    assert isinstance(data.train, EncodedSplit)
    recipe = load_recipe("demo", {"batch_size": 8, "mixup": 0.8})
    view = view_of(data, 28, recipe.test)

    def batches(**changes: int) -> TrainBatches:
        return TrainBatches(data.train, recipe, view, torch.device("cpu"), 0, **changes)

    whole = list(batches().epoch(1))
    index = data.train.members.tolist()[5]
    path = Path(data.train.store.where(index))
    content = path.read_bytes()
    path.write_bytes(content[: len(content) // 2])
    try:
        skipping = batches()
        first = list(skipping.epoch(1))
        assert [len(labels) for _, labels in first] == [8] * len(whole)
        assert skipping.skipped == (str(path),)
        run = _run(data, tmp_path)
        run.train_epoch()
        assert run.skipped == (str(path),)
        changed = sum(not torch.equal(a, b) for (a, _), (b, _) in zip(first, whole, strict=True))
        assert changed <= 1
        # From any step on, on every process, and again with the same workers.
        again = list(skipping.epoch(1, 2))
        for (images, labels), (other, others) in zip(again, first[2:], strict=True):
            assert torch.equal(images, other)
            assert torch.equal(labels, others)
        rows = rows_of(8, 1, 2, paired=True)
        for (images, _), (other, _) in zip(batches(rank=1, world=2).epoch(1), first, strict=True):
            assert torch.equal(images, other[rows])
    finally:
        path.write_bytes(content)


def test_the_number_of_workers_is_the_machines(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 1 <= loading().workers <= 8
    monkeypatch.setenv("LOCAL_WORLD_SIZE", "64")
    assert loading().workers == 1
    monkeypatch.setenv("DESIGNSPACE_WORKERS", "3")
    assert loading().workers == 3
    monkeypatch.setenv("DESIGNSPACE_WORKERS", "many")
    with pytest.raises(InputError, match=r"\$DESIGNSPACE_WORKERS: must be a number .got 'many'"):
        loading()


def test_a_box_is_within_the_image_and_of_the_shape_asked() -> None:
    draw = generator("boxes")
    for height, width in ((40, 60), (60, 40), (500, 10)):
        for _ in range(50):
            left, top, right, bottom = random_box(height, width, ResizedCrop(), draw)
            assert 0 <= left < right <= width
            assert 0 <= top < bottom <= height
            if height < 500:
                assert 0.07 < (right - left) * (bottom - top) / (height * width) <= 1
                assert 0.7 < (right - left) / (bottom - top) < 1.4


def test_crops_as_images_are_read() -> None:
    train = load_data().train
    assert isinstance(train, DecodedSplit)
    image = Image.fromarray(train.pixels[0, 0].numpy())
    view = View(28, (0.3,), (0.3,), EvalView())
    found = set()
    for number in range(40):
        cropped = TrainLook(PadCrop(padding=1), view)(image, generator(number))
        padded = torch.nn.functional.pad(train.pixels[0], [1] * 4)
        places = [
            (top, left)
            for top in range(3)
            for left in range(3)
            if torch.equal(padded[:, top : top + 28, left : left + 28], cropped)
        ]
        assert len(places) == 1
        found.add(places[0])
    assert len(found) == 9
    whole = ResizedCrop(scale=(1, 1), ratio=(1, 1))
    assert torch.equal(TrainLook(whole, view)(image, generator(0)), train.pixels[0])
    assert torch.equal(TrainLook(NoCrop(), view)(image, generator(0)), train.pixels[0])
