"""Kinds that register after everything else, as those of a user's own script do."""

from collections.abc import Iterator, Mapping
from typing import Any, Literal

import pytest

import designspace
from designspace.blocks.families import Stem
from designspace.errors import InputError
from designspace.layers.feature import Feature
from designspace.layers.leaves.act import Act
from designspace.layers.leaves.convolution import Conv, Linear
from designspace.layers.part import Children, Layer, PartContext
from designspace.mixers.mixer import Mixer
from designspace.spec.schema import schema
from tests.helpers.kinds import only_here

MICRO: dict[str, Any] = {
    "depths": [1, 1], "widths": [8, 16], "input_size": 32, "act": "relu",
    "stem": {"kind": "patchify", "patch_size": 4},
    "block": {"kind": "metaformer", "mixer": "pool"},
    "downsample": {"kind": "patch_merging"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _restored() -> Iterator[None]:
    designspace.load(MICRO)  # everything is compiled by now
    with only_here():
        yield


def test_a_mixer_that_comes_late_is_a_choice_like_any_other() -> None:
    class Late(Mixer):  # pyright: ignore[reportUnusedClass]
        kind: Literal["late"] = "late"
        inner: Mixer

        def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
            return {"inner": self.inner.on(at), "proj": Linear(at.width)}

        def forward(self, m: Children, x: Any) -> Any:
            return m.proj(m.inner(x))

    nested = {"kind": "late", "inner": {"kind": "late", "inner": "pool"}}
    network = designspace.load(MICRO, {"block.mixer": nested})
    assert designspace.cost(network).params == designspace.cost(MICRO).params + 2 * (72 + 272)
    assert "late" in str(schema("network"))
    with pytest.raises(InputError, match="unknown kind 'lat'; did you mean 'late'"):
        designspace.load(MICRO, {"block.mixer": "lat"})
    with pytest.raises(InputError, match="did you mean 'pool'"):
        designspace.load(MICRO, {"block.mixer": {"kind": "late", "inner": "pol"}})


def test_an_activation_and_a_stem_that_come_late_reach_all_that_can_hold_them() -> None:
    class LateAct(Act):
        kind: Literal["late_act"] = "late_act"

    class LateStem(Stem):  # pyright: ignore[reportUnusedClass]
        kind: Literal["late_stem"] = "late_stem"

        def layers(self, x: Feature, at: PartContext) -> Mapping[str, Layer]:  # noqa: ARG002
            return {"conv": Conv(at.width, 3, 4)}

        def forward(self, m: Children, x: Any) -> Any:
            return m.conv(x)

    changes = {"act": "late_act", "stem": {"kind": "late_stem"}}
    network = designspace.load(MICRO, changes)
    assert (network.act.family_name, network.stem.tag()) == ("act", "late_stem")
    assert isinstance(network.stages[0].block.channel_mixer.act, LateAct)  # pyright: ignore


def test_two_kinds_of_one_name_are_refused() -> None:
    with pytest.raises(InputError, match=r"mixer 'pool' is defined twice: in designspace\."):

        class Pool(Mixer):  # pyright: ignore[reportUnusedClass]
            kind: Literal["pool"] = "pool"

    assert designspace.load(MICRO).block[0].mixer.__class__.__name__ == "PoolMixer"  # pyright: ignore


def test_a_cell_that_runs_again_replaces_its_kind() -> None:
    def cell() -> type[Act]:
        class Again(Act):
            kind: Literal["again"] = "again"

        return Again

    cell()
    second = cell()
    assert isinstance(designspace.load(MICRO, {"act": "again"}).act, second)
