"""timm's network of the same architecture, with a check that it is the same."""

from __future__ import annotations

import json
from typing import Any, cast

import torch
from torch import Tensor, nn

from designspace.benchmarking.settings import Settings
from designspace.errors import InputError, nearest_few
from designspace.naming.timm_names import changes_needed, timm_name
from designspace.records.measured.speed import Same
from designspace.spec.network.network import Network
from designspace.weights import load_weights

TIMM = "timm"
_TOLERANCE = 1e-3  # relative to the largest logit; float32 on two paths differs by less than 1e-4


def counterpart_name(network: Network, against: str) -> str:
    """Return timm's name of the network to time beside this one.

    Args:
        network: Our network.
        against: `timm`, to find the network of the same architecture, or `timm:NAME`.

    Raises:
        InputError: timm does not have such a network, or `against` is something else.
    """
    import timm

    library, _, name = against.partition(":")
    if library != TIMM:
        raise InputError(f"cannot time against '{against}'", hint="valid: timm, timm:NAME")
    if name and not timm.is_model(name):
        raise InputError(f"timm has no model '{name}'", hint=nearest_few(name, timm.list_models()))
    found = name or timm_name(network)
    if found and timm.is_model(found):  # an older timm may not have it
        return found
    changes = " ".join(f"--set '{path}={_flow(value)}'" for path, value in _needed(network))
    said = f"no timm network is known to have the architecture of '{network.name}'"
    hint = f"with {changes} it is timm's" if changes else "--against timm:NAME names one"
    raise InputError(said, path="against", hint=hint)


def make_counterpart(name: str, how: Settings, size: int) -> nn.Module:
    """Build timm's network for images of this side in pixels, without stochastic depth."""
    import timm

    known: Any = timm.get_pretrained_cfg(name)
    fixed = {"img_size": size} if known and known.fixed_input_size else {}
    create = cast("Any", timm.create_model)
    model: nn.Module = create(name, num_classes=how.classes, in_chans=how.channels, **fixed)
    for module in model.modules():
        if hasattr(module, "drop_prob"):
            cast("Any", module).drop_prob = 0.0
    return model


def prove_same(ours: nn.Module, theirs: nn.Module, name: str, size: int, channels: int = 3) -> Same:
    """Check that two networks are the same, and give both timm's initial weights.

    They are the same if they give the same logits with the same random weights.

    Raises:
        InputError: They are not the same architecture.
    """
    params = [sum(p.numel() for p in model.parameters()) for model in (ours, theirs)]
    if params[0] != params[1]:
        said = f"timm's '{name}' has {params[1]:,} parameters, ours {params[0]:,}"
        raise InputError(f"{said}: not the same network", path="against")
    initial = {key: value.clone() for key, value in theirs.state_dict().items()}
    drawn = _drawn(initial)
    try:
        load_weights(ours, drawn)
    except InputError as error:
        said = f"the weights of timm's '{name}' do not fit ours ({error.message})"
        raise InputError(f"{said}: not known to be the same network", path="against") from None
    theirs.load_state_dict(drawn)
    difference = _difference(ours.eval(), theirs.eval(), (1, channels, size, size))
    if not difference <= _TOLERANCE:
        said = f"with the same weights the logits of timm's '{name}' differ by {difference:.1g}"
        raise InputError(f"{said} of the largest: not the same network", path="against")
    theirs.load_state_dict(initial)
    load_weights(ours, initial)
    return Same(params=params[0], logits=difference)


@torch.no_grad()
def _difference(ours: nn.Module, theirs: nn.Module, shape: tuple[int, ...]) -> float:
    images = torch.randn(shape, generator=torch.Generator().manual_seed(0))
    own, other = cast("Tensor", ours(images)), cast("Tensor", theirs(images))
    return ((own - other).abs().max() / other.abs().max()).item()


def _drawn(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Draw random weights that all affect the logits; initial weights may hide a branch."""
    draw = torch.Generator().manual_seed(0)

    def anew(name: str, value: Tensor) -> Tensor:
        if not value.is_floating_point() or name.endswith("mask"):
            return value
        normal = torch.randn(value.shape, generator=draw)
        if value.squeeze().ndim > 1:
            return normal / value[0].numel() ** 0.5
        if name.endswith(("bias", "mean")):
            return 0.3 * normal
        return 0.6 + 0.3 * normal.abs()  # variances, and factors per channel

    return {name: anew(name, value) for name, value in state.items()}


def _needed(network: Network) -> list[tuple[str, Any]]:
    return list(changes_needed(network).items())


def _flow(value: Any) -> str:
    """Return a value as a user writes it after `--set path=`."""
    return value if isinstance(value, str) else json.dumps(value)  # YAML reads JSON, too
