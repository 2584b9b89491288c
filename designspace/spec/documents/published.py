"""Facts about a network that are not part of it: published results, and true counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from designspace.layers.frozen import Frozen

Percent = Annotated[float, Field(ge=0, le=100)]
Printed = PositiveInt | PositiveFloat
_REST = 1e-9  # tolerance for the error of binary fractions
KEYS = ("expected", "published")


def rounds_to(counted: float, printed: float) -> bool:
    """Return whether a count rounds to a printed number, at the digits of the printed number.

    A trailing zero of a fraction is lost: 4.10 is read as 4.1.
    """
    digits = len(str(printed).partition(".")[2])
    return abs(counted - printed) <= 0.5 * 10**-digits + _REST


class Expected(Frozen):
    """Exact counts of the network at its `input_size`, with 3 channels and 1000 classes.

    Attributes:
        params: Number of learnable parameters.
        macs: Number of multiply-adds, as `designspace cost` counts them.
    """

    params: PositiveInt
    macs: PositiveInt | None = None


class Published(Frozen):
    """One published row, with its numbers as they are printed; null means not printed.

    Attributes:
        name: Name of the network in the source; empty if it is the name of the spec.
        top1: Top-1 accuracy on ImageNet-1K validation with one crop, in percent.
        resolution: Side of the images at which it was measured, in pixels.
        pretrain: Training data, as the source names them; "ImageNet-1K" means no other data.
        mparams: Parameters in 1e6; 28 and 28.0 are printed with different precision.
        gmacs: Multiply-adds in 1e9, which papers call FLOPs; with the precision of the source.
        weights: Weights of this row, as `timm:NAME.TAG`; None if timm does not have them.
        source: Publication that prints the row.
        note: Reason why our count may differ from the printed one.
    """

    name: str = ""
    top1: Percent | None = None
    resolution: PositiveInt = 224
    pretrain: str = "ImageNet-1K"
    mparams: Printed | None = None
    gmacs: Printed | None = None
    weights: str | None = Field(default=None, pattern=r"^timm:")
    source: str = Field(min_length=1)
    note: str | None = None
