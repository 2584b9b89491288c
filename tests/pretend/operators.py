"""What CUDA does with an operator: whether it launches, waits for the host, or takes host tensors.

Read from torch's sources (`aten/src/ATen/native/cuda` and the composite operators above). A kernel
is counted per aten operator, which is a lower bound: `_foreach_add_` of many tensors, a convolution
with bias or the backward pass of a norm launch several.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from tests.pretend.places import CPU, place_of

COPIES = frozenset({"_to_copy", "copy_", "_foreach_copy_"})
"""Operators that go from one device to another."""

SYNCING = frozenset(
    {
        "_local_scalar_dense", "nonzero", "nonzero_numpy", "masked_select", "bincount", "equal",
        "_unique", "_unique2", "unique_dim", "unique_consecutive", "unique_dim_consecutive",
    }
)  # fmt: skip
"""Operators that wait for the GPU: the shape or value of their result is needed on the host."""

_SILENT = frozenset(
    {
        "empty", "empty_strided", "empty_like", "new_empty", "new_empty_strided", "_unsafe_view",
        "_reshape_alias", "detach", "detach_", "alias", "lift_fresh", "lift", "set_", "resize_",
        "t_", "squeeze_", "unsqueeze_", "transpose_", "as_strided_", "record_stream",
        "_local_scalar_dense", "is_same_size", "_pin_memory", "is_pinned", "item", "empty_permuted",
    }
)  # fmt: skip
"""Operators without a kernel, beside the views."""

_INDEXING = frozenset({"index", "index_put", "index_put_", "_index_put_impl_"})
_NO_SCALARS = frozenset({"cat", "stack"})
"""Operators for which a host tensor without dimensions is no scalar."""


class MixedDevicesError(RuntimeError):
    """An operator got tensors on different devices."""


def name_of(func: Any) -> str:
    """`add` of `aten::add.Tensor`; with its namespace where that is another."""
    return func._schema.name.removeprefix("aten::")


def launches(name: str, func: Any, result: Any) -> bool:
    """Whether an operator on GPU tensors has a kernel."""
    if name in _SILENT or func.is_view:
        return False
    made = [each for each in _flat(result) if isinstance(each, Tensor)]
    return not made or any(each.numel() for each in made)


def waits(name: str, args: Sequence[Any], kwargs: dict[str, Any]) -> str | None:
    """Why the host waits for the GPU in this operator; None where it does not."""
    if name in SYNCING:
        return name
    if name == "repeat_interleave" and kwargs.get("output_size") is None:
        return "repeat_interleave without output_size"
    if name not in _INDEXING:
        return None
    chosen = [each for each in args[1] if isinstance(each, Tensor)]
    if any(place_of(each) == CPU for each in chosen):
        return f"{name} by a host tensor"
    masks = [each for each in chosen if each.dtype in (torch.bool, torch.uint8)]
    if masks and not (name != "index" and args[2].numel() == 1):  # that one is a masked_fill
        return f"{name} by a mask"
    return None


def common_place(name: str, args: Sequence[Any], tensors: Sequence[Tensor]) -> torch.device:
    """The one device of an operator's tensors, by CUDA's rules.

    Raises:
        MixedDevicesError: Tensors lie on different devices. One without dimensions on the host is
            a scalar to most operators; index tensors may be on the host.
    """
    if name in _INDEXING:
        return _indexed(name, args, tensors)
    places = {place_of(each) for each in tensors}
    if len(places) > 1 and name not in _NO_SCALARS:
        places = {place_of(each) for each in tensors if each.dim() or place_of(each) != CPU}
    return _single(name, places)


def _indexed(name: str, args: Sequence[Any], tensors: Sequence[Tensor]) -> torch.device:
    own = place_of(args[0])
    chosen = [each for each in args[1] if isinstance(each, Tensor)]
    strange = {place_of(each) for each in chosen} - {own, CPU}
    if strange:
        raise MixedDevicesError(
            f"indices should be either on cpu or on the same device as the indexed tensor ({own}), "
            f"got {strange} in {name}"
        )
    values = [each for each in tensors[1:] if not any(each is index for index in chosen)]
    return _single(name, {own, *(place_of(each) for each in values if each.dim())})


def _single(name: str, places: set[torch.device]) -> torch.device:
    if len(places) > 1:
        found = ", ".join(sorted(map(str, places)))
        raise MixedDevicesError(
            "Expected all tensors to be on the same device, but found at least two devices, "
            f"{found}, in {name}"
        )
    return places.pop()


def _flat(result: Any) -> Sequence[Any]:
    return result if isinstance(result, list | tuple) else (result,)
