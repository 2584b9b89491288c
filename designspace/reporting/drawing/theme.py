"""The look of the pictures as plain data for Vega-Lite."""

from __future__ import annotations

from typing import Any

from designspace.reporting.drawing.palette import light

TITLE: dict[str, Any] = {
    "anchor": "start",
    "fontSize": 17,
    "fontWeight": 600,
    "color": light("ink"),
    "subtitleFontSize": 12.5,
    "subtitleColor": light("muted"),
    "subtitlePadding": 5,
    "offset": 12,
}

CONFIG: dict[str, Any] = {
    "background": "transparent",
    "font": "Inter, Liberation Sans, Arial, Helvetica, sans-serif",
    "view": {"stroke": None},
    "axis": {
        "labelColor": light("muted"),
        "labelFontSize": 12,
        "titleColor": light("ink"),
        "titleFontSize": 13,
        "titleFontWeight": "normal",
        "titlePadding": 8,
        "gridColor": light("grid"),
        "domainColor": light("rule"),
        "tickColor": light("rule"),
    },
    "axisX": {"grid": False},
    "axisY": {"domain": False, "ticks": False},
    "legend": {"labelFontSize": 12, "labelColor": light("ink")},
}
