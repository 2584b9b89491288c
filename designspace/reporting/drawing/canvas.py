"""What all pictures share: their place, their scales, their frame, as Vega-Lite's plain data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from designspace.reporting.drawing import theme

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Canvas:
    """Where a picture goes: its size in CSS pixels, and the words that it carries by itself."""

    width: int
    height: int
    title: str | None = None
    subtitle: Sequence[str] = ()

    @property
    def ticks(self) -> int:
        """About how many ticks the horizontal scale has room for."""
        return self.width // 100


def scaled(field: str, title: str, domain: tuple[float, float], *, log: bool = False) -> Spec:
    """An encoding on a scale of exactly this extent."""
    scale: Spec = {"domain": list(domain), "nice": False, "zero": False}
    if log:
        scale = {"domain": list(domain), "nice": False, "type": "log"}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale}


def layer(records: Iterable[Spec], mark: Spec, encoding: Mapping[str, Any] | None = None) -> Spec:
    """One kind of mark over records of its own."""
    return {"data": {"values": list(records)}, "mark": mark, "encoding": dict(encoding or {})}


def picture(layers: Sequence[Spec], encoding: Spec, canvas: Canvas) -> Spec:
    """The layers with the size, the words and the look that all pictures share."""
    chart: Spec = {
        "width": canvas.width,
        "height": canvas.height,
        "autosize": {"type": "fit", "contains": "padding"},
        "padding": 6,
        "config": theme.CONFIG,
        "encoding": encoding,
        "layer": list(layers),
    }
    if canvas.title:
        chart["title"] = {**theme.TITLE, "text": canvas.title, "subtitle": list(canvas.subtitle)}
    return chart
