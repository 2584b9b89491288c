"""Shifted windows (Swin, arXiv 2103.14030): partition a map, attend within windows, merge.

All three modules follow the map's size at run time. Windows are kept as a map (batch, channels,
windows, tokens), so the layers in between take them like any other map.

A shift moves the borders between windows. The map is rolled by the shift, so the last windows hold
positions from opposite edges of the map, and a mask keeps these apart. An example along one axis,
with positions 0 to 5, windows of 3 and a shift of 1:

    rolled by 1    1 2 3 | 4 5 0
    regions        0 0 0 | 1 1 2     positions attend to each other only within one region
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
    """Return the next multiple of the window, in a form that torch's symbolic shapes simplify."""
    return (length + window - 1) // window * window


def shift_of(like: Tensor, window: int, shift: int) -> int:
    """Return the shift for a map; 0 if one window covers its height or its width."""
    return shift if min(like.shape[2:]) > window else 0


class Windows(nn.Module):
    """The base of the three modules: the window's side and the shift."""

    def __init__(self, window: int, shift: int) -> None:
        super().__init__()
        self.window, self.shift = window, shift


class PaddedWindows(Windows):
    """`Windows` with one more setting: whether the map is padded before it is rolled."""

    def __init__(self, window: int, shift: int, pad_first: bool) -> None:
        super().__init__(window, shift)
        self.pad_first = pad_first


class WindowPartition(PaddedWindows):
    """Partition of (batch, channels, height, width) into (batch, channels, windows, tokens)."""

    def forward(self, x: Tensor) -> Tensor:
        """Pad and roll the map, then cut it into windows."""
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
    """Merge of (batch, channels, windows, tokens) into a map of the size of the second input."""

    def forward(self, x: Tensor, like: Tensor) -> Tensor:
        """Join the windows, then roll back and crop."""
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
    """Attention within windows, with one bias per offset, and a mask if the map was rolled."""

    def __init__(self, heads: int, window: int, shift: int) -> None:
        super().__init__(window, shift)
        self.heads = heads
        self.masks = Latest()
        self.table = nn.Parameter(torch.empty((2 * window - 1) ** 2, heads))
        self.reset_parameters()

    def forward(self, qkv: Tensor, like: Tensor) -> Tensor:
        """Map (batch, 3 * channels, windows, tokens) to (batch, channels, windows, tokens)."""
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
        """Return -100, as in Swin's code, between positions of different regions, else 0.

        Returns:
            The mask as (windows, tokens, tokens).
        """
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
    """Return each position's region along a side: 0 before the last window, 2 if rolled, else 1."""
    place = torch.arange(length, device=device)
    return (place >= length - window).long() + (place >= length - shift).long()


def offset_bias(table: Tensor, window: int) -> Tensor:
    """Return the bias of each pair of positions of a window, as (heads, tokens, tokens).

    The row of the table for an offset is `(dy + window - 1) * (2 * window - 1) + dx + window - 1`.
    Along one axis, the values for position j are a slice of the table from `window - 1 - j` on. So
    the bias is the sliding slices in reverse order, and no table of indices has to be kept beside
    the weights.

    Args:
        table: One row per offset ((2 * window - 1) ** 2, heads).
        window: Side of the window.
    """
    side = 2 * window - 1
    square = table.reshape(side, side, -1)
    slices: Tensor = square.unfold(0, window, 1).unfold(1, window, 1)
    # (from y, from x, heads, to y, to x)
    bias = slices.flip(0, 1).permute(2, 3, 4, 0, 1)
    return bias.reshape(-1, window**2, window**2)


class GatherPatches(nn.Module):
    """Patch merging: (batch, channels, height, width) to (batch, 4 * channels, half, half)."""

    def forward(self, x: Tensor) -> Tensor:
        """Pad odd sides, then gather each 2x2 patch into one position."""
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
