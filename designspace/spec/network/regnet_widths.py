"""RegNet's widths: a line over all blocks, quantised to stages (arXiv 2003.13678, section 3.3).

A short form: it is spelt out as `depths` and `widths` before a network is validated, and kept in
the authored form, so that changes may set `widths.w0`, `widths.wa`, `widths.wm` and `depths`.
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
    """Widths `w0 + wa * j` of block j, moved to the nearest `w0 * wm ** k`; equal ones are a stage.

    Each is rounded to a whole multiple; where the block's spatial convolution has
    `groups: {width: ...}`, then to whole groups, as pycls does.

    Attributes:
        w0: Width of the first block, a multiple of `multiple_of`.
        wa: By how much it grows from block to block.
        wm: Factor from one stage to the next.
        multiple_of: What each stage's width is a multiple of.
        stages: How many stages it must come to; null for any number.
    """

    w0: Size
    wa: Annotated[float, Field(strict=True, ge=0, le=1e6)]
    wm: Annotated[float, Field(strict=True, gt=1, le=1e3)]
    multiple_of: Size = 8
    stages: Count | None = None

    def over(self, depth: int, group_width: int | None = None) -> list[tuple[int, int]]:
        """Depth and width of each stage, of so many blocks in all.

        Args:
            depth: Blocks in all.
            group_width: Channels of a group: widths become whole groups, and narrower stages are
                one group.
        """
        stages = [(len(list(blocks)), width) for width, blocks in groupby(self.line(depth))]
        return [(count, _in_groups(width, group_width)) for count, width in stages]

    def line(self, depth: int) -> tuple[int, ...]:
        """The quantised width of each of so many blocks, before groups are made whole."""
        whole = -(-depth // _CHUNK) * _CHUNK  # deeper networks begin alike
        return _line(self.w0, self.wa, self.wm, self.multiple_of, whole)[:depth]


@lru_cache(maxsize=1 << 12)
def _line(w0: int, wa: float, wm: float, q: int, depth: int) -> tuple[int, ...]:
    """The quantised width of each block."""
    log = math.log(wm)
    steps = [round(math.log((w0 + wa * j) / w0) / log) for j in range(depth)]
    return tuple(round(w0 * wm**step / q) * q for step in steps)


def _in_groups(width: int, group_width: int | None) -> int:
    """The nearest whole number of groups, one at least."""
    group = min(group_width or 1, width)
    return max(group, round(width / group) * group)


def spelt_out(network: Any) -> Any:
    """The network with `depths` and `widths` as lists, where they are quantised; else as it is.

    Raises:
        PydanticCustomError: What is wrong in the short form, with its path.
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
        raise _at(f"with such widths it is the number of blocks in all (got {depth!r})", "depths")
    if form.w0 % form.multiple_of:
        raise _at(f"{form.w0} is no multiple of {form.multiple_of}", "widths", "w0")
    stages = form.over(depth, group_width(data.get("block")))
    if form.stages not in (None, len(stages)):
        raise _at(f"these make {len(stages)} stages, not {form.stages}", "widths")
    depths, widths = ([stage[i] for stage in stages] for i in (0, 1))
    return data | {"depths": depths, "widths": widths}


def is_quantised(network: dict[str, Any]) -> bool:
    """Whether the widths are written in this form."""
    widths: Any = network.get("widths")
    return isinstance(widths, dict) and bool(set(cast("Any", widths)) & {"w0", "wa", "wm"})


def group_width(block: Any) -> int | None:
    """The group width that the block's spatial convolution names."""
    for key in ("spatial", "groups", "width"):
        block = cast("dict[str, Any]", block).get(key) if isinstance(block, dict) else None
    return block if type(block) is int and block > 0 else None


def _at(said: str, *path: str) -> PydanticCustomError:
    return PydanticCustomError("at_path", "{said}", {"said": said, "path": path})
