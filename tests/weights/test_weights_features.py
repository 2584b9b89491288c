"""Published classifiers' weights in a network without its head."""

from __future__ import annotations

from typing import Any

import pytest
import timm
import torch

import designspace
from designspace.errors import InputError

SPEC = designspace.load("convnext_t", {"depths": [1, 1, 1, 1], "widths": {"base": 8}})


def published() -> Any:
    return timm.create_model("convnext_tiny", depths=(1, 1, 1, 1), dims=(8, 16, 32, 64)).eval()


@pytest.mark.parametrize("indices", [None, (0, 1)])
def test_timm_s_weights_give_timm_s_maps(indices: tuple[int, ...] | None) -> None:
    theirs = published()
    features = designspace.build(SPEC, features_only=True, out_indices=indices).eval()
    designspace.load_weights(features, theirs.state_dict())
    x = torch.randn(1, 3, 64, 64)
    maps = theirs.forward_intermediates(x, intermediates_only=True)
    for ours, index in zip(features(x), indices or range(4), strict=True):
        torch.testing.assert_close(ours, maps[index])


def test_what_the_network_should_have_is_missed() -> None:
    given = {name: t for name, t in published().state_dict().items() if "gamma" not in name}
    features = designspace.build(SPEC, features_only=True)
    with pytest.raises(InputError, match="gamma"):
        designspace.load_weights(features, given)
