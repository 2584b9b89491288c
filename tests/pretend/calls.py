"""Calls of torch's functions from Python: where they make tensors, and what a GPU does otherwise.

Below this level a function is taken apart into operators, some of which make tensors "on the device
of the input". To torch that is the CPU, so the place is passed on from here. A few functions take
another way on the CPU than on a GPU, and are counted here as the kernels of a GPU.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from tests.pretend.attention import fused_attention
from tests.pretend.places import CPU, pin, place_of
from tests.pretend.state import State

_FROM_DATA = (torch.tensor, torch.as_tensor, torch.asarray)


class Calls(TorchFunctionMode):
    """Passes on the device that a call works on."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._special: dict[Any, Callable[..., Any]] = {
            Tensor.backward: self._backward,
            Tensor.new_tensor: self._new_tensor,
            functional.one_hot: self._one_hot,
            functional.dropout: self._dropout,
            functional.scaled_dot_product_attention: self._attention,
            **{func: self._data(func) for func in _FROM_DATA},
        }

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        special = self._special.get(func)
        if special is not None:
            return special(*args, **(kwargs or {}))
        attribute = type(func).__name__ in ("method-wrapper", "getset_descriptor")
        if attribute or func.__name__ == "_parse_to":  # which only reads a device
            return func(*args, **(kwargs or {}))
        return self._call(func, args, dict(kwargs or {}))

    def _call(self, func: Any, args: Any, kwargs: dict[str, Any]) -> Any:
        asked = kwargs.get("device")
        named = asked is not None
        if named and self._state.device(asked).type in ("cpu", "cuda"):
            kwargs.pop("device")
        place = self._state.device(asked) if named else _around(args, kwargs)
        _require_own(kwargs.get("generator"), place)
        pinned = bool(kwargs.pop("pin_memory", False))
        with self._state.within(place, named=named):
            result = func(*args, **kwargs)
        return pin(result) if pinned else result

    def _backward(
        self,
        loss: Tensor,
        gradient: Any = None,
        retain_graph: Any = None,
        create_graph: bool = False,
        inputs: Any = None,
    ) -> None:
        with self, self._state.within(place_of(loss)):
            torch.autograd.backward(loss, gradient, retain_graph, create_graph, inputs=inputs)

    def _data(self, func: Any) -> Callable[..., Tensor]:
        def call(data: Any, *args: Any, device: Any = None, **kwargs: Any) -> Tensor:
            own = place_of(data) if isinstance(data, Tensor) else CPU
            place = own if device is None else self._state.device(device)
            pinned = bool(kwargs.pop("pin_memory", False))
            with self._state.within(own):
                made = func(data, *args, **kwargs)
            if pinned:
                pin(made)
            return made if place == own else made.to(place)

        return call

    def _new_tensor(self, own: Tensor, data: Any, **kwargs: Any) -> Tensor:
        kwargs.setdefault("device", place_of(own))
        kwargs.setdefault("dtype", own.dtype)
        return self._data(torch.tensor)(data, **kwargs)

    def _one_hot(self, labels: Tensor, num_classes: int = -1) -> Tensor:
        if place_of(labels) == CPU or num_classes < 0:
            return self._call(functional.one_hot, (labels, num_classes), {})
        with self._state.folding("zeros", "scatter_"):  # the CPU checks values that a GPU does not
            return self._call(functional.one_hot, (labels, num_classes), {})

    def _dropout(self, x: Tensor, p: float = 0.5, training: bool = True, **kwargs: Any) -> Tensor:
        words = {"p": p, "training": training, **kwargs}
        if place_of(x) == CPU or not training or p == 0:
            return self._call(functional.dropout, (x,), words)
        with self._state.folding("native_dropout"):
            return self._call(functional.dropout, (x,), words)

    def _attention(self, q: Tensor, k: Tensor, v: Tensor, *args: Any, **kwargs: Any) -> Tensor:
        words = dict(zip(("attn_mask", "dropout_p", "is_causal"), args, strict=False)) | kwargs
        plain = not words.get("dropout_p") and not words.get("is_causal")
        if place_of(q) == CPU or not plain:
            return self._call(functional.scaled_dot_product_attention, (q, k, v), words)
        with self._state.within(place_of(q)):
            return fused_attention(self._state, q, k, v, words.get("attn_mask"), words.get("scale"))


def _around(args: Any, kwargs: Any) -> torch.device:
    """The GPU of the tensors among the arguments, also one level down; else the CPU."""
    for each in (*args, *kwargs.values()):
        for one in each if isinstance(each, list | tuple) else (each,):
            if isinstance(one, Tensor) and place_of(one) != CPU:
                return place_of(one)
    return CPU


def _require_own(generator: torch.Generator | None, place: torch.device) -> None:
    """Refuse a generator of another kind of device."""
    if generator is not None and generator.device.type != place.type != "meta":
        raise RuntimeError(
            f"Expected a '{place.type}' device type for generator but found "
            f"'{generator.device.type}'"
        )
