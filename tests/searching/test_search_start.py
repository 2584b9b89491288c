"""Workers take the driver's decoded data from Ray's object store, or load them."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch

from designspace.errors import InputError
from designspace.images.data import Data
from designspace.images.split import DecodedSplit
from designspace.records.facts import RecipeFacts, SpecFacts
from designspace.searching.ray_session.ray_settings import prepare
from designspace.searching.starting import offered
from designspace.searching.trials.trainable import Job
from designspace.searching.trials.trial_training import make_run
from designspace.spec.recipe.recipe import load_recipe
from designspace.training.data_facts import data_facts
from tests.helpers import trainings

pytestmark = pytest.mark.filterwarnings(
    "ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"
)
RECIPE = load_recipe("demo", {**trainings.SHORT, "random_erasing": 0.5})
PROGRAM = """
import sys
from designspace.searching.ray_session.ray_settings import prepare
prepare()
import designspace.searching.executors.execute
print([name for name in ("pandas", "ray.tune") if name in sys.modules])
"""


@pytest.fixture(autouse=True)
def nothing_offered() -> Iterator[None]:
    yield
    offered._offered.clear()  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def shared(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The module, in a process that has taken nothing yet."""
    prepare()
    from designspace.searching.starting import shared

    monkeypatch.setattr(shared, "_taken", [])
    return shared


@pytest.fixture
def data(tmp_path: Path) -> Data:
    return trainings.tiny_data(tmp_path)


def job(data: Data, directory: Path) -> Job:
    facts = data_facts(data, data.load, RECIPE)
    return Job(
        spec=SpecFacts.of(trainings.tiny_net()),
        recipe=RecipeFacts.of(RECIPE),
        data=facts,
        seed=0,
        device="cpu",
        threads=1,
        directory=directory,
    )


def losses(given: Job) -> tuple[float, float]:
    trainee = make_run(given)
    trainee.resume()
    epoch = trainee.train_epoch()
    assert epoch.loss is not None
    return epoch.train_loss, epoch.loss


def test_what_is_offered_is_not_loaded(data: Data, tmp_path: Path) -> None:
    expected = losses(job(data, tmp_path / "a"))
    facts = data_facts(data, {"source": "gone"}, RECIPE)
    given = job(data, tmp_path / "b").model_copy(update={"data": facts})
    with pytest.raises(InputError):
        make_run(given)
    offered.offer(data, {"source": "gone"})
    assert losses(given) == expected
    other = facts.model_copy(update={"digest": "0" * 16})
    with pytest.raises(InputError, match="changed since the study began"):
        make_run(given.model_copy(update={"data": other}))


@pytest.mark.parametrize(
    "tensor",
    [
        torch.arange(120, dtype=torch.uint8).reshape(5, 2, 3, 4),
        torch.arange(120, dtype=torch.uint8).reshape(5, 3, 4, 2).permute(0, 3, 1, 2),
        torch.arange(7),
    ],
    ids=["contiguous", "channels last", "labels"],
)
def test_an_array_has_a_tensors_values_and_layout(shared: Any, tensor: torch.Tensor) -> None:
    stored = shared._array(tensor)
    assert torch.equal(stored.tensor, tensor)
    assert stored.tensor.dtype == tensor.dtype
    assert stored.tensor.stride() == tensor.stride()
    assert stored.memory.nbytes == tensor.numel() * tensor.element_size()


def test_a_tensor_with_gaps_is_not_shared(shared: Any) -> None:
    assert shared._array(torch.zeros(4, 4)[:, ::2]) is None


def test_tune_is_imported_after_ray_has_begun() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


@pytest.mark.slow
def test_the_store_gives_what_loading_gives(shared: Any, data: Data, tmp_path: Path) -> None:
    from designspace.searching.executors.cluster import cluster

    expected = losses(job(data, tmp_path / "loaded"))
    with cluster():
        assert shared.share(data.load) is None  # nothing was offered
        offered.offer(data, data.load)
        held = shared.share(data.load)
        assert held is not None
        offered.offer(data, {"source": "others"})
        shared.take(held)
        found = offered.offered(data.load)
        assert found is not None
        assert found is not data
        assert (found.digest, found.classes) == (data.digest, data.classes)
        for name in ("train", "val", "test"):
            ours, theirs = getattr(found, name), getattr(data, name)
            assert isinstance(ours, DecodedSplit)
            assert torch.equal(ours.pixels, theirs.pixels)
            assert torch.equal(ours.labels, theirs.labels)
        assert losses(job(data, tmp_path / "shared")) == expected


@pytest.mark.slow
def test_data_that_are_lost_or_too_large_are_loaded(
    shared: Any, data: Data, monkeypatch: pytest.MonkeyPatch
) -> None:
    from designspace.searching.executors.cluster import cluster

    offered.offer(data, data.load)
    with cluster():
        monkeypatch.setattr(shared, "SHARE", 1e-12)
        assert shared.share(data.load) is None
        offered.offer(data, {})
        monkeypatch.setattr(shared, "PATIENCE", 3.0)
        shared.take([shared.ray.ObjectRef.from_random()])
        assert offered.offered(data.load) is None
