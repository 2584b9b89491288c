"""The mask of shifted windows is made once per size, and never where it would be wrong."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode

import designspace
from designspace.compiler.lowerings.windows import WindowAttend

SIDE = 64
CHANGES = {"depths": [1, 2, 2, 1], "widths": [8, 16, 16, 16], "block.mixer.window": 3,
           "block.mixer.head_dim": 4}  # fmt: skip


def swin() -> nn.Module:
    torch.manual_seed(0)
    spec = designspace.load("swin_t", CHANGES)
    return designspace.build(spec, num_classes=3, input_size=SIDE).eval()


def attends(model: nn.Module) -> list[WindowAttend]:
    return [each for each in model.modules() if isinstance(each, WindowAttend) and each.shift]


def kept(model: nn.Module) -> list[Any]:
    return [each.masks._kept for each in attends(model)]  # pyright: ignore[reportPrivateUsage]


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The shape of each mask that is made."""
    shapes: list[Any] = []
    original = WindowAttend._mask  # pyright: ignore[reportPrivateUsage]

    def noted(self: WindowAttend, like: Tensor, shift: int) -> Tensor:
        shapes.append(like.shape)
        return original(self, like, shift)

    monkeypatch.setattr(WindowAttend, "_mask", noted)
    return shapes


def test_a_mask_is_made_once_per_size_and_the_answers_stay(made: list[Any]) -> None:
    model, x, wide = swin(), torch.randn(2, 3, SIDE, SIDE), torch.randn(1, 3, SIDE, 2 * SIDE)
    with torch.no_grad():
        first, other = model(x), model(wide)
        masks = len(made)
        assert masks > 0
        made.clear()
        assert torch.equal(model(wide), other)
        assert torch.equal(model(wide[:1]), other)
        assert not made
        assert torch.equal(model(x), first)
        fresh = swin()
        fresh.load_state_dict(model.state_dict())
        assert torch.equal(fresh(x), first)


def test_measuring_first_does_not_disturb_training() -> None:
    model, x = swin(), torch.randn(2, 3, SIDE, SIDE)
    with torch.inference_mode():
        model(x)
    assert any(kept(model))
    model(x).sum().backward()
    model.double()
    assert model(x.double()).dtype == torch.float64
    assert all(mask is None or mask[1].dtype == torch.float64 for mask in kept(model))


def test_copies_and_pickles_begin_without_it() -> None:
    model, x = swin(), torch.randn(1, 3, SIDE, SIDE)
    expected = model(x)
    assert any(kept(model))
    names = list(model.state_dict())
    attend = attends(model)[0]
    for twin in (copy.deepcopy(attend), pickle.loads(pickle.dumps(attend))):
        assert twin.masks._kept is None
    assert copy.copy(attend.masks)._kept is None  # pyright: ignore[reportPrivateUsage]
    assert torch.equal(copy.deepcopy(model)(x), expected)
    assert names == list(swin().state_dict())


def test_fake_and_meta_tensors_leave_nothing_behind() -> None:
    model, x = swin(), torch.randn(1, 3, SIDE, SIDE)
    with torch.no_grad():
        expected = model(x)
        attend = attends(model)[0]
        map_shape, mask = attend.masks._kept[0][0], attend.masks._kept  # pyright: ignore
        real = torch.zeros(1, *map_shape)
        with FakeTensorMode(allow_non_fake_inputs=True) as mode:
            attend.masks(mode.from_tensor(real), torch.float32, lambda: torch.zeros(1))
        attend.masks(real.to("meta"), torch.float32, lambda: torch.zeros(1))
        torch.func.vmap(lambda y: attend.masks(y, torch.float32, lambda: torch.zeros(1)) + y)(real)
        assert attend.masks._kept is mask  # pyright: ignore[reportPrivateUsage]
        assert torch.equal(model(x), expected)


@pytest.mark.slow
def test_export_and_compilation_compute_the_mask() -> None:
    model, x = swin(), torch.randn(2, 3, SIDE, SIDE)
    with torch.no_grad():
        expected = model(x)
        program = torch.export.export(model, (x,))
        torch.testing.assert_close(program.module()(x), expected)
        assert not [name for name in program.constants if "lifted" in name]
        compiled = torch.compile(model, backend="eager", fullgraph=True)
        torch.testing.assert_close(compiled(x), expected)
