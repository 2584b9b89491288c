"""Batches of an epoch: from any step on, and shared among processes."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from timm.data.mixup import Mixup

from designspace.errors import InputError
from designspace.images.data import Data, load_data
from designspace.images.loading.batches import Batch, TrainBatches, rows_of
from designspace.images.loading.step_parts import by_step
from designspace.images.split import DecodedSplit
from designspace.images.view import View
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.evaluate import view_of

CHANGES = {
    "batch_size": 32,
    "crop": {"kind": "pad"},
    "flip": 0.5,
    "rand_augment": "rand-m9-mstd0.5-inc1",
    "random_erasing": 0.5,
}


@pytest.fixture(scope="module")
def data() -> Data:
    return load_data()


def _batches(data: Data, rank: int = 0, world: int = 1, **changes: Any) -> TrainBatches:
    recipe = load_recipe("demo", {**CHANGES, **changes})
    assert isinstance(data.train, DecodedSplit)
    view = view_of(data, 28, recipe.test)
    split = data.train.take(range(200))
    return TrainBatches(split, recipe, view, torch.device("cpu"), 0, rank, world)


def _equal(one: list[Batch], other: list[Batch]) -> bool:
    return len(one) == len(other) and all(
        torch.equal(a, b)
        for x, y in zip(one, other, strict=True)
        for a, b in zip(x, y, strict=True)
    )


def test_an_epoch_can_be_entered_at_any_step(data: Data) -> None:
    batches = _batches(data)
    whole = list(batches.epoch(3))
    assert len(whole) == batches.steps == 6
    torch.manual_seed(5)
    assert _equal(list(batches.epoch(3, 4)), whole[4:])
    assert list(batches.epoch(3, 6)) == []
    assert not _equal(list(batches.epoch(4)), whole)


def test_a_batch_leaves_the_global_stream_alone(data: Data) -> None:
    torch.manual_seed(0)
    list(_batches(data).epoch(1))
    first = torch.rand(1)
    torch.manual_seed(0)
    assert torch.equal(first, torch.rand(1))


@pytest.mark.parametrize("world", [2, 4])
def test_processes_share_the_batches_of_one(data: Data, world: int) -> None:
    whole = list(_batches(data).epoch(1))
    shares = [list(_batches(data, rank, world).epoch(1)) for rank in range(world)]
    for step, (images, labels) in enumerate(whole):
        joined = torch.empty_like(images), torch.empty_like(labels)
        for rank in range(world):
            rows = rows_of(32, rank, world, paired=False)
            joined[0][rows], joined[1][rows] = shares[rank][step]
        assert _equal([joined], [(images, labels)])


def test_mixing_a_share_is_sharing_the_mix() -> None:
    images = torch.rand(16, 1, 4, 4)
    mixup = Mixup(mixup_alpha=0.8, num_classes=4)
    mixup._params_per_batch = lambda: (0.3, False)
    labels = torch.arange(16) % 4
    whole = mixup(images.clone(), labels)
    for rank in range(4):
        rows = rows_of(16, rank, 4, paired=True)
        mine = mixup(images[rows].clone(), labels[rows])
        assert torch.equal(mine[0], whole[0][rows])
        assert torch.equal(mine[1], whole[1][rows])


def test_a_batch_that_cannot_be_shared_is_refused(data: Data) -> None:
    with pytest.raises(InputError, match=r"must be a multiple of 3 on 3 devices \(got 32\)"):
        _batches(data, 0, 3)
    with pytest.raises(InputError, match=r"must be a multiple of 8 on 4 devices \(got 12\)"):
        _batches(data, 0, 4, batch_size=12, mixup=0.8)


@pytest.mark.parametrize(("rank", "world"), [(0, 1), (1, 2)])
def test_a_step_comes_in_parts_that_are_the_rows_of_its_whole_batch(
    data: Data, rank: int, world: int
) -> None:
    whole = list(_batches(data).epoch(2))
    parts = list(_batches(data, rank, world, accumulation=4).epoch(2, 1))
    assert len(parts) == 4 * (len(whole) - 1)
    for number, (images, labels) in enumerate(parts):
        step, part = divmod(number, 4)
        rows = [8 * part + row for row in rows_of(8, rank, world, paired=False)]
        expected = whole[step + 1]
        assert torch.equal(images, expected[0][rows])
        assert torch.equal(labels, expected[1][rows])


def test_a_part_is_augmented_when_it_is_its_turn(
    data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    sizes: list[int] = []
    normalise = View.normalise

    def counted(view: View, pixels: torch.Tensor) -> torch.Tensor:
        sizes.append(len(pixels))
        return normalise(view, pixels)

    monkeypatch.setattr(View, "normalise", counted)
    steps = by_step(_batches(data, accumulation=4).epoch(1), 4, 8)
    parts = next(steps)
    next(parts)
    assert sizes == [8]
    assert len(list(parts)) == 3
    assert sizes == [8] * 4
    assert sum(len(list(rest)) for rest in steps) == 4 * 5
