"""Tensor methods and attributes that tell or change the device, as a GPU's tensors have them.

They are replaced on `torch.Tensor` itself, so that they hold in every thread and inside of torch's
own Python code, where a function mode is switched off.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import Tensor
from torch.utils._pytree import tree_leaves

from tests.pretend.places import CPU, bytes_of, is_pinned, pin, place_of, storage_of
from tests.pretend.state import State, Transfer

_BASE: Any = torch._C.TensorBase
_parse_to: Any = torch._C._nn._parse_to  # pyright: ignore[reportAttributeAccessIssue]


def tensor_methods(state: State) -> dict[str, Any]:
    """What takes the place of which attribute of `torch.Tensor`."""
    moves = _Moves(state)
    return {
        "device": property(place_of),
        "is_cuda": property(lambda self: place_of(self).type == "cuda"),
        "is_cpu": property(lambda self: place_of(self).type == "cpu"),
        "get_device": lambda self: -1 if place_of(self) == CPU else place_of(self).index,
        "is_pinned": lambda self, *_: is_pinned(self),
        "pin_memory": lambda self, *_: _pinned(self),
        "record_stream": lambda self, stream: stream.record(self),
        "to": lambda self, *args, **kwargs: moves.to(self, *args, **kwargs),
        "cpu": lambda self, **_: moves.move(self, CPU),
        "cuda": lambda self, device=None, non_blocking=False, **_: moves.move(
            self, state.device("cuda" if device is None else device), non_blocking
        ),
        "tolist": lambda self: _BASE.tolist(moves.read(self)),
        "numpy": _numpy,
        "__array__": _array,
    }


class _Moves:
    """Copies between devices."""

    def __init__(self, state: State) -> None:
        self._state = state

    def to(self, own: Tensor, *args: Any, copy: bool = False, **kwargs: Any) -> Tensor:
        """`Tensor.to` in all of its forms."""
        if args and isinstance(args[0], Tensor):
            like = args[0]
            kwargs = {"device": place_of(like), "dtype": like.dtype, **kwargs}
            args = args[1:]
        device, dtype, free, layout = _parse_to(*args, **kwargs)
        words: dict[str, Any] = {"dtype": dtype or own.dtype}
        if layout is not None:
            words["memory_format"] = layout
        if device is not None and device.type not in ("cpu", "cuda"):
            return _BASE.to(own, device, copy=copy, **words)
        target = place_of(own) if device is None else self._state.device(device)
        return self.move(own, target, free, copy=copy, **words)

    def move(
        self,
        own: Tensor,
        target: torch.device,
        free: bool = False,
        copy: bool = False,
        **words: Any,
    ) -> Tensor:
        """The tensor on `target`; the same one where it lies there already."""
        words.setdefault("dtype", own.dtype)
        if place_of(own) == target:
            return _BASE.to(own, copy=copy, **words)
        self._state.transfer = Transfer(target, free)
        return _BASE.to(own, copy=True, **words)

    def read(self, own: Tensor) -> Tensor:
        """A tensor whose values go to the host, for which the host waits."""
        if place_of(own) != CPU:
            self._state.copied(place_of(own), CPU, bytes_of(own), pinned=False, free=False)
        return own


def _pinned(own: Tensor) -> Tensor:
    if place_of(own) != CPU:
        raise RuntimeError(f"cannot pin '{own.type()}' only dense CPU tensors can be pinned")
    return own if is_pinned(own) else pin(own.clone())


def _numpy(own: Tensor, *, force: bool = False) -> Any:
    if place_of(own) != CPU and force:
        return _BASE.numpy(own.detach().cpu())
    _require_host(own)
    return _BASE.numpy(own, force=force)


_ARRAY = Tensor.__array__


def _array(own: Tensor, *args: Any, **kwargs: Any) -> Any:
    _require_host(own)
    return _ARRAY(own, *args, **kwargs)


def _require_host(own: Tensor) -> None:
    if place_of(own) != CPU:
        raise TypeError(
            f"can't convert {place_of(own)} device type tensor to numpy. Use Tensor.cpu() to copy "
            "the tensor to host memory first."
        )


def cloned_storage(state: State, original: Any) -> Any:
    """`UntypedStorage.clone`, which deep copies use, on the device of its original."""

    def clone(storage: Any) -> Any:
        made = original(storage)
        place = getattr(storage, "_pretend_place", CPU)
        state.memory.put(made, place)
        if place != CPU:
            state.launched("storage clone")
        return made

    return clone


def saved(state: State, original: Any) -> Any:
    """`torch.save`, which copies tensors of a GPU to the host, one by one."""

    def save(content: Any, *args: Any, **kwargs: Any) -> Any:
        known: set[int] = set()
        for each in tree_leaves(content):
            if isinstance(each, Tensor) and place_of(each) != CPU:
                storage = storage_of(each)
                if id(storage) not in known:
                    known.add(id(storage))
                    size = int(storage.nbytes())
                    state.copied(place_of(each), CPU, size, pinned=False, free=False)
        return original(content, *args, **kwargs)

    return save
