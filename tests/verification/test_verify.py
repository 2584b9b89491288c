"""`designspace verify`: three counters agree, and what is printed is compared with them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from torch import nn
from torch.nn import functional
from torch.utils.flop_counter import FlopCounterMode

import designspace
from designspace.spec.documents.published import rounds_to
from designspace.verification.cases import cases
from designspace.verification.counters import traced
from tests.helpers.command import run

STEP = "resnet50_to_convnext_t:bn_to_ln"
SMALL = """\
name: small
base: convnext_proxy
changes: {{widths: [8, 16, 32]}}
expected: {{params: {params}, macs: 585968}}
published:
  - {{gmacs: {gmacs}, mparams: 0.06, resolution: 28, source: here{note}}}
"""


def small(folder: Path, *, params: int = 59800, gmacs: float = 0.0006, note: str = "") -> Path:
    path = folder / "small.yaml"
    path.write_text(SMALL.format(params=params, gmacs=gmacs, note=note and f", note: {note}"))
    return path


def test_a_true_network_passes(tmp_path: Path) -> None:
    found = designspace.verify([str(small(tmp_path))])
    (row,) = found.rows
    assert found.ok
    assert (row.verdict, row.failures, row.known) == ("pass", (), ())
    assert {(c.params, c.macs) for c in row.counts.values()} == {(59800, 585968)}
    assert [check.agrees for check in row.printed] == [True, True]


def test_a_wrong_expectation_fails_with_the_difference(tmp_path: Path) -> None:
    ran = run("verify", small(tmp_path, params=59794))
    assert ran.code == 1
    assert "params: counted 59,800, expected 59,794 (+6)" in " ".join(ran.out.split())
    assert "1 of 1 networks differ" in ran.err


def test_a_printed_number_off_needs_a_reason(tmp_path: Path) -> None:
    assert run("verify", small(tmp_path, gmacs=0.0007)).code == 1
    ran = run("verify", small(tmp_path, gmacs=0.0007, note="a slip"))
    assert ran.code == 0, ran.err
    assert "known: small: here prints 0.0007 GMACs at 28" in " ".join(ran.out.split())


def test_a_slipped_row_of_the_staircase_is_known() -> None:
    shown = json.loads(run("verify", STEP, "--json").out)
    (row,) = shown["rows"]
    assert shown["ok"]
    assert row["verdict"] == "known"
    assert set(row["macs"].values()) == {4_145_612_928}
    assert set(row["params"].values()) == {25_836_328}
    assert "slipped" in row["known"][0]


def test_everything_with_known_numbers_is_a_case() -> None:
    names = [case.name for case in cases()]
    assert {"convnext_t", "resnet50", STEP, "resnet200_to_convnext_b:separate_ds"} <= set(names)
    assert len(names) == len(set(names))


def test_bad_names() -> None:
    assert run("verify", "convnext_q").code == 2
    assert run("verify", "resnet50_to_convnext_t:gleu").code == 2


@pytest.mark.parametrize(
    ("counted", "printed", "agree"),
    [
        (28.589, 29, True), (28.589, 28, False), (28.589, 28.6, True), (4.4555, 4.5, True),
        (45.12, 45.0, False), (45.12, 45.1, True), (4.4555, 4.46, True), (4.4555, 4.49, False),
    ],
)  # fmt: skip
def test_rounding_to_what_is_printed(counted: float, printed: float, agree: bool) -> None:
    assert rounds_to(counted, printed) is agree


class Attention(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.scaled_dot_product_attention(x, x[..., :5, :], x[..., :5, :3])


class Skipped(nn.Module):
    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return torch.baddbmm(torch.zeros(1), x, x.transpose(1, 2))


def test_fused_attention_is_not_skipped_by_fvcore() -> None:
    x = torch.zeros(2, 3, 7, 4)
    with FlopCounterMode(display=False) as counter, torch.device("meta"):
        query, key, value = (torch.empty(2, 3, n, e) for n, e in ((7, 4), (5, 4), (5, 3)))
        _ = (query @ key.transpose(-1, -2)) @ value
    assert traced(Attention(), x).macs == counter.get_total_flops() // 2


def test_what_fvcore_cannot_count_is_no_count() -> None:
    found = traced(Skipped(), torch.zeros(2, 3, 4))
    assert found.macs is None
    assert found.skipped == ("aten::baddbmm",)


@pytest.mark.slow
@pytest.mark.timeout(1800)
def test_all_that_ships_is_true() -> None:
    found = designspace.verify()
    wrong = {row.case.name: row.failures for row in found.rows if row.failures}
    assert found.ok, wrong
    assert not [row.case.name for row in found.rows if row.counts["fvcore"].macs is None]
