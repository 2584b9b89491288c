"""Intermediate maps of a network, in the formats that timm offers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from torch import Tensor

from designspace.compiler.features import as_map
from designspace.compiler.modules import channels_last
from designspace.compiler.timm_interface.taps import Taps
from designspace.errors import InputError

if TYPE_CHECKING:
    from designspace.compiler.timm_interface.interface import TimmInterface

FORMATS = ("NCHW", "NLC")


@dataclass(frozen=True, slots=True)
class Wanted:
    """The arguments of `forward_intermediates`, which explains them."""

    norm: bool = False
    stop_early: bool = False
    output_fmt: str = "NCHW"
    intermediates_only: bool = False
    return_prefix_tokens: bool = False
    output_dict: bool = False

    def check(self) -> None:
        """Refuse an unknown format.

        Raises:
            InputError: It is neither NCHW nor NLC.
        """
        if self.output_fmt not in FORMATS:
            raise InputError(
                f"no format '{self.output_fmt}'",
                path="output_fmt",
                hint=f"valid: {', '.join(FORMATS)}",
            )


def intermediates(network: TimmInterface, x: Tensor, taken: tuple[int, ...], wanted: Wanted) -> Any:
    """Run a network and return the chosen levels and the last features.

    Args:
        network: Network to run.
        x: Images (batch, channels, height, width).
        taken: Chosen levels from 0, in order.
        wanted: Format and parts of the result.
    """
    wanted.check()
    infos = [network.feature_info[index] for index in taken]
    names = [cast("str", info["module"]) for info in infos]
    taps = Taps(set(names), network.run, stop_early=wanted.stop_early)
    sides = (x.shape[2], x.shape[3])
    x = taps("stem", network.get_submodule("stem"), channels_last(x))
    if not taps.done:
        x = taps("stages", network.get_submodule("stages"), x)
    outputs = [_normed(network, name, taps.kept[name], wanted.norm) for name in names]
    prefix = network.num_prefix_tokens
    fronts = [y[:, :prefix] for y in outputs] if prefix else None
    grids = [tuple(side // cast("int", info["reduction"]) for side in sides) for info in infos]
    maps = [_formatted(y, grid, wanted.output_fmt) for y, grid in zip(outputs, grids, strict=True)]
    final = network.head.norm_features(x) if network.ends_with(names[-1]) or not taps.done else x
    return _answer(final, maps, fronts, wanted)


def _normed(network: TimmInterface, name: str, y: Tensor, norm: bool) -> Tensor:
    """Apply the final norm: to every level of a network of one stage, else to the last only."""
    fits = len(network.spec.depths) == 1 or network.ends_with(name)
    return network.head.norm_features(y) if norm and fits else y


def _formatted(y: Tensor, grid: tuple[int, ...], output_fmt: str) -> Tensor:
    map_ = as_map(y, *grid)
    return map_ if output_fmt == "NCHW" else map_.flatten(2).mT


def _answer(final: Tensor, maps: list[Tensor], fronts: list[Tensor] | None, wanted: Wanted) -> Any:
    """Return the outputs in timm's structure."""
    fronts = fronts if wanted.return_prefix_tokens else None
    if wanted.output_dict:
        answer: dict[str, Any] = {"image_intermediates": maps}
        if fronts is not None:
            answer["image_intermediates_prefix"] = fronts
        return answer if wanted.intermediates_only else answer | {"image_features": final}
    levels = maps if fronts is None else list(zip(maps, fronts, strict=True))
    return levels if wanted.intermediates_only else (final, levels)
