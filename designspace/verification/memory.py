"""The memory that torch holds in a training step, measured on fake tensors without allocating it.

A fake tensor has a shape, a type and a device, but no data. On fake CUDA tensors, the forward pass
uses the kernels and the mixed precision of a GPU. The backward pass would need a real GPU, so the
peak is measured on fake CPU tensors. Bytes are counted once per storage: a tensor of 2 x 3 float32
and its transpose share a storage and together hold 24 bytes.
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
from designspace.compiler.kernels.choice import forced
from designspace.layers.feature import Feature
from designspace.layers.saved_tensors import Precision
from designspace.layers.trace import Node
from designspace.spec.network.network import Network


def saved_bytes(network: Network, batch_size: int, precision: Precision) -> int:
    """Return the bytes of the distinct tensors that autograd saves on a GPU, without parameters."""
    with _fake(network, batch_size, "cuda") as (model, images, _):
        return _run(model, (images,), precision)[0]


def saved_by(
    node: Node, batch_size: int, precision: Precision, dtype: torch.dtype = torch.float32
) -> tuple[int, torch.dtype]:
    """Return the bytes that autograd saves for a layer on a GPU, and the dtype of its output.

    Args:
        node: Run of the layer on shapes; its module is set to training mode.
        batch_size: Number of images.
        precision: Precision of the training step.
        dtype: Dtype of the layer's inputs.
    """
    with torch.device("meta"):
        module = module_of(node).train()
    with FakeTensorMode(allow_non_fake_inputs=True), forced("linear"):
        inputs = [_empty(x, batch_size, dtype).requires_grad_() for x in node.inputs]
        size, output = _run(module.to_empty(device="cuda"), inputs, precision)
        return size, output.dtype


def _empty(x: Feature, batch_size: int, dtype: torch.dtype) -> Tensor:
    """Return an empty GPU tensor for a feature; a map is channels-last in memory."""
    values = torch.empty(batch_size, *x.shape, device="cuda", dtype=dtype)
    return values.permute(0, 3, 1, 2) if values.ndim == 4 else values


def _run(model: nn.Module, inputs: Sequence[Tensor], precision: Precision) -> tuple[int, Tensor]:
    """Run a module on fake tensors; return the bytes that autograd saves, and the output."""
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
    """Return the most bytes alive at once in a float32 training step with AdamW."""
    live = _Live()
    with _fake(network, batch_size, "cpu") as (model, images, labels):
        optimizer = torch.optim.AdamW(model.parameters(), foreach=True)
        for each in (*model.parameters(), images):
            live.note(each)
        with live:
            for _ in range(2):  # AdamW has no moments before the first step
                optimizer.zero_grad()
                loss = functional.cross_entropy(model(images), labels)
                loss.backward()
                optimizer.step()
    return live.peak


@contextmanager
def _fake(
    network: Network, batch_size: int, device: str
) -> Generator[tuple[nn.Module, Tensor, Tensor]]:
    """Yield a network in training mode, images and labels, all as fake tensors."""
    with torch.device("meta"):
        model = build(network).train()
    with FakeTensorMode(allow_non_fake_inputs=True), forced("linear"):
        size = network.input_size
        images = torch.empty(batch_size, size, size, 3, device=device).permute(0, 3, 1, 2)
        labels = torch.empty(batch_size, dtype=torch.int64, device=device)
        yield model.to_empty(device=device), images, labels


class _Kernels(TorchFunctionMode):
    """Kernels that torch uses on a GPU, but does not choose without one.

    These are fused attention, and convolutions that keep the layout.
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
    """Enable the mixed precision of a GPU, which `torch.autocast` refuses to set up without one."""
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
    """Return an identifier of a tensor's storage, unique among live storages."""
    return tensor.untyped_storage()._cdata  # pyright: ignore[reportPrivateUsage]


class _Live(TorchDispatchMode):
    """Counter of the bytes of all live storages that operations create, with their peak."""

    def __init__(self) -> None:
        super().__init__()
        self.now, self.peak = 0, 0
        self._known = WeakIdKeyDictionary()

    def note(self, tensor: Tensor) -> None:
        """Count a tensor's storage once, until it is freed."""
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
