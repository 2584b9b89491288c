"""RegNet's widths: a linear function of the block, quantised (arXiv 2003.13678, section 3.3).

Block j would have the width `w0 + wa * j`. This width is moved to the nearest `w0 * wm ** k`, where
the exponent k is rounded to a whole number, and then rounded to a multiple of 8. Consecutive blocks
of equal width form a stage. For example, with `{w0: 24, wa: 24, wm: 2}` and 4 blocks the line is
24, 48, 72, 96, the exponents k are 0, 1, 2, 2, and the widths are 24, 48, 96, 96: three stages of
depths 1, 1 and 2.

This is a short form. It is expanded to lists of `depths` and `widths` before a network is
validated, and kept in the authored form, so that changes may set `widths.w0`, `widths.wa`,
`widths.wm` and `depths`.
"""

from __future__ import annotations

import math
from functools import lru_cache
from itertools import groupby
from typing import Annotated, Any, cast

from pydantic import Field
from pydantic_core import PydanticCustomError

from designspace.errors import InputError
from designspace.layers.frozen import Frozen
from designspace.layers.numbers import Count, Size
from designspace.spec.documents.document import Document
from designspace.spec.documents.validation import validate

_DEEPEST = 10_000
_CHUNK = 32


class Quantised(Frozen):
    """Widths `w0 + wa * j` of block j, moved to the nearest `w0 * wm ** k`.

    Blocks of equal width form a stage. Each width is rounded to a multiple of `multiple_of`. If
    the block's spatial convolution has `groups: {width: ...}`, it is then rounded to whole groups,
    as in pycls.

    Attributes:
        w0: Width of the first block in channels, a multiple of `multiple_of`.
        wa: Growth from block to block, in channels.
        wm: Factor between neighbouring quantised widths.
        multiple_of: Divisor of every stage's width.
        stages: Number of stages that must result; null for any number.
    """

    w0: Size
    wa: Annotated[float, Field(strict=True, ge=0, le=1e6)]
    wm: Annotated[float, Field(strict=True, gt=1, le=1e3)]
    multiple_of: Size = 8
    stages: Count | None = None

    def over(self, depth: int, group_width: int | None = None) -> list[tuple[int, int]]:
        """Return depth and width of each stage.

        Args:
            depth: Number of blocks in all stages together.
            group_width: Channels per group: widths become multiples of it, and a narrower stage is
                a single group.
        """
        stages = [(len(list(blocks)), width) for width, blocks in groupby(self.line(depth))]
        return [(count, _in_groups(width, group_width)) for count, width in stages]

    def line(self, depth: int) -> tuple[int, ...]:
        """Return the quantised width of each of `depth` blocks, before it is rounded to groups."""
        whole = -(-depth // _CHUNK) * _CHUNK  # depths share cached lines: deeper ones begin alike
        return _line(self.w0, self.wa, self.wm, self.multiple_of, whole)[:depth]


@lru_cache(maxsize=1 << 12)
def _line(w0: int, wa: float, wm: float, q: int, depth: int) -> tuple[int, ...]:
    """Return the quantised width of each block."""
    log = math.log(wm)
    steps = [round(math.log((w0 + wa * j) / w0) / log) for j in range(depth)]
    return tuple(round(w0 * wm**step / q) * q for step in steps)


def _in_groups(width: int, group_width: int | None) -> int:
    """Return the nearest width of whole groups, at least one."""
    group = min(group_width or 1, width)
    return max(group, round(width / group) * group)


def spelt_out(network: Any) -> Any:
    """Return the network with quantised widths expanded to lists; other networks are unchanged.

    Raises:
        PydanticCustomError: The short form is wrong; the error has its path.
    """
    data = cast("dict[str, Any]", network)
    if not isinstance(network, dict) or not is_quantised(data):
        return data
    try:
        form = validate(Quantised, Document(data["widths"]))
    except InputError as error:
        said = f"{error.message}; {error.hint}" if error.hint else error.message
        raise _at(said, "widths", *(error.path or "").split(".")) from None
    depth: Any = data.get("depths")
    if type(depth) is not int or not 1 <= depth <= _DEEPEST:
        raise _at(
            f"with generated widths, depths is the total number of blocks (got {depth!r})", "depths"
        )
    if form.w0 % form.multiple_of:
        raise _at(f"{form.w0} is not a multiple of {form.multiple_of}", "widths", "w0")
    stages = form.over(depth, group_width(data.get("block")))
    if form.stages not in (None, len(stages)):
        raise _at(f"these make {len(stages)} stages, not {form.stages}", "widths")
    depths, widths = ([stage[i] for stage in stages] for i in (0, 1))
    return data | {"depths": depths, "widths": widths}


def is_quantised(network: dict[str, Any]) -> bool:
    """Return whether the widths are written in this form."""
    widths: Any = network.get("widths")
    return isinstance(widths, dict) and bool(set(cast("Any", widths)) & {"w0", "wa", "wm"})


def group_width(block: Any) -> int | None:
    """Return the group width of the block's spatial convolution; None if it has none."""
    for key in ("spatial", "groups", "width"):
        block = cast("dict[str, Any]", block).get(key) if isinstance(block, dict) else None
    return block if type(block) is int and block > 0 else None


def _at(said: str, *path: str) -> PydanticCustomError:
    return PydanticCustomError("at_path", "{said}", {"said": said, "path": path})
