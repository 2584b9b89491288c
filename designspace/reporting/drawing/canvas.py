"""Size, scales and frame of all pictures, as plain data for Vega-Lite."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from designspace.reporting.drawing import theme

Spec = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Canvas:
    """Size of a picture in CSS pixels, and the title and subtitle that are drawn into it."""

    width: int
    height: int
    title: str | None = None
    subtitle: Sequence[str] = ()

    @property
    def ticks(self) -> int:
        """Approximate number of ticks that fit on the horizontal scale."""
        return self.width // 100


def scaled(field: str, title: str, domain: tuple[float, float], *, log: bool = False) -> Spec:
    """Return an encoding on a scale with exactly this domain."""
    scale: Spec = {"domain": list(domain), "nice": False, "zero": False}
    if log:
        scale = {"domain": list(domain), "nice": False, "type": "log"}
    return {"field": field, "type": "quantitative", "title": title, "scale": scale}


def layer(records: Iterable[Spec], mark: Spec, encoding: Mapping[str, Any] | None = None) -> Spec:
    """Return a layer with one kind of mark and its own records."""
    return {"data": {"values": list(records)}, "mark": mark, "encoding": dict(encoding or {})}


def picture(layers: Sequence[Spec], encoding: Spec, canvas: Canvas) -> Spec:
    """Combine the layers with the size, the title and the look that all pictures share."""
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
