"""What a decision needs: said by `diff`, required of ladders and of the axes of a space."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

import designspace
from designspace.errors import InputError
from designspace.spec import load
from designspace.spec.documents import catalog
from designspace.spec.documents.decisions import known_decisions
from designspace.spec.network.diff import diff
from tests.helpers.command import run

ROOT = Path(__file__).parents[2]
LADDERS = catalog.names("search", "steps")
WIDE = {"path": "block.wide", "choices": ["ends", "middle"]}
GROUPS = {"path": "block.spatial.groups", "choices": [1, "depthwise"]}
FIRST = {"path": "block.spatial_at", "choices": ["first", "middle"]}
DEPTHWISE = {"base": "resnet50", "changes": {"block.spatial.groups": "depthwise"}}


def test_every_known_decision_says_what_it_needs() -> None:
    path = ROOT / "designspace/spec/documents/decisions.yaml"
    written = {item["name"]: item for item in yaml.safe_load(path.read_text())}
    assert list(written) == list(known_decisions())
    assert all("needs" in item for item in written.values())
    used = {name for ladder in LADDERS for step in designspace.ladder(ladder)
            for name in step.decision}  # fmt: skip
    assert used <= set(written)
    needs = {name: decision.needs for name, decision in known_decisions().items() if decision.needs}
    assert needs == {
        "inverted_bottleneck": ("depthwise",),
        "spatial_first": ("inverted_bottleneck",),
    }


@pytest.mark.parametrize("name", LADDERS)
def test_needs_that_are_met_are_not_mentioned(name: str) -> None:
    steps = designspace.ladder(name).steps
    assert not diff(steps[0].spec, steps[-1].spec).missing
    assert not diff(steps[-1].spec, steps[0].spec).missing  # back again, all of it is undone


def test_diff_says_what_a_decision_lacks() -> None:
    ran = run("diff", "resnet50", "resnet50", "--set", "block.wide=middle")
    assert ran.code == 0
    said = "inverted_bottleneck needs depthwise (block.spatial.groups: depthwise, not 1)"
    assert said in ran.out.splitlines()
    ran = run("diff", "resnet50", "resnet50", "--set", "block.wide=middle", "--json")
    assert json.loads(ran.out)["missing"] == [
        {
            "decision": "inverted_bottleneck",
            "needs": "depthwise",
            "path": "block.spatial.groups",
            "wanted": "depthwise",
            "found": 1,
        }
    ]


def test_needs_are_looked_up_stage_by_stage() -> None:
    wide = {"per_stage": ["ends", "middle", "middle", "ends"]}
    groups = {"per_stage": [1, "depthwise", "depthwise", 1]}
    base = load("resnet50")
    both = {"block.wide": wide, "block.spatial.groups": groups}
    assert not diff(base, load(base, both)).missing
    elsewhere = {"per_stage": ["depthwise", "depthwise", 1, 1]}
    (missing,) = diff(base, load(base, both | {"block.spatial.groups": elsewhere})).missing
    assert (missing.decision, missing.found) == ("inverted_bottleneck", 1)


def test_a_path_that_the_network_does_not_have_is_not_lacking() -> None:
    pooled = load("resnet50", {"block.spatial": {"kind": "pool"}, "downsample": "separate"})
    assert not diff(pooled, load(pooled, {"block.wide": "middle"})).missing


def reordered(path: Path, name: str, move: str, to: str) -> Path:
    """A ladder with one step moved before another one, or left out."""
    ladder: dict[str, Any] = yaml.safe_load((ROOT / f"search/{name}.yaml").read_text())
    steps = {step.get("name") or step["decision"]: step for step in ladder["steps"]}
    moved = steps.pop(move)
    order = [
        step for key in steps for step in ((moved, steps[key]) if key == to else (steps[key],))
    ]
    path.write_text(yaml.safe_dump(ladder | {"steps": order}, sort_keys=False))
    return path


@pytest.mark.parametrize(
    ("move", "to", "step", "hint"),
    [
        ("inverted_dims", "depthwise_conv", "inverted_dims", "depthwise_conv, inverted_dims"),
        (
            "depthwise_conv", "gelu", "inverted_dims",
            "kernel_5, kernel_7, kernel_9, kernel_11, depthwise_conv, inverted_dims, move_up_dw",
        ),
        (
            "move_up_dw", "depthwise_conv", "move_up_dw",
            "depthwise_conv, increase_width, inverted_dims, move_up_dw",
        ),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", LADDERS)
def test_a_ladder_in_the_wrong_order_is_refused_with_the_nearest_one(
    name: str, move: str, to: str, step: str, hint: str, tmp_path: Path
) -> None:
    path = reordered(tmp_path / "my.yaml", name, move, to)
    ran = run("ladder", path)
    assert ran.code == 2
    line = next(n for n, text in enumerate(path.read_text().splitlines(), 1)
                if text == f"- name: {step}")  # fmt: skip
    assert f"{path}:{line}: steps." in ran.err
    assert f"step '{step}' comes too early" in ran.err
    assert ran.err.endswith(f"nearest valid order: {hint}\n")


def test_a_step_that_is_missing_is_named(tmp_path: Path) -> None:
    path = reordered(tmp_path / "my.yaml", LADDERS[0], "depthwise_conv", "nowhere")
    with pytest.raises(InputError, match="no later step takes depthwise: add one before it"):
        designspace.ladder(path)


def refusal(axes: dict[str, Any], base: Any) -> str:
    with pytest.raises(InputError) as caught:
        designspace.space({"base": base, "axes": axes})
    return str(caught.value)


@pytest.mark.parametrize(
    ("axes", "base", "said"),
    [
        ({"wide": WIDE}, "resnet50", "set block.spatial.groups: depthwise in the base"),
        ({"groups": GROUPS, "wide": WIDE}, "resnet50", "`when: {groups: [depthwise]}`"),
        (
            {"groups": GROUPS, "wide": WIDE | {"when": {"groups": ["depthwise", 1]}}}, "resnet50",
            "(with groups=1): inverted_bottleneck needs depthwise",
        ),
        ({"wide": WIDE, "groups": GROUPS}, DEPTHWISE, "(with groups=1): inverted_bottleneck"),
        ({"wide": WIDE, "at": FIRST}, DEPTHWISE, "axes.at: choice 'first'"),
        (
            {"wide": WIDE | {"each_stage": True}}, "resnet50",
            "axes.wide.1: choice 'middle' lacks what it needs",
        ),
    ],
)  # fmt: skip
def test_an_axis_without_what_it_needs_is_refused(
    axes: dict[str, Any], base: Any, said: str
) -> None:
    assert said in refusal(axes, base)


@pytest.mark.parametrize(
    ("axes", "base"),
    [
        ({"groups": GROUPS, "wide": WIDE | {"when": {"groups": "depthwise"}}}, "resnet50"),
        ({"wide": WIDE}, DEPTHWISE),
        ({"wide": WIDE, "at": FIRST | {"when": {"wide": "middle"}}}, DEPTHWISE),
        ({"wide": WIDE, "groups": GROUPS, "at": FIRST}, "convnext_t"),  # nothing is newly taken
        (
            {"groups": GROUPS | {"each_stage": True},
             "wide": WIDE | {"each_stage": True, "when": {"groups": "depthwise"}}}, "resnet50",
        ),
    ],
)  # fmt: skip
def test_an_axis_with_what_it_needs_is_taken(axes: dict[str, Any], base: Any) -> None:
    assert designspace.space({"base": base, "axes": axes}).size >= 2


def test_the_line_of_the_choice_is_named(tmp_path: Path) -> None:
    path = tmp_path / "my.yaml"
    path.write_text(
        "name: my\nbase: resnet50\naxes:\n  wide:\n    path: block.wide\n"
        "    choices:\n      - ends\n      - middle\n"
    )
    ran = run("space", "info", path)
    assert ran.code == 2
    assert f"{path}:8: axes.wide: choice 'middle' lacks what it needs" in ran.err
