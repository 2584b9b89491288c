"""Every operator of torch, seen below autograd: placed, checked, counted, then run on the CPU."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves

from tests.pretend.log import site
from tests.pretend.operators import COPIES, common_place, launches, name_of, waits
from tests.pretend.places import CPU, bytes_of, is_pinned, pin, place_of, storage_of
from tests.pretend.state import State
from tests.pretend.streams import Streams


class Kernels(TorchDispatchMode):
    """Runs operators on the CPU and notes what a GPU would have done.

    The backward pass comes by here too, as autograd runs CPU tensors in the calling thread.
    """

    def __init__(self, state: State, streams: Streams) -> None:
        super().__init__()
        self._state, self._streams = state, streams

    @classmethod
    def _should_skip_dynamo(cls) -> bool:
        return False  # its guard against compilation imports the compiler, which takes seconds

    def __torch_dispatch__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        kwargs = dict(kwargs or {})
        tensors = [each for each in tree_leaves((args, kwargs)) if isinstance(each, Tensor)]
        name, asked = name_of(func), kwargs.pop("device", None)
        pinned = kwargs.pop("pin_memory", None)
        if asked is not None and torch.device(asked).type not in ("cpu", "cuda"):
            return func(*args, **kwargs, device=asked)
        if name in COPIES:
            return self._copy(func, name, args, kwargs, asked)
        place = self._place(name, args, tensors, asked)
        result = func(*args, **kwargs)
        made = [each for each in tree_leaves(result) if isinstance(each, Tensor)]
        for each in made:
            self._state.memory.put(storage_of(each), place)
            if pinned:
                pin(each)
        self._order(place, tensors, made)
        self._note(func, name, args, kwargs, place, result)
        return result

    def _place(
        self, name: str, args: Sequence[Any], tensors: Sequence[Tensor], asked: Any
    ) -> torch.device:
        if asked is not None and torch.device(asked).type == "cuda":
            return self._state.device(asked)
        around, named = (self._state.surroundings or [(CPU, False)])[-1]
        if not tensors:
            return around
        if named and (name.startswith("new_") or name.endswith("_like")):
            return around
        return common_place(name, args, tensors)

    def _order(
        self, place: torch.device, reads: Sequence[Tensor], writes: Sequence[Tensor]
    ) -> None:
        """Let the stream in use do the work."""
        if place.type == "cuda":
            here = [each for each in reads if place_of(each) == place]
            self._streams.work(place, here, writes)

    def _note(
        self, func: Any, name: str, args: Any, kwargs: Any, place: torch.device, result: Any
    ) -> None:
        if self._state.folded or place.type == "meta":
            return
        if place == CPU:
            if launches(name, func, result):
                self._state.log.now.cpu[name, site()] += 1
            return
        cause = waits(name, args, kwargs)
        if cause is not None:
            self._state.synced(cause)
        if name == "_local_scalar_dense":
            self._state.copied(place, CPU, bytes_of(args[0]), pinned=True, free=True)
        if launches(name, func, result):
            self._state.launched(name)

    def _copy(self, func: Any, name: str, args: Any, kwargs: Any, asked: Any) -> Any:
        if name == "_foreach_copy_":
            result = func(*args, **kwargs)
            return self._copied_pairs(args, kwargs, result)
        if name == "copy_":
            result = func(*args, **kwargs)
            free = bool(kwargs.get("non_blocking") or (len(args) > 2 and args[2]))
            self._moved(args[1], args[0], free)
            return result
        transfer, self._state.transfer = self._state.transfer, None
        source = place_of(args[0])
        target, free = source, bool(kwargs.get("non_blocking"))
        if transfer is not None:
            target, free = transfer.target, transfer.non_blocking
        elif asked is not None and torch.device(asked).type == "cuda":
            target = self._state.device(asked)
        result = func(*args, **kwargs)
        self._state.memory.put(storage_of(result), target)
        if target == CPU != source and free:
            pin(result)  # torch makes it so
        self._moved(args[0], result, free)
        return result

    def _copied_pairs(self, args: Any, kwargs: Any, result: Any) -> Any:
        free = bool(kwargs.get("non_blocking") or (len(args) > 2 and args[2]))
        pairs = list(zip(args[1], args[0], strict=True))
        if all(place_of(a) == place_of(b) for a, b in pairs):
            if pairs and place_of(pairs[0][0]) != CPU:
                self._state.launched("_foreach_copy_")
            return result
        for source, target in pairs:
            self._moved(source, target, free)
        return result

    def _moved(self, source: Tensor, target: Tensor, free: bool) -> None:
        """Note a copy of elements: a kernel within a device, a transfer between two."""
        start, end = place_of(source), place_of(target)
        self._order(start if end == CPU else end, [source], [target])
        if self._state.folded or "meta" in (start.type, end.type):
            return
        if start != end:
            host = source if start == CPU else target
            size = bytes_of(target)
            self._state.copied(start, end, size, pinned=is_pinned(host), free=free)
        elif start == CPU:
            self._state.log.now.cpu["copy_", site()] += 1
        elif target.numel():
            self._state.launched("copy_")
