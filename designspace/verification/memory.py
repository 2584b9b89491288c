"""What torch itself holds in a training step, without the memory: fake tensors are counted.

Fake CUDA tensors take the way of a GPU through the forward pass (kernels, mixed precision); their
backward pass needs a GPU, so that the peak is counted on fake CPU tensors.
"""

from __future__ import annotations

import weakref
from collections.abc import Generator, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor, nn
from torch._subclasses.fake_tensor import FakeTensorMode
from torch.autograd.graph import saved_tensors_hooks
from torch.nn import functional
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves
from torch.utils.weak import WeakIdKeyDictionary

from designspace.compiler import build
from designspace.compiler.build import module_of
from designspace.compiler.kernels import forced
from designspace.layers.feature import Feature
from designspace.layers.saved_tensors import Precision
from designspace.layers.trace import Node
from designspace.spec.network.network import Network


def saved_bytes(network: Network, batch_size: int, precision: Precision) -> int:
    """Bytes of the distinct tensors that autograd keeps, as on a GPU; parameters left out."""
    with _fake(network, batch_size, "cuda") as (model, images, _):
        return _run(model, (images,), precision)[0]


def saved_by(
    node: Node, batch_size: int, precision: Precision, dtype: torch.dtype = torch.float32
) -> tuple[int, torch.dtype]:
    """Bytes that autograd keeps for a layer, as on a GPU, and the precision of its output.

    Args:
        node: The layer's run on shapes; the module is in training.
        batch_size: Images.
        precision: That of the training step.
        dtype: That of what the layer takes.
    """
    with torch.device("meta"):
        module = module_of(node).train()
    with FakeTensorMode(allow_non_fake_inputs=True), forced("linear"):
        inputs = [_empty(x, batch_size, dtype).requires_grad_() for x in node.inputs]
        size, output = _run(module.to_empty(device="cuda"), inputs, precision)
        return size, output.dtype


def _empty(x: Feature, batch_size: int, dtype: torch.dtype) -> Tensor:
    """A tensor of a feature on a GPU; a map is channels-last in memory."""
    values = torch.empty(batch_size, *x.shape, device="cuda", dtype=dtype)
    return values.permute(0, 3, 1, 2) if values.ndim == 4 else values


def _run(model: nn.Module, inputs: Sequence[Tensor], precision: Precision) -> tuple[int, Tensor]:
    """Run a module on fake tensors; return the bytes that autograd keeps, and the output."""
    kept: dict[int, tuple[int, Tensor]] = {}
    own = {_memory(each) for each in (*model.parameters(), *model.buffers())}

    def pack(tensor: Tensor) -> Tensor:
        if _memory(tensor) not in own:
            kept[_memory(tensor)] = (tensor.untyped_storage().nbytes(), tensor)
        return tensor

    with _autocast(precision), saved_tensors_hooks(pack, lambda tensor: tensor), _Kernels():
        output = model(*inputs)
    return sum(size for size, _ in kept.values()), output


def peak_bytes(network: Network, batch_size: int) -> int:
    """Most bytes alive at once in a step of float32 training with AdamW."""
    live = _Live()
    with _fake(network, batch_size, "cpu") as (model, images, labels):
        optimizer = torch.optim.AdamW(model.parameters(), foreach=True)
        for each in (*model.parameters(), images):
            live.note(each)
        with live:
            for _ in range(2):  # the first has no moments yet
                optimizer.zero_grad()
                loss = functional.cross_entropy(model(images), labels)
                loss.backward()
                optimizer.step()
    return live.peak


@contextmanager
def _fake(
    network: Network, batch_size: int, device: str
) -> Generator[tuple[nn.Module, Tensor, Tensor]]:
    """A network in training, images and labels, of fake tensors."""
    with torch.device("meta"):
        model = build(network).train()
    with FakeTensorMode(allow_non_fake_inputs=True), forced("linear"):
        size = network.input_size
        images = torch.empty(batch_size, size, size, 3, device=device).permute(0, 3, 1, 2)
        labels = torch.empty(batch_size, dtype=torch.int64, device=device)
        yield model.to_empty(device=device), images, labels


class _Kernels(TorchFunctionMode):
    """Kernels that a GPU takes, and torch does not take without one.

    Fused attention, and convolutions that leave the layout as it is.
    """

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if func is functional.scaled_dot_product_attention:
            return _fused_attention(*args, **kwargs)
        result = func(*args, **(kwargs or {}))
        if func is functional.conv2d:
            return result.contiguous(memory_format=torch.channels_last)
        return result


def _fused_attention(q: Tensor, k: Tensor, v: Tensor, attn_mask: Tensor | None) -> Tensor:
    if torch.is_autocast_enabled("cuda"):
        q, k, v = q.bfloat16(), k.bfloat16(), v.bfloat16()
        attn_mask = None if attn_mask is None else attn_mask.bfloat16()
    if attn_mask is not None:
        attn_mask = attn_mask.expand(q.shape[0], *attn_mask.shape[-3:])
    attend = torch.ops.aten._scaled_dot_product_efficient_attention
    return attend(q, k, v, attn_mask, compute_log_sumexp=True)[0]


@contextmanager
def _autocast(precision: Precision) -> Generator[None]:
    """Automatic mixed precision of a GPU, which `torch.autocast` refuses to set up without one."""
    before = torch.is_autocast_enabled("cuda"), torch.get_autocast_dtype("cuda")
    torch.set_autocast_enabled("cuda", precision == "bf16")
    torch.set_autocast_dtype("cuda", torch.bfloat16)
    torch.autocast_increment_nesting()
    try:
        yield
    finally:
        if torch.autocast_decrement_nesting() == 0:
            torch.clear_autocast_cache()
        torch.set_autocast_enabled("cuda", before[0])
        torch.set_autocast_dtype("cuda", before[1])


def _memory(tensor: Tensor) -> int:
    """What tells a tensor's memory from another's while both live."""
    return tensor.untyped_storage()._cdata  # pyright: ignore[reportPrivateUsage]


class _Live(TorchDispatchMode):
    """Counts the bytes of all memory that operations make, until it is given back."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.peak = 0, 0
        self._known = WeakIdKeyDictionary()

    def note(self, tensor: Tensor) -> None:
        """Count a tensor's memory, once."""
        storage = tensor.untyped_storage()
        if storage in self._known:
            return
        size = storage.nbytes()
        self._known[storage] = size
        self.now += size
        self.peak = max(self.peak, self.now)
        weakref.finalize(storage, self._gone, size)

    def _gone(self, size: int) -> None:
        self.now -= size

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = func(*args, **(kwargs or {}))
        for each in tree_leaves(result):
            if isinstance(each, Tensor):
                self.note(each)
        return result
