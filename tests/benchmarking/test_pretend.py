"""The pretend GPU sees every fault that is planted, and leaves torch as it was."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import Tensor, nn
from torch.nn import functional
from torch.utils.data import DataLoader, TensorDataset

from tests.pretend import PretendGpu, pretend_gpu
from tests.pretend.operators import MixedDevicesError
from tests.pretend.streams import RaceError


@pytest.fixture
def gpu() -> Iterator[PretendGpu]:
    with pretend_gpu() as found:
        yield found


def ones(*shape: int) -> Tensor:
    return torch.ones(shape, device="cuda")


def causes(gpu: PretendGpu) -> list[str]:
    return [cause for cause, _ in gpu.log.total.syncs]


@pytest.mark.usefixtures("gpu")
def test_tensors_report_where_they_pretend_to_lie() -> None:
    a = ones(3)
    assert str(a.device) == "cuda:0"
    assert a.is_cuda
    assert not a.is_cpu
    assert a.get_device() == 0
    for other in (a + 1, a[1:], a.clone(), torch.zeros_like(a), a.new_zeros(2), a.double().sum()):
        assert other.is_cuda
    for other in ("cuda", 0, a.device, a):
        assert torch.ones(3).to(other).is_cuda
    assert torch.ones(3).to(device="cuda", dtype=torch.float64).is_cuda
    for host in (
        a.cpu(),
        a.to("cpu"),
        a.to(device="cpu"),
        torch.zeros_like(a, device="cpu"),
        torch.ones(3),
    ):
        assert host.device == torch.device("cpu")
    assert torch.cuda.is_available()
    assert torch.cuda.device_count() == 1


def test_everything_is_put_back() -> None:
    owners: list[Any] = [torch.Tensor, torch.cuda, torch.accelerator, torch, torch._C]
    before = [dict(vars(owner)) for owner in owners]
    with pretend_gpu():
        kept = ones(2)
    assert [dict(vars(owner)) for owner in owners] == before
    assert not torch.cuda.is_available()
    assert str(kept.device) == "cpu"
    with pytest.raises(ZeroDivisionError), pretend_gpu():
        _ = 1 / 0
    assert [dict(vars(owner)) for owner in owners] == before


MIXED: dict[str, Callable[[Tensor, Tensor], object]] = {
    "add": lambda a, b: a + b,
    "in place": lambda a, b: b.add_(a),
    "matmul": lambda a, b: a @ b,
    "cat": lambda a, b: torch.cat([a, b]),
    "stack of scalars": lambda a, b: torch.stack([a[0, 0], b[0, 0]]),
    "where": lambda a, b: torch.where(a > 0, a, b),
    "index_select": lambda a, b: a.index_select(0, b[0].long()),
    "a host tensor indexed": lambda a, b: b[a.long()],
    "linear": lambda a, b: functional.linear(a, b),
    "foreach": lambda a, b: torch.ops.aten._foreach_add([a, a], [a, b]),
    "out of a scalar": lambda a, b: b + a[0, 0],
}


@pytest.mark.usefixtures("gpu")
@pytest.mark.parametrize("mixing", MIXED.values(), ids=MIXED)
def test_tensors_on_different_devices_are_refused(
    mixing: Callable[[Tensor, Tensor], object],
) -> None:
    with pytest.raises(MixedDevicesError):
        mixing(ones(2, 2), torch.ones(2, 2))


def test_what_cuda_allows_is_allowed(gpu: PretendGpu) -> None:
    a, scalar = ones(2, 2), torch.tensor(2.0)
    for result in (a * scalar, scalar + a, torch.where(a > 0, a, scalar), a.clamp(max=scalar)):
        assert result.is_cuda
    assert a[torch.tensor([1, 0])].is_cuda  # a host index is sent along, and the host waits
    assert causes(gpu) == ["index by a host tensor"]


def test_two_gpus_do_not_mix() -> None:
    with pretend_gpu(2):
        a, b = torch.ones(2, device="cuda:0"), torch.ones(2, device="cuda:1")
        assert str((b + 1).device) == "cuda:1"
        assert a.to("cuda:1").add(b).tolist() == [2, 2]
        with pytest.raises(MixedDevicesError):
            _ = a + b
        with pytest.raises(MixedDevicesError):
            _ = a[0] + b
        with torch.cuda.device(1):
            assert str(ones(1).device) == "cuda:1"
        with pytest.raises(RuntimeError, match="invalid device ordinal"):
            torch.ones(1, device="cuda:2")


SYNCS: dict[str, Callable[[Tensor], object]] = {
    "item": lambda a: a[0].item(),
    "float": lambda a: float(a[0]),
    "bool": lambda a: bool(a[0] > 0),
    "tolist": lambda a: a.tolist(),
    "cpu": lambda a: a.cpu(),
    "to": lambda a: a.to("cpu"),
    "nonzero": lambda a: a.nonzero(),
    "mask": lambda a: a[a > 0],
    "mask written": lambda a: a.__setitem__(a > 0, a[:3].clone()),
    "unique": lambda a: a.unique(),
    "bincount": lambda a: a.long().bincount(minlength=4),
    "repeat": lambda a: a.repeat_interleave(a.long()),
    "equal": lambda a: torch.equal(a, a),
    "new_tensor": lambda a: a.new_tensor(3),
    "tensor": lambda a: torch.tensor([1.0], device="cuda") + a,
    "host copied": lambda a: a.copy_(torch.zeros(3)),
    "written to the host": lambda a: torch.zeros(3).copy_(a, non_blocking=True),
    "synchronize": lambda _: torch.cuda.synchronize(),
    "event": lambda _: torch.cuda.Event().synchronize(),
    "stream": lambda _: torch.cuda.current_stream().synchronize(),
}


@pytest.mark.parametrize("waiting", SYNCS.values(), ids=SYNCS)
def test_every_wait_of_the_host_is_seen_with_its_line(
    gpu: PretendGpu, waiting: Callable[[Tensor], object]
) -> None:
    a = ones(3)
    gpu.log.mark("made")
    waiting(a)
    assert gpu.log.now.syncs
    assert all("test_pretend.py" in site for _, site in gpu.log.now.syncs)


def test_what_does_not_wait_is_no_sync(gpu: PretendGpu) -> None:
    a, host = ones(3), torch.ones(3)
    gpu.log.mark("made")
    host.to("cuda", non_blocking=True)
    host.pin_memory().cuda(non_blocking=True)
    a.to("cpu", non_blocking=True)
    a[a > 0] = 2.0  # a fill through a mask
    a.repeat_interleave(2)
    functional.one_hot(a.long(), 4)
    a.view(1, 3).expand(2, 3).t()
    assert not gpu.log.now.syncs


@pytest.mark.usefixtures("gpu")
def test_numpy_needs_the_host() -> None:
    with pytest.raises(TypeError, match="can't convert cuda:0 device type tensor to numpy"):
        ones(2).numpy()
    assert ones(2).cpu().numpy().sum() == 2


def test_copies_have_size_direction_and_kind_of_memory(gpu: PretendGpu) -> None:
    host = torch.ones(500_000)
    pinned = host.pin_memory()
    assert pinned.is_pinned()
    assert not host.is_pinned()
    host.to("cuda", non_blocking=True)
    pinned[:100].to("cuda", non_blocking=True)
    ones(2).cpu()
    found = [(copy.direction, copy.size, copy.pageable) for copy in gpu.log.total.copies]
    assert found == [
        ("to the GPU", 2_000_000, True),
        ("to the GPU", 400, False),
        ("to the host", 8, True),
    ]
    assert [copy.size for copy in gpu.log.total.pageable(beyond=1_000_000)] == [2_000_000]


@pytest.mark.usefixtures("gpu")
def test_a_loader_pins_what_it_reads() -> None:
    data = TensorDataset(torch.arange(8.0))
    for workers in (0, 1):
        (batch,) = next(iter(DataLoader(data, batch_size=4, num_workers=workers, pin_memory=True)))
        assert batch.is_pinned()
        assert batch.to("cuda", non_blocking=True).tolist() == [0, 1, 2, 3]


def test_launches_are_counted_and_views_are_none(gpu: PretendGpu) -> None:
    a = ones(4, 4)
    gpu.log.mark("made")
    b = (a + 1).relu_()
    b.view(16)[2:].reshape(7, 2).t().detach()
    torch.empty(3, device="cuda")
    assert {kernel for kernel, _ in gpu.log.now.launches} == {"add", "relu_"}
    assert gpu.log.now.launched == 2
    _ = torch.ones(3) + 1
    assert gpu.log.now.launched == 2
    assert gpu.log.now.cpu.total() == 2


@pytest.mark.usefixtures("gpu")
def test_generators_belong_to_a_device() -> None:
    own = torch.Generator("cuda").manual_seed(1)
    assert torch.rand(2, generator=own, device="cuda").is_cuda
    with pytest.raises(RuntimeError, match="for generator"):
        torch.rand(2, generator=torch.Generator(), device="cuda")
    with pytest.raises(RuntimeError, match="for generator"):
        torch.rand(2, generator=own)


@pytest.mark.usefixtures("gpu")
def test_a_race_between_streams_is_seen() -> None:
    side, main = torch.cuda.Stream(), torch.cuda.current_stream()
    with torch.cuda.stream(side):
        a = ones(2)
        assert torch.cuda.current_stream() is side
    with pytest.raises(RaceError):
        _ = a + 1
    main.wait_stream(side)
    assert (a + 1).is_cuda
    with torch.cuda.stream(side):
        a.add_(1)
        event = side.record_event()
    with pytest.raises(RaceError):
        _ = a + 1
    event.wait()
    assert (a + 1).is_cuda
    with torch.cuda.stream(side):
        a.add_(1)
    torch.cuda.synchronize()
    assert (a + 1).is_cuda


@pytest.mark.usefixtures("gpu")
def test_memory_is_counted_while_it_lives() -> None:
    a = ones(1000)
    view = a[10:]
    assert torch.cuda.memory_allocated() == 4000
    del a
    assert torch.cuda.memory_allocated() == 4000
    del view
    assert torch.cuda.memory_allocated() == 0
    assert torch.cuda.max_memory_allocated() == 4000
    torch.cuda.reset_peak_memory_stats()
    assert torch.cuda.max_memory_allocated() == 0


def _network() -> nn.Module:
    torch.manual_seed(0)
    layers = (nn.Conv2d(3, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Flatten(), nn.Linear(16, 5))
    return nn.Sequential(*layers)


def _losses(device: str, *, bfloat16: bool = False) -> list[float]:
    model = _network().to(device)
    optimizer = torch.optim.AdamW(model.parameters(), lr=0.1, fused=True)
    images = torch.randn(4, 3, 4, 4, generator=torch.Generator().manual_seed(0)).to(device)
    labels, losses = torch.arange(4).to(device), list[float]()
    for _ in range(3):
        with torch.autocast(device, torch.bfloat16, enabled=bfloat16):
            logits = model(images)
        assert logits.dtype == (torch.bfloat16 if bfloat16 else torch.float32)
        loss = functional.cross_entropy(logits.float(), labels, label_smoothing=0.1)
        optimizer.zero_grad()
        loss.backward()
        assert all(p.grad is not None and str(p.grad.device)[:4] == device[:4]
                   for p in model.parameters())  # fmt: skip
        nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        losses.append(loss.item())
    twin = copy.deepcopy(model)
    assert all(a.device == b.device for a, b in zip(_held(model), _held(twin), strict=True))
    return losses


def _held(model: nn.Module) -> list[Tensor]:
    return list(model.state_dict().values())


@pytest.mark.parametrize("bfloat16", [False, True])
def test_training_computes_what_a_cpu_computes(bfloat16: bool) -> None:
    expected = _losses("cpu", bfloat16=bfloat16)
    with pretend_gpu():
        assert _losses("cuda", bfloat16=bfloat16) == expected


def test_attention_is_one_kernel_each_way(gpu: PretendGpu) -> None:
    draw = torch.Generator().manual_seed(0)
    made = [torch.randn(2, 2, 5, 4, generator=draw) for _ in range(3)]
    made.append(torch.randn(1, 2, 5, 5, generator=draw))
    host = [each.clone().requires_grad_() for each in made]
    device = [each.cuda().requires_grad_() for each in made]
    gpu.log.mark("made")
    result = attention(*device)
    result.sum().backward()
    kernels = [kernel for kernel, _ in gpu.log.now.launches]
    assert [each for each in kernels if "attention" in each] == [
        "fused_attention",
        "fused_attention_backward",
    ]
    assert gpu.log.now.launched <= 5
    attention(*host).sum().backward()
    for one, other in zip(host, device, strict=True):
        assert one.grad is not None
        assert other.grad is not None
        assert other.grad.is_cuda
        torch.testing.assert_close(other.grad.cpu(), one.grad)


def attention(*given: Any) -> Tensor:
    return functional.scaled_dot_product_attention(*given)


UNARY = ("neg", "abs", "exp", "relu", "sum", "mean", "flip0", "t", "cumsum0", "sort0")


@given(
    names=st.lists(st.sampled_from(UNARY), max_size=6),
    shape=st.tuples(st.integers(0, 4), st.integers(1, 4)),
    seed=st.integers(0, 99),
)
def test_any_chain_of_operators_stays_on_the_gpu_and_computes_the_same(
    names: list[str], shape: tuple[int, int], seed: int
) -> None:
    def chain(x: Tensor) -> Tensor:
        for name in names:
            if name == "t":
                x = x.t() if x.dim() == 2 else x
            elif name[-1] == "0":
                result = getattr(x, name[:-1])(0) if x.dim() else x
                x = result if isinstance(result, Tensor) else result[0]
            else:
                x = getattr(x, name)()
        return x

    start = torch.randn(shape, generator=torch.Generator().manual_seed(seed))
    expected = chain(start)
    with pretend_gpu() as gpu:
        found = chain(start.to("cuda", non_blocking=True))
        assert found.is_cuda
        assert not gpu.log.total.syncs
        torch.testing.assert_close(found.cpu(), expected, equal_nan=True)
