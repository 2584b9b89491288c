"""Other counters beside ours: every difference has its line, and the lines add up."""

from __future__ import annotations

import json

import pytest

from designspace.spec import load
from designspace.verification.compare import Comparison, compare
from tests.helpers.command import run


def check(comparison: Comparison) -> dict[str, dict[str, int]]:
    """What leads from ours to each other counter; asserts that nothing is left."""
    assert comparison.params == comparison.ours.params
    for other in comparison.others:
        explained = sum(each.macs for each in other.differences if each.reason)
        assert comparison.ours.macs + explained == other.macs
        assert other.unexplained == 0
    return {
        other.name: {each.operator: each.macs for each in other.differences}
        for other in comparison.others
    }


@pytest.mark.parametrize(
    ("name", "operators"),
    [
        ("convnext_t", {"layer_norm"}),
        ("resnet50", {"batch_norm"}),
        ("poolformer_s12", {"group_norm"}),
        ("swin_t", {"layer_norm", "attention"}),
        ("deit_s", {"layer_norm", "attention"}),
        ("convnextv2_atto", {"layer_norm"}),
    ],
)
def test_every_difference_is_explained(name: str, operators: set[str]) -> None:
    found = check(compare(load(name), 64 if name in ("convnext_t", "resnet50") else None))
    assert found["torch"] == {}
    assert found["fvcore"].keys() == operators


def test_norms_are_above_and_skipped_attention_below() -> None:
    found = check(compare(load("deit_s"), in_channels=1, num_classes=10))["fvcore"]
    assert found["layer_norm"] > 0
    assert found["attention"] == -12 * 2 * 197 * 197 * 384


def test_what_has_no_reason_is_said() -> None:
    from designspace.verification.compare import _differences

    ours, theirs = {"conv": 10, "linear": 5}, {"conv": 12, "linear": 5, "matmul": 3}
    found = {each.operator: each for each in _differences("fvcore", ours, theirs, ())}
    assert {name: each.macs for name, each in found.items()} == {"conv": 2, "matmul": 3}
    assert all(each.reason is None for each in found.values())


def test_check_on_the_command_line() -> None:
    ran = run("cost", "convnext_t", "--check")
    assert ran.code == 0
    assert "fvcore counts layer_norm: +14.9 M" in ran.out
    assert "4,455,531,264" in ran.out
    said = json.loads(run("cost", "resnet_proxy", "--check", "--json").out)
    fvcore = said["check"]["fvcore"]
    assert said["macs"] + sum(each["macs"] for each in fvcore["differences"]) == fvcore["macs"]
    assert fvcore["unexplained"] == said["check"]["torch"]["unexplained"] == 0
    assert said["check"]["params"] == said["params"]
