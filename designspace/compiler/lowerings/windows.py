"""Windows: cut, attend, put back. All of it follows the map's size at run time.

Windows are a map too, (batch, channels, windows, tokens), so that the layers between take them as
they take any map.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional

from designspace.compiler.lower import lowers
from designspace.compiler.lowerings.attention import attend
from designspace.compiler.lowerings.latest import Latest
from designspace.compiler.modules import NoWeightDecay
from designspace.layers.feature import Feature
from designspace.layers.leaves import windows


def padded(length: int, window: int) -> int:
    """The next multiple of the window, in a form that torch's symbolic shapes simplify."""
    return (length + window - 1) // window * window


def shift_of(like: Tensor, window: int, shift: int) -> int:
    """The shift for a map (batch, channels, height, width): none where a window covers it."""
    return shift if min(like.shape[2:]) > window else 0


class Windows(nn.Module):
    """What the three modules know: the window's side and the shift."""

    def __init__(self, window: int, shift: int) -> None:
        super().__init__()
        self.window, self.shift = window, shift


class PaddedWindows(Windows):
    """That, and whether the map is padded before it is rolled."""

    def __init__(self, window: int, shift: int, pad_first: bool) -> None:
        super().__init__(window, shift)
        self.pad_first = pad_first


class WindowPartition(PaddedWindows):
    """(batch, channels, height, width) to (batch, channels, windows, tokens)."""

    def forward(self, x: Tensor) -> Tensor:
        """Pad and roll, then cut."""
        side, shift = self.window, shift_of(x, self.window, self.shift)
        x = x.permute(0, 2, 3, 1)
        if shift and not self.pad_first:
            x = x.roll((-shift, -shift), (1, 2))
        batch, height, width, channels = x.shape
        down, right = padded(height, side) - height, padded(width, side) - width
        x = functional.pad(x, (0, 0, 0, right, 0, down))
        if shift and self.pad_first:
            x = x.roll((-shift, -shift), (1, 2))
        rows, columns = (height + down) // side, (width + right) // side
        x = x.reshape(batch, rows, side, columns, side, channels).transpose(2, 3)
        return x.reshape(batch, rows * columns, side * side, channels).permute(0, 3, 1, 2)


class WindowMerge(PaddedWindows):
    """(batch, channels, windows, tokens) to the map of the second input."""

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """Put together, then roll back and crop."""
        side, shift = self.window, shift_of(like, self.window, self.shift)
        batch, channels, height, width = x.shape[0], x.shape[1], *like.shape[2:]
        rows, columns = padded(height, side) // side, padded(width, side) // side
        x = x.permute(0, 2, 3, 1).reshape(batch, rows, columns, side, side, channels)
        x = x.transpose(2, 3).reshape(batch, rows * side, columns * side, channels)
        if shift and self.pad_first:
            x = x.roll((shift, shift), (1, 2))
        x = x[:, :height, :width]
        if shift and not self.pad_first:
            x = x.roll((shift, shift), (1, 2))
        return x.permute(0, 3, 1, 2)


class WindowAttend(Windows, NoWeightDecay):
    """Attention within windows, with a bias an offset, and masked where the map was rolled."""

    def __init__(self, heads: int, window: int, shift: int) -> None:
        super().__init__(window, shift)
        self.heads = heads
        self.masks = Latest()
        self.table = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        self.reset_parameters()

    def forward(self, qkv: Tensor, like: Tensor) -> Tensor:
        """(batch, 3 * channels, windows, tokens) to (batch, channels, windows, tokens)."""
        tokens, bias = self.window**2, offset_bias(self.table, self.window)
        shift = shift_of(like, self.window, self.shift)
        if shift:
            bias = bias + self.masks(
                like, bias.dtype, lambda: self._mask(like, shift).unsqueeze(1).to(bias.dtype)
            )
            bias = bias.expand(qkv.shape[0], *bias.shape).flatten(0, 1)
        rows = qkv.permute(0, 2, 3, 1).flatten(0, 1)
        mixed = attend(rows, self.heads, bias.to(qkv.dtype))
        return mixed.reshape(qkv.shape[0], qkv.shape[2], tokens, -1).permute(0, 3, 1, 2)

    def _mask(self, like: Tensor, shift: int) -> Tensor:
        """(windows, tokens, tokens): -100, as in Swin's code, between what was apart."""
        side = self.window
        row, column = (
            _regions(padded(length, side), side, shift, like.device) for length in like.shape[2:]
        )
        label = row[:, None] * 3 + column[None, :]
        rows, columns = row.shape[0], column.shape[0]
        label = label.reshape(rows // side, side, columns // side, side)
        label = label.transpose(1, 2).reshape(-1, side * side)
        return (label[:, :, None] != label[:, None, :]) * -100.0


def _regions(length: int, window: int, shift: int, device: torch.device) -> Tensor:
    """Along one side: 0 before the last window, then 1, then 2 for what was rolled around."""
    place = torch.arange(length, device=device)
    return (place >= length - window).long() + (place >= length - shift).long()


def offset_bias(table: Tensor, window: int) -> Tensor:
    """The bias of each two positions of a window: (heads, tokens, tokens).

    The row of the table for an offset is `(dy + window - 1) * (2 * window - 1) + dx + window - 1`.
    Along one axis the wanted values for position j are a slice of the table that starts at
    `window - 1 - j`, so that sliding slices in reverse order are the bias, without a table of
    indices that would have to be kept beside the weights.

    Args:
        table: ((2 * window - 1) ** 2, heads).
        window: Side of the window.
    """
    side = 2 * window - 1
    square = table.reshape(side, side, -1)
    slices: Tensor = square.unfold(0, window, 1).unfold(1, window, 1)
    # (from y, from x, heads, to y, to x)
    bias = slices.flip(0, 1).permute(2, 3, 4, 0, 1)
    return bias.reshape(-1, window**2, window**2)


class GatherPatches(nn.Module):
    """(batch, channels, height, width) to (batch, 4 * channels, height / 2, width / 2)."""

    def forward(self, x: Tensor) -> Tensor:
        """Pad odd sides, then gather."""
        x = x.permute(0, 2, 3, 1)
        batch, height, width, channels = x.shape
        x = functional.pad(x, (0, 0, 0, width % 2, 0, height % 2))
        x = x.reshape(batch, (height + 1) // 2, 2, (width + 1) // 2, 2, channels)
        return x.permute(0, 1, 3, 4, 2, 5).flatten(3).permute(0, 3, 1, 2)


@lowers(windows.WindowPartition)
def _partition(leaf: windows.WindowPartition, x: Feature) -> nn.Module:  # noqa: ARG001
    return WindowPartition(leaf.window, leaf.shift, leaf.pad_first)


@lowers(windows.WindowMerge)
def _merge(leaf: windows.WindowMerge, x: Feature) -> nn.Module:  # noqa: ARG001
    return WindowMerge(leaf.window, leaf.shift, leaf.pad_first)


@lowers(windows.WindowAttend)
def _attend(leaf: windows.WindowAttend, x: Feature) -> nn.Module:  # noqa: ARG001
    return WindowAttend(leaf.heads, leaf.window, leaf.shift)


@lowers(windows.GatherPatches)
def _gather(leaf: windows.GatherPatches, x: Feature) -> nn.Module:  # noqa: ARG001
    return GatherPatches()
