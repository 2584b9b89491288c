"""Vega-Lite to SVG and PNG; alone in this room with vl-convert."""

from __future__ import annotations

import io
import re
from itertools import groupby

import vl_convert

from designspace.reporting.drawing.canvas import Spec
from designspace.reporting.drawing.palette import light


def svg(chart: Spec) -> str:
    """The picture for the page: without a background, and as wide as its place."""
    text = vl_convert.vegalite_to_svg(chart)
    text = re.sub(r'^(<svg [^>]*?)width="\d+" height="\d+" ', r"\1", text)
    # Links within the page come out as links into the library's own example data.
    return re.sub(r'<a xlink:href="[^"]*(#trial-\d+)"[^>]*>', r'<a href="\1">', text)


def cells(chart: Spec) -> str:
    """A picture of many cells for the page: a path for all of one look, and no seams."""
    every = re.sub(f"(?:{_CELL.pattern})+", lambda found: _joined(found[0]), svg(chart))
    return _crisp(every)


def cells_png(chart: Spec, scale: float = 2.0) -> bytes:
    """A picture of many cells as PNG on the light paper, in at most 256 colors."""
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
    """Cells that follow each other, those of one look as one path."""
    looks = groupby(_CELL.finditer(paths), key=lambda cell: cell[6])
    return "".join(f'<path d="{"".join(map(_corners, same))}" {look}/>' for look, same in looks)


def _corners(cell: re.Match[str]) -> str:
    """A cell by its corners, so that neighbors say the same of the edge between them."""
    x, y, width, height = map(float, cell.groups()[:4])
    return f"M{x:.2f},{y:.2f}H{x + width:.2f}V{y + height:.2f}H{x:.2f}Z"


def _crisp(text: str) -> str:
    """Edges on whole pixels, so that neighbors neither overlap nor leave a seam."""
    return text.replace("<svg ", '<svg shape-rendering="crispEdges" ', 1)


def png(chart: Spec, scale: float = 2.0) -> bytes:
    """The picture as PNG on the light paper, `scale` pixels a CSS pixel."""
    return vl_convert.vegalite_to_png(_on_paper(chart), scale=scale)


def _on_paper(chart: Spec) -> Spec:
    return {**chart, "background": light("paper")}
