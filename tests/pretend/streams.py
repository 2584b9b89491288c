"""Streams and events: they order nothing here, but know what is ordered, so that a race is seen.

Each stream counts its work, and knows of each other stream how much was done before its own next
work begins: by waiting for it, or for an event in it. Work that reads memory which another stream
wrote, without such a wait, is a race on a GPU. Where the host itself has waited for a stream, all
work that it gives out later comes after.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from tests.pretend.places import storage_of


class Stream:
    """A queue of a GPU's work."""

    def __init__(self, streams: Streams, device: torch.device) -> None:
        self.device, self._streams = device, streams
        self.done = 0
        self.knows: dict[Stream, int] = {}
        self.cuda_stream = id(self)

    def wait_stream(self, other: Stream) -> None:
        """Begin what follows after what the other stream has been given so far."""
        self.learn({**other.knows, other: other.done})

    def wait_event(self, event: Event) -> None:
        """Begin what follows after the event."""
        self.learn(event.knows)

    def record_event(self, event: Event | None = None) -> Event:
        """An event after what the stream has been given so far."""
        event = event or self._streams.event()
        event.record(self)
        return event

    def record(self, tensor: Tensor) -> None:
        """Keep a tensor's memory until the work so far is done."""

    def synchronize(self) -> None:
        """Let the host wait."""
        self._streams.state.synced("Stream.synchronize")
        self._streams.learn({**self.knows, self: self.done})

    def query(self) -> bool:
        """Whether all is done."""
        return True

    def is_capturing(self) -> bool:
        """Whether it records a graph; never."""
        return False

    def learn(self, known: Mapping[Stream, int]) -> None:
        """Take over what is known to come first."""
        _merge(self.knows, known)

    def __enter__(self) -> Stream:
        self._inside = self._streams.using(self)
        self._inside.__enter__()
        return self

    def __exit__(self, *error: Any) -> None:
        self._inside.__exit__(*error)


class Event:
    """A point in a stream's work."""

    def __init__(self, streams: Streams) -> None:
        self._streams = streams
        self._seconds = 0.0
        self.knows: dict[Stream, int] = {}

    def record(self, stream: Stream | None = None) -> None:
        """Set the point to the work so far."""
        stream = stream or self._streams.current()
        self.knows = {**stream.knows, stream: stream.done}
        self._seconds = time.perf_counter()

    def wait(self, stream: Stream | None = None) -> None:
        """Let a stream wait."""
        (stream or self._streams.current()).wait_event(self)

    def synchronize(self) -> None:
        """Let the host wait."""
        self._streams.state.synced("Event.synchronize")
        self._streams.learn(self.knows)

    def query(self) -> bool:
        """Whether it is reached."""
        return True

    def elapsed_time(self, later: Event) -> float:
        """Milliseconds."""
        return 1000 * (later._seconds - self._seconds)


def _merge(into: dict[Stream, int], known: Mapping[Stream, int]) -> None:
    for stream, count in known.items():
        into[stream] = max(into.get(stream, 0), count)


class RaceError(RuntimeError):
    """A stream uses what another one may not have written yet."""


class Streams:
    """The streams of all pretended GPUs."""

    def __init__(self, state: Any) -> None:
        self.state = state
        state.on_sync = self._waited
        self._host: dict[Stream, int] = {}
        self._all: list[Stream] = []
        self._defaults: dict[torch.device, Stream] = {}
        self._current: dict[torch.device, Stream] = {}

    def stream(self, device: Any = None, *_: Any, **__: Any) -> Stream:
        """A new stream: `torch.cuda.Stream`."""
        made = Stream(self, self.state.device("cuda" if device is None else device))
        self._all.append(made)
        return made

    def event(self, *_: Any, **__: Any) -> Event:
        """A new event: `torch.cuda.Event`."""
        return Event(self)

    def default(self, device: Any = None) -> Stream:
        """The stream that is used where no other is asked for."""
        place = self.state.device("cuda" if device is None else device)
        if place not in self._defaults:
            self._defaults[place] = self.stream(place)
        return self._defaults[place]

    def current(self, device: Any = None) -> Stream:
        """The stream that is in use."""
        place = self.state.device("cuda" if device is None else device)
        return self._current.get(place) or self.default(place)

    def set(self, stream: Stream) -> None:
        """Use a stream."""
        self._current[stream.device] = stream

    @contextmanager
    def using(self, stream: Stream | None) -> Generator[None]:
        """Use a stream for a while: `torch.cuda.stream`."""
        if stream is None:
            yield
            return
        before = self.current(stream.device)
        self.set(stream)
        try:
            yield
        finally:
            self.set(before)

    def learn(self, known: Mapping[Stream, int]) -> None:
        """Note what the host knows to be done."""
        _merge(self._host, known)

    def _waited(self) -> None:
        for device in self._defaults:
            stream = self.current(device)
            self.learn({**stream.knows, stream: stream.done})

    def synchronize(self, device: Any = None) -> None:
        """Let the host wait for all streams of a device: `torch.cuda.synchronize`."""
        self.state.synced("torch.cuda.synchronize")
        place = self.state.device("cuda" if device is None else device)
        self.learn({each: each.done for each in self._all if each.device == place})

    def work(self, place: torch.device, reads: Sequence[Tensor], writes: Sequence[Tensor]) -> None:
        """Note a kernel in the stream in use.

        Raises:
            RaceError: It uses memory that another stream wrote, and does not wait for that.
        """
        stream = self.current(place)
        stream.learn(self._host)
        for each in reads:
            writer = getattr(storage_of(each), "_pretend_writer", None)
            if writer is not None and self._races(stream, *writer):
                raise RaceError("a stream uses what another has not finished; wait_stream first")
        stream.done += 1
        for each in writes:
            storage_of(each)._pretend_writer = (stream, stream.done)

    def _races(self, stream: Stream, writer: Stream, count: int) -> bool:
        """Whether the writer's work may be unfinished; what outlived other GPUs is finished."""
        if writer is stream or writer.device != stream.device or writer not in self._all:
            return False
        return stream.knows.get(writer, 0) < count
