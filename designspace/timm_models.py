"""Every network of the catalog for timm: `create_model("ds_convnext_t", num_classes=10)`.

Importing this module registers them, as `ds_` and the catalog name. One factory makes them all.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import timm.models as timm_models
from torch import nn

from designspace.compiler import CLASSIFIER
from designspace.compiler.lowerings import lowered_modules
from designspace.compiler.timm_network import TimmNetwork
from designspace.costing import plan
from designspace.layers.convolution import Conv
from designspace.spec import catalog, load

_timm = cast("Any", timm_models)  # untyped
# FX takes them as they are: they choose by device, precision or shape as they run
for _module in lowered_modules():
    _timm.register_notrace_module(_module)

PREFIX = "ds_"

__all__: list[str] = []  # timm adds what it registers


def create(variant: str, *, pretrained: bool = False, **kwargs: Any) -> nn.Module:
    """A network of the catalog as a timm model.

    Args:
        variant: Its registered name, `ds_` and the catalog name.
        pretrained: Load what `pretrained_cfg` or its overlay points to, in this package's layout;
            no weights come with the catalog.
        kwargs: As timm's models take them (`num_classes`, `in_chans`, `img_size`, `global_pool`,
            `drop_rate`, `drop_path_rate`, `features_only`, `out_indices`, `device`, `dtype`),
            and `changes`: values by dotted path to change in the specification.

    Raises:
        InputError: A change, a size or a pooling that the network cannot have.
    """
    changes: Mapping[str, Any] | None = kwargs.pop("changes", None)
    network = load(variant.removeprefix(PREFIX), changes)
    every_stage = {"out_indices": tuple(range(len(network.depths))), "feature_cls": "getter"}
    features = every_stage | kwargs.pop("feature_cfg", {})
    return _timm.build_model_with_cfg(
        TimmNetwork, variant, pretrained, model_cfg=network, feature_cfg=features, **kwargs
    )


def _register(name: str) -> None:
    def entry(pretrained: bool = False, **kwargs: Any) -> nn.Module:
        return create(PREFIX + name, pretrained=pretrained, **kwargs)

    entry.__name__ = entry.__qualname__ = PREFIX + name
    entry.__doc__ = f"The catalog's {name}."
    globals()[entry.__name__] = _timm.register_model(entry)


def _default_cfg(name: str) -> dict[str, Any]:
    network = load(name)
    node = plan(network)
    stem, last = node.children["stem"].leaves("stem"), node.children["stages"].output
    first = next((leaf for leaf, node in stem if isinstance(node.layer, Conv)), None)
    side = network.input_size
    return {
        "input_size": (3, side, side),
        "pool_size": last.size if len(last.size) == 2 else None,  # tokens have none
        "first_conv": first,
        "classifier": CLASSIFIER,
    }


default_cfgs: Any = _timm.generate_default_cfgs(
    {PREFIX + name: _default_cfg(name) for name in catalog.names("specs")}
)
for _name in catalog.names("specs"):
    _register(_name)
