"""Small pictures and tables for notebooks: plain data in, one piece of HTML out.

`svg` draws, `html` writes tables and combines pieces, and `frames` passes rows to pandas. Nothing
here knows a network or a study: other classes pass labels and numbers, and return the result from
their `_repr_html_`. The output has no scripts, no links and no external resources, and all text is
escaped, so that a name from a file can never become markup.

Example: `page("micro", bars([Bar("stage 1", 0.4, "0.40 G")]), table(...))`.
"""

from designspace.figures.frames import frame
from designspace.figures.html import page, table
from designspace.figures.svg import Bar, Box, Interval, Point, bars, boxes, intervals, staircase

__all__ = [
    "Bar",
    "Box",
    "Interval",
    "Point",
    "bars",
    "boxes",
    "frame",
    "intervals",
    "page",
    "staircase",
    "table",
]
