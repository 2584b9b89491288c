"""Vega-Lite to SVG and PNG; alone in this room with vl-convert."""

from __future__ import annotations

import re

import vl_convert

from designspace.report.canvas import Spec
from designspace.report.palette import light


def svg(chart: Spec) -> str:
    """The picture for the page: without a background, and as wide as its place."""
    text = vl_convert.vegalite_to_svg(chart)
    text = re.sub(r'^(<svg [^>]*?)width="\d+" height="\d+" ', r"\1", text)
    # Links within the page come out as links into the library's own example data.
    return re.sub(r'<a xlink:href="[^"]*(#trial-\d+)"[^>]*>', r'<a href="\1">', text)


def png(chart: Spec, scale: float = 2.0) -> bytes:
    """The picture as PNG on the light paper, `scale` pixels a CSS pixel."""
    on_paper = {**chart, "background": light("paper")}
    return vl_convert.vegalite_to_png(on_paper, scale=scale)
