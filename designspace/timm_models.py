"""All networks of the catalog as timm models: `create_model("ds_convnext_t", num_classes=10)`.

Importing this module registers each of them as `ds_` plus its catalog name. One factory builds
them all. timm's `train.py` imports the module with `--device-modules designspace.timm_models`. Its
`validate.py` has no such option: `python -c "import runpy, designspace.timm_models;
runpy.run_path('validate.py', run_name='__main__')" DIRECTORY --model ds_convnext_t`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import timm
import timm.models as timm_models
from torch import nn

from designspace.compiler import CLASSIFIER
from designspace.compiler.timm_interface import (
    StageMaps,
    TimmNetwork,
    fit_tables,
    level_count,
)
from designspace.costing import plan
from designspace.layers.leaves.convolution import Conv
from designspace.spec import Network, load
from designspace.spec.documents import catalog

PREFIX = "ds_"
_LAST_BLOCKS = 3
_PREPARATION = ("mean", "std", "crop_pct", "crop_mode", "interpolation")
_timm = cast("Any", timm_models)  # untyped

__all__: list[str] = []  # timm adds the registered models


def create(variant: str, *, pretrained: bool = False, **kwargs: Any) -> nn.Module:
    """Build a network of the catalog as a timm model.

    Args:
        variant: Registered name: `ds_` plus the catalog name.
        pretrained: Whether to load the weights that `pretrained_cfg` or its overlay points to, in
            this package's layout; no weights come with the catalog.
        kwargs: Arguments of timm's models (`num_classes`, `in_chans`, `img_size`, `global_pool`,
            `drop_rate`, `drop_path_rate`, `features_only`, `out_indices`, `device`, `dtype`), and
            `changes`: values by dotted path to change in the spec.

    Raises:
        InputError: A change, a size or a pooling is not valid for the network.
    """
    changes: Mapping[str, Any] | None = kwargs.pop("changes", None)
    network = load(variant.removeprefix(PREFIX), changes)
    return _timm.build_model_with_cfg(
        TimmNetwork,
        variant,
        pretrained,
        model_cfg=network,
        feature_cfg=_feature_cfg(network, kwargs),
        pretrained_filter_fn=fit_tables,
        **kwargs,
    )


def _feature_cfg(network: Network, kwargs: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of `features_only`; one wrapper serves `getter`, `list` and `dict`."""
    settings: dict[str, Any] = {"out_indices": _out_indices(network), "feature_cls": "getter"}
    settings |= kwargs.pop("feature_cfg", None) or {}
    if "feature_cls" in kwargs:
        settings["feature_cls"] = kwargs.pop("feature_cls")
    word = settings["feature_cls"]
    if word in ("getter", "list", "dict"):
        settings["feature_cls"] = StageMaps
    if word == "dict":
        settings["return_dict"] = True
    return settings


def _register(name: str) -> None:
    def entry(pretrained: bool = False, **kwargs: Any) -> nn.Module:
        return create(PREFIX + name, pretrained=pretrained, **kwargs)

    entry.__name__ = entry.__qualname__ = PREFIX + name
    entry.__doc__ = f"The catalog's {name}."
    globals()[entry.__name__] = _timm.register_model(entry)


def _out_indices(network: Network) -> int | tuple[int, ...]:
    """Return the indices of all levels; with one stage, of the last three blocks, as timm's ViT."""
    count = level_count(network)
    return min(count, _LAST_BLOCKS) if len(network.depths) == 1 else tuple(range(count))


def _default_cfg(name: str) -> dict[str, Any]:
    network = load(name)
    children = plan(network).children
    stem = children["stem"].leaves("stem")
    first = next((leaf for leaf, node in stem if isinstance(node.layer, Conv)), None)
    side, pool_size = network.input_size, children["stages"].output.size
    return _published(network) | {
        "input_size": (3, side, side),
        "pool_size": pool_size if len(pool_size) == 2 else None,
        "first_conv": first,
        "classifier": CLASSIFIER,
    }


def _published(network: Network) -> dict[str, Any]:
    """Return timm's image preparation for the published weights of a network, if it has any."""
    names = (result.weights or "" for result in network.published)
    for name in names:
        settings = timm.get_pretrained_cfg(name.removeprefix("timm:"), allow_unregistered=True)
        if settings is not None and settings.input_size[-1] == network.input_size:
            return {key: getattr(settings, key) for key in _PREPARATION}
    return {}


default_cfgs: Any = _timm.generate_default_cfgs(
    {PREFIX + name: _default_cfg(name) for name in catalog.names("specs")}
)
for _name in catalog.names("specs"):
    _register(_name)
