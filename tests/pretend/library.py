"""`torch.cuda` and what else of torch tells of GPUs, for one or more pretended ones."""

from __future__ import annotations

import types
from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from typing import Any
from unittest.mock import patch

import torch

from tests.pretend.methods import cloned_storage, saved, tensor_methods
from tests.pretend.state import State
from tests.pretend.streams import Streams

NAME = "Pretend GPU"
TOTAL = 80 << 30
_PLACE = "_pretend_place"


@contextmanager
def replaced(state: State, streams: Streams) -> Generator[None]:
    """Replace torch's own for a while."""
    with ExitStack() as stack:
        for owner, names in _replacements(state, streams):
            for name, value in names.items():
                stack.enter_context(patch.object(owner, name, value, create=True))
        yield


def _replacements(state: State, streams: Streams) -> list[tuple[Any, dict[str, Any]]]:
    return [
        (torch.Tensor, tensor_methods(state)),
        (torch.cuda, _cuda(state) | _memory(state) | _flow(streams)),
        (torch.accelerator, _accelerator(state, streams)),
        (torch.storage._StorageBase, {"clone": cloned_storage(state, torch.UntypedStorage.clone)}),
        (torch.autocast, {"__init__": _autocast(torch.autocast.__init__)}),
        (torch._C, {"_group_tensors_by_device_and_dtype": _grouped()}),
        (torch, {"Generator": _generator(state), "save": saved(state, torch.save), **_precision()}),
    ]


def _always(value: Any) -> Callable[..., Any]:
    """A function of anything that has one answer."""
    return lambda *_, **__: value


def _cuda(state: State) -> dict[str, Any]:
    def set_device(device: Any) -> None:
        state.current = state.device(device).index

    def exchange(index: int) -> int:
        before, state.current = state.current, index if index >= 0 else state.current
        return before

    facts = types.SimpleNamespace(
        name=NAME, major=9, minor=0, total_memory=TOTAL, multi_processor_count=132
    )
    return {
        "_lazy_init": _always(None),
        "is_initialized": _always(True),
        "is_available": _always(True),
        "device_count": lambda: state.count,
        "current_device": lambda: state.current,
        "set_device": set_device,
        "_exchange_device": exchange,
        "_maybe_exchange_device": exchange,
        "get_device_name": _always(NAME),
        "get_device_properties": _always(facts),
        "get_device_capability": _always((9, 0)),
        "is_bf16_supported": _always(True),
        "manual_seed": _always(None),
        "manual_seed_all": _always(None),
    }


def _memory(state: State) -> dict[str, Any]:
    def now(device: Any = None) -> int:
        return state.memory.allocated(state.device("cuda" if device is None else device))

    def peak(device: Any = None) -> int:
        return state.memory.peak(state.device("cuda" if device is None else device))

    def reset(device: Any = None) -> None:
        state.memory.reset_peak(state.device("cuda" if device is None else device))

    return {
        "memory_allocated": now,
        "memory_reserved": now,
        "max_memory_allocated": peak,
        "max_memory_reserved": peak,
        "reset_peak_memory_stats": reset,
        "mem_get_info": lambda device=None: (TOTAL - now(device), TOTAL),
        "empty_cache": _always(None),
        "set_per_process_memory_fraction": _always(None),
    }


def _flow(streams: Streams) -> dict[str, Any]:
    return {
        "Stream": streams.stream,
        "Event": streams.event,
        "stream": streams.using,
        "set_stream": streams.set,
        "current_stream": streams.current,
        "default_stream": streams.default,
        "is_current_stream_capturing": _always(False),
        "synchronize": streams.synchronize,
    }


def _accelerator(state: State, streams: Streams) -> dict[str, Any]:
    def set_index(device: Any) -> None:
        state.current = state.device(device).index

    return {
        "is_available": _always(True),
        "current_accelerator": _always(torch.device("cuda")),
        "device_count": lambda: state.count,
        "current_device_index": lambda: state.current,
        "set_device_index": set_index,
        "current_stream": streams.current,
        "set_stream": streams.set,
        "synchronize": streams.synchronize,
    }


def _autocast(original: Callable[..., None]) -> Callable[..., None]:
    def init(self: Any, device_type: str, *args: Any, **kwargs: Any) -> None:
        original(self, "cpu" if device_type == "cuda" else device_type, *args, **kwargs)

    return init


def _precision() -> dict[str, Any]:
    """Questions about autocast on a GPU."""
    enabled, dtype = torch.is_autocast_enabled, torch.get_autocast_dtype
    return {
        "is_autocast_enabled": lambda kind="cuda": enabled(_host(kind)),
        "get_autocast_dtype": lambda kind="cuda": dtype(_host(kind)),
    }


def _host(kind: str) -> str:
    return "cpu" if kind == "cuda" else kind


def _grouped() -> Any:
    """Torch groups an optimizer's tensors by the device that it knows of."""
    original = torch._C._group_tensors_by_device_and_dtype

    def group(lists: Any, with_indices: bool = False) -> Any:
        place = next(each.device for each in lists[0] if each is not None) if lists[0] else None
        found = original(lists, with_indices)
        return {(place, dtype): value for (_, dtype), value in found.items()}

    return group


def _generator(state: State) -> Any:
    class Generator(torch.Generator):
        """A generator of the CPU that reports the device that was asked for."""

        def __new__(cls, device: Any = "cpu") -> Any:
            made = super().__new__(cls)
            setattr(made, _PLACE, state.device(device))
            return made

        device = property(lambda self: getattr(self, _PLACE))  # pyright: ignore

    return Generator
