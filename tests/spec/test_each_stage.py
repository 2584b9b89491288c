"""One axis per stage: what it becomes, that the base keeps its meaning, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.errors import InputError
from designspace.spec import load
from designspace.spec.documents.document import read_yaml
from designspace.spec.space.load_space import load_space

KERNEL = {"path": "block.spatial.kernel_size", "each_stage": True, "choices": [3, 5, 7]}
SMALL = {
    "depths": [1, 2, 1],
    "widths": {"base": 8},
    "act": "gelu",
    "stem": "patchify",
    "downsample": "separate",
    "input_size": 32,
}


def space_of(base: Any, **axes: Any) -> Any:
    return load_space({"base": base, "axes": axes})


def test_an_axis_a_stage_takes_the_place_of_one() -> None:
    ratio = {"path": "block.ratio", "choices": [2, 4]}
    space = space_of("convnext_t", act={"path": "act", "choices": ["gelu"]}, k=KERNEL, ratio=ratio)
    assert list(space.axes) == ["act", "k.1", "k.2", "k.3", "k.4", "ratio"]
    assert [space.axes[f"k.{n}"].path for n in (1, 2, 3, 4)] == [
        f"block.spatial.kernel_size.per_stage.{i}" for i in range(4)
    ]
    assert space.axes["k.3"].changes("5") == {"block.spatial.kernel_size.per_stage.2": 5}
    changed = space.spec({"k.2": "3", "ratio": "2"})
    assert [block.spatial.kernel_size for block in changed.block] == [7, 3, 7, 7]
    assert load_space(space.authored).digest == space.digest


@pytest.mark.parametrize(
    ("base", "path"),
    [
        ("convnext_t", "depths"),
        ("convnext_t", "widths"),
        (SMALL | {"block": "conv", "widths": 8}, "widths"),
        (SMALL | {"block": "conv"}, "block"),
        (SMALL | {"block": "conv"}, "block.spatial"),
        (SMALL | {"block": "conv"}, "block.spatial.kernel_size"),
        (SMALL | {"block": {"kind": "conv", "spatial": "conv"}}, "block.spatial.kernel_size"),
        (SMALL | {"block": {"kind": "conv", "spatial": "conv"}}, "block.response"),
        (SMALL | {"block": ["conv", "conv", "metaformer"]}, "block.norm"),
        (SMALL | {"block": ["conv"]}, "block.norm"),
        (
            SMALL | {"block": {"kind": "conv", "spatial": {"per_stage": ["conv", "pool", "conv"]}}},
            "block.spatial",
        ),
        (
            SMALL | {"block": {"kind": "conv", "spatial": {"per_stage": ["conv", "conv", "conv"]}}},
            "block.spatial.kernel_size",
        ),
        (
            SMALL
            | {
                "block": {
                    "kind": "conv",
                    "spatial": {"kind": "conv", "kernel_size": {"per_stage": [3, 5, 7]}},
                }
            },
            "block.spatial",
        ),
        ("resnet50", "downsample.stride"),
        ("swin_t", "block.mixer.window"),
        ("poolformer_s12", "downsample"),
    ],
)
def test_the_base_keeps_its_meaning(base: Any, path: str) -> None:
    """Each stage's own value is already there, so that it can be set to itself."""
    network = load(base)
    written: dict[str, Any] = {"path": path, "each_stage": True, "choices": {"per_stage": []}}
    stages = range(path.startswith("downsample"), len(network.depths))
    written["choices"]["per_stage"] = [[_value(network, path, i)] for i in stages]
    space = load_space({"base": base, "axes": {"k": written}})
    assert space.base_network().digest == network.digest
    assert len(space.axes) == len(stages)
    for name, axis in space.axes.items():
        assert space.spec({name: axis.labels[0]}).digest == network.digest


def _value(network: Any, path: str, stage: int) -> Any:
    if path in ("depths", "widths"):
        return (network.depths if path == "depths" else network.stage_widths)[stage]
    root, *rest = path.split(".")
    parts = getattr(network, root)
    value = parts[stage if len(parts) > 1 else 0]
    for key in rest:
        value = getattr(value, key)
    return value.model_dump(mode="json") if hasattr(value, "model_dump") else value


@given(st.data())
def test_a_stage_changes_alone(data: st.DataObject) -> None:
    stages = data.draw(st.integers(1, 4))
    sizes = data.draw(st.lists(st.sampled_from([1, 3, 5]), min_size=stages, max_size=stages))
    plain = data.draw(st.booleans())
    written: Any = sizes[0] if plain else {"per_stage": sizes}
    sizes = [sizes[0]] * stages if plain else sizes
    block = {"kind": "conv", "spatial": {"kind": "conv", "kernel_size": written}}
    base = SMALL | {"depths": [1] * stages, "block": block}
    space = space_of(base, k=KERNEL)
    stage = data.draw(st.integers(1, stages))
    changed = space.spec({f"k.{stage}": "7"})
    blocks = changed.block if len(changed.block) > 1 else changed.block * stages
    assert [b.spatial.kernel_size for b in blocks] == [
        7 if i + 1 == stage else size for i, size in enumerate(sizes)
    ]


def test_choices_and_ranges_differ_by_stage() -> None:
    space = space_of(
        "convnext_t",
        depth={
            "path": "depths",
            "each_stage": True,
            "range": {"per_stage": [[1, 5], [1, 5], [3, 11, 2], [1, 5]]},
        },
        down={
            "path": "downsample.kernel_size",
            "each_stage": True,
            "choices": {"per_stage": [[2], [2, 3], [3]]},
        },
    )
    assert space.axes["depth.3"].labels == ("3", "5", "7", "9", "11")
    assert space.axes["depth.3"].ordered
    assert [space.axes[f"down.{n}"].labels for n in (2, 3, 4)] == [("2",), ("2", "3"), ("3",)]
    assert "down.1" not in space.axes


def test_conditions_relate_the_same_stage() -> None:
    mixers = {"conv": {"kind": "conv"}, "pool": {"kind": "pool"}}
    space = space_of(
        "convnext_proxy",
        kernel=KERNEL | {"when": {"mixer": "conv", "act": "gelu"}},
        mixer={"path": "block.spatial", "each_stage": True, "choices": mixers},
        act={"path": "act", "choices": ["gelu", "relu"]},
    )
    assert space.axes["kernel.2"].when == {"mixer.2": ("conv",), "act": ("gelu",)}
    point = {"mixer.1": "pool", "mixer.2": "conv", "mixer.3": "conv", "act": "gelu"}
    assert set(space.active(point)) == {*point, "kernel.2", "kernel.3"}


def test_several_paths_move_together_in_each_stage() -> None:
    choices = {
        "small": {"block.spatial.kernel_size": 3, "block.ratio": 6},
        "large": {"block.spatial.kernel_size": 9, "block.ratio": 2},
    }
    space = space_of("convnext_proxy", both={"each_stage": True, "choices": choices})
    changed = space.spec({"both.2": "large"})
    assert [(b.spatial.kernel_size, b.ratio) for b in changed.block] == [(7, 4), (9, 2), (7, 4)]


@pytest.mark.parametrize(
    ("axis", "line", "said"),
    [
        ("{path: stem.patch_size, each_stage: true, choices: [2]}", 3, "no value per stage"),
        ("{path: block.spatial.kernel_sise, each_stage: true, choices: [3]}", 3, "'kernel_size'"),
        ("{path: block.ratio, each_stage: yes please, choices: [3]}", 3, "`true`, or left out"),
        ("{each_stage: true, choices: [3]}", 3, "needs a path"),
        ("{path: block.ratio.x, each_stage: true, choices: [3]}", 3, "is 4, and has no 'x'"),
        ("{path: block.response.eps, each_stage: true, choices: [3]}", 3, "has no 'eps'"),
        ("{path: block.ratio, each_stage: true, choices: {per_stage: [[3]]}}", 3, "for 1 stages"),
        ("{path: block.ratio, each_stage: true, choises: [2]}", 3, "did you mean 'choices'"),
        ("{path: block.ratio, each_stage: true, choices: [-1]}", 3, "choice '-1' cannot be made"),
        (
            "\n    path: depths\n    each_stage: true\n    range: [1, 0]",
            3,
            "an empty range: 1 to 0",
        ),
    ],
)
def test_what_is_wrong_is_said_with_its_line(
    tmp_path: Path, axis: str, line: int, said: str
) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"base: convnext_proxy\naxes:\n  k: {axis}\n")
    with pytest.raises(InputError) as caught:
        load_space(path)
    assert said in str(caught.value)
    assert f"mine.yaml:{line}: axes.k" in str(caught.value)
    assert "\n" not in str(caught.value)
    assert read_yaml(path).data["base"] == "convnext_proxy"


def test_an_axis_over_all_stages_would_undo_them() -> None:
    whole = {"path": "block.spatial.kernel_size", "choices": [3, 5]}
    with pytest.raises(InputError, match=r"axes whole and k both set block\.spatial\.kernel_size"):
        space_of("convnext_proxy", whole=whole, k=KERNEL)
