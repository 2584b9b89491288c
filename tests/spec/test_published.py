"""What is known of a network stays with that very network."""

from __future__ import annotations

from pathlib import Path

import pytest

from designspace.errors import InputError
from designspace.spec import load
from designspace.spec.space.load_space import load_space

ROW = "{top1: 80.1, mparams: 28, gmacs: 4.5, source: here}"


def test_facts_are_no_part_of_the_meaning() -> None:
    network = load("convnext_t")
    assert network.expected is not None
    assert network.published[0].top1 == 82.1
    assert load(network.authored) == network
    assert load("convnext_t", {"published": []}).digest == network.digest


def test_any_change_loses_them() -> None:
    changed = load("convnext_t", {"block.spatial.kernel_size": 5})
    assert changed.expected is None
    assert changed.published == ()
    micro = load_space("micro")
    assert micro.spec({"kernel_size": "5"}).published == ()


def test_a_file_with_a_base_states_its_own(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(
        "name: mine\nbase: convnext_t\nchanges: {act: relu}\n"
        f"expected: {{params: 28589128}}\npublished:\n  - {ROW}\n"
    )
    network = load(path)
    assert [(row.mparams, row.gmacs) for row in network.published] == [(28, 4.5)]
    assert isinstance(network.published[0].mparams, int), "28 is printed less exactly than 28.0"
    assert network.expected is not None
    assert network.expected.macs is None
    assert load(path, {"act": "gelu"}).published == ()


def test_a_wrong_row_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "mine.yaml"
    path.write_text(f"base: convnext_t\npublished:\n  - {ROW.replace('gmacs', 'gflops')}\n")
    with pytest.raises(InputError, match=r"mine.yaml:3: published.0.gflops: unknown key 'gflops'"):
        load(path)
