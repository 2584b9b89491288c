"""Rendering of Vega-Lite to SVG and PNG. Only this module uses vl-convert.

vl-convert writes a picture of many cells (a density) with one SVG path per cell. `cells` joins
neighboring paths of the same look into one. For example, the two cells

    <path d="M0,0h1v1h-1Z" .../><path d="M1,0h1v1h-1Z" .../>

become `<path d="M0.00,0.00H1.00V1.00H0.00ZM1.00,0.00H2.00V1.00H1.00Z" .../>`. With absolute
corners, both cells round their common edge to the same number.
"""

from __future__ import annotations

import io
import re
from itertools import groupby

import vl_convert

from designspace.reporting.drawing.canvas import Spec
from designspace.reporting.drawing.palette import light


def svg(chart: Spec) -> str:
    """Draw a picture for the page: without a background, and as wide as its container."""
    text = vl_convert.vegalite_to_svg(chart)
    text = re.sub(r'^(<svg [^>]*?)width="\d+" height="\d+" ', r"\1", text)
    # vl-convert turns links within the page into links to Vega's example data; turn them back.
    return re.sub(r'<a xlink:href="[^"]*(#trial-\d+)"[^>]*>', r'<a href="\1">', text)


def cells(chart: Spec) -> str:
    """Draw a picture of many cells for the page: one path per run of equal cells, without seams."""
    every = re.sub(f"(?:{_CELL.pattern})+", lambda found: _joined(found[0]), svg(chart))
    return _crisp(every)


def cells_png(chart: Spec, scale: float = 2.0) -> bytes:
    """Draw a picture of many cells as PNG on the light paper, in at most 256 colors."""
    from PIL import Image

    drawn = vl_convert.svg_to_png(_crisp(vl_convert.vegalite_to_svg(_on_paper(chart))), scale=scale)
    small = io.BytesIO()
    Image.open(io.BytesIO(drawn)).convert("RGB").quantize(256, dither=Image.Dither.NONE).save(
        small, "PNG", optimize=True
    )
    return small.getvalue()


_NUMBER = r"(-?[\d.e-]+)"
_CELL = re.compile(
    rf'<path d="M{_NUMBER},{_NUMBER}h{_NUMBER}v{_NUMBER}h{_NUMBER}Z" '
    r'(fill="#[0-9a-f]{6}" opacity="[0-9.]+")/>'
)


def _joined(paths: str) -> str:
    """Join consecutive cells of the same look into one path."""
    looks = groupby(_CELL.finditer(paths), key=lambda cell: cell[6])
    return "".join(f'<path d="{"".join(map(_corners, same))}" {look}/>' for look, same in looks)


def _corners(cell: re.Match[str]) -> str:
    """Write a cell with absolute corners, so that neighbors agree about the edge between them."""
    x, y, width, height = map(float, cell.groups()[:4])
    return f"M{x:.2f},{y:.2f}H{x + width:.2f}V{y + height:.2f}H{x:.2f}Z"


def _crisp(text: str) -> str:
    """Snap edges to whole pixels, so that neighbors neither overlap nor leave a seam."""
    return text.replace("<svg ", '<svg shape-rendering="crispEdges" ', 1)


def png(chart: Spec, scale: float = 2.0) -> bytes:
    """Draw a picture as PNG on the light paper, with `scale` pixels per CSS pixel."""
    return vl_convert.vegalite_to_png(_on_paper(chart), scale=scale)


def _on_paper(chart: Spec) -> Spec:
    return {**chart, "background": light("paper")}
