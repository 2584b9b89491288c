"""The JSON schema never refuses what is valid."""

from __future__ import annotations

from typing import Any

import jsonschema
import pytest
from hypothesis import given

from designspace.spec import load
from designspace.spec.documents import catalog
from designspace.spec.documents.document import read_yaml
from designspace.spec.schema import schema
from designspace.spec.space.load_space import load_space
from tests.helpers.strategies import networks

VALIDATORS = {
    subject: jsonschema.Draft202012Validator(schema(subject))
    for subject in ("network", "recipe", "space", "ladder")
}
FOLDERS = {
    "network": ("specs", ""),
    "recipe": ("specs/recipes", ""),
    "space": ("search", "axes"),
    "ladder": ("search", "steps"),
}
SHIPPED = [(subject, name) for subject, at in FOLDERS.items() for name in catalog.names(*at)]


@pytest.mark.parametrize(("subject", "name"), SHIPPED)
def test_what_ships_is_valid(subject: str, name: str) -> None:
    path = catalog.root() / FOLDERS[subject][0] / f"{name}.yaml"
    VALIDATORS[subject].validate(read_yaml(path).data)


@given(networks())
def test_networks_that_load_are_valid(data: dict[str, Any]) -> None:
    VALIDATORS["network"].validate(load(data).authored)
    VALIDATORS["network"].validate(load(data).model_dump(mode="json"))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("block.spatial.kernel_size", {"per_stage": [9, 7, 5, 3]}),
        ("block.norm_at", {"per_stage": [[1], [1], [1], "all"]}),
        ("block.spatial", {"per_stage": ["conv"] * 3 + [{"kernel_size": 5, "kind": "conv"}]}),
        ("block.spatial", {"kernel_size": 5}),
        ("block", {"per_stage": [{"kind": "conv", "ratio": n} for n in (1, 2, 3, 4)]}),
        ("block", ["conv", "conv", "conv", "conv"]),
        ("downsample.bias", {"per_stage": [True, True, False, True]}),
        ("norm", {"eps": 1e-3}),
        ("widths", 64),
        ("head.norm", None),
    ],
)  # fmt: skip
def test_short_forms_are_valid(path: str, value: object) -> None:
    VALIDATORS["network"].validate(load("convnext_t", {path: value}).authored)


def test_short_forms_of_a_space_are_valid() -> None:
    data = {
        "base": "convnext_proxy",
        "axes": {
            "ratio": {"path": "block.ratio", "range": [2, 4]},
            "act": {"path": "act", "choices": ["gelu", "relu"], "when": {"ratio": 2}},
        },
        "limits": [{"cost": "gmacs", "high": 4.5}, {"cost": "params", "high": "30M"}],
    }
    assert load_space(data).size == 6
    VALIDATORS["space"].validate(data)


@pytest.mark.parametrize("wrong", [{"blok": 1}, {"act": "gleu"}, {"depths": [0]}])
def test_what_is_wrong_is_marked(wrong: dict[str, Any]) -> None:
    assert not VALIDATORS["network"].is_valid(load("convnext_t").authored | wrong)
