"""The cost of a stage at every depth: that of the network that has it."""

from __future__ import annotations

import pytest

from designspace.costing import cost
from designspace.sampling.space import load_space

DEPTHS = {"d": {"path": "depths.0", "choices": [1, 2, 5]}}


@pytest.mark.parametrize("base", ["resnet50", "swin_t", "convnext_t"])
def test_a_first_block_that_projects_is_counted_once(base: str) -> None:
    space = load_space({"name": "depths", "base": base, "axes": DEPTHS})
    for sample in space.sample(3):
        exact = cost(sample.spec, sample.spec.input_size, num_classes=1000)
        assert (sample.params, sample.macs, sample.acts) == (exact.params, exact.macs, exact.acts)
