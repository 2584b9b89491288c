"""What is known of a network beyond itself: its published results, and its true counts."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field, PositiveFloat, PositiveInt

from designspace.layers.frozen import Frozen

Percent = Annotated[float, Field(ge=0, le=100)]
Printed = PositiveInt | PositiveFloat
_REST = 1e-9  # of binary fractions
KEYS = ("expected", "published")


def rounds_to(counted: float, printed: float) -> bool:
    """Whether a count rounds to a printed number, at the digits with which that is written.

    A zero at the end of a fraction is not seen: 4.10 is taken as 4.1.
    """
    digits = len(str(printed).partition(".")[2])
    return abs(counted - printed) <= 0.5 * 10**-digits + _REST


class Expected(Frozen):
    """What the network must count, exactly: at its `input_size`, 3 channels, 1000 classes.

    Attributes:
        params: Learnable parameters.
        macs: Multiply-adds, as `designspace cost` counts them.
    """

    params: PositiveInt
    macs: PositiveInt | None = None


class Published(Frozen):
    """One published row, with its numbers written as they are printed; null is not printed.

    Attributes:
        name: What the source calls the network; empty for the name of the spec.
        top1: ImageNet-1K validation, one crop, in percent.
        resolution: Side of the image in pixels at which it was measured.
        pretrain: What it was trained on, as the source says; ImageNet-1K is nothing else.
        mparams: Parameters in 1e6; 28 and 28.0 differ in how exactly they are printed.
        gmacs: Multiply-adds in 1e9, which papers call FLOPs; likewise.
        weights: Weights of this row, as `timm:NAME.TAG`; None where timm does not have them.
        source: Where it is printed.
        note: Why a count of ours may differ from what is printed.
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
