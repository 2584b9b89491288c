"""Limits as people write them, on the command line and in YAML: exact, and refused in one line."""

from __future__ import annotations

import contextlib
import math
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.errors import InputError
from designspace.spec.space.limits import Limit, intersect, parse_limit
from designspace.spec.space.load_space import load_space


@pytest.mark.parametrize(
    ("text", "cost", "low", "high"),
    [
        ("gmacs=4.5+-1%", "macs", 4_455_000_000, 4_545_000_000),
        ("gmacs = 4.5 ± 1 %", "macs", 4_455_000_000, 4_545_000_000),
        ("GMACs=4.5+/-0.05", "macs", 4_450_000_000, 4_550_000_000),
        ("macs=4.5G+-50M", "macs", 4_450_000_000, 4_550_000_000),
        ("params<=30M", "params", None, 30_000_000),
        ("params>=5M", "params", 5_000_000, None),
        ("mparams<=0.5", "params", None, 500_000),
        ("3<=mmacs<=9", "macs", 3_000_000, 9_000_000),
        ("acts<=10M", "acts", None, 10_000_000),
        ("macts<=1.5", "acts", None, 1_500_000),
        ("params=20M..30M", "params", 20_000_000, 30_000_000),
        ("params==20M..30m", "params", 20_000_000, 30_000_000),
        ("params<=1_000", "params", None, 1_000),
        ("params=10+-200%", "params", 0, 30),
        ("gmacs<=4.5e-3", "macs", None, 4_500_000),
        # 0.1, 0.29 and 4.35 are no binary fractions: floats would be one off
        ("macs=1000+-0.1%", "macs", 999, 1001),
        ("gmacs>=4.35", "macs", 4_350_000_000, None),
        ("macs>=2.2", "macs", 3, None),
        ("macs<=2.8", "macs", None, 2),
    ],
)
def test_what_is_written_is_what_is_meant(
    text: str, cost: str, low: int | None, high: int | None
) -> None:
    limit = parse_limit(text)
    assert (limit.cost, limit.low, limit.high) == (cost, low, high)
    assert Limit.model_validate(text) == limit
    assert Limit.model_validate(limit.model_dump()) == limit


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("gmac<=4", "no cost is called 'gmac'; did you mean 'gmacs'?"),
        ("flops<=4G", "no cost is called 'flops'"),
        ("latency<=4", "valid: acts, gmacs, macs, macts, mmacs, mparams, params"),
        ("params<=4T", "no unit is called 'T'; valid: G, M, k"),
        ("params<=4Mb", "no unit is called 'Mb'; did you mean 'M'?"),
        ("gmacs<=4G", "'4G' has a unit, but the name of the cost already has one"),
        ("macs<4.5G", "write '<=' (a limit includes its bounds)"),
        ("3<mmacs<=9", "write '<=' (a limit includes its bounds)"),
        ("macs>4.5G", "write '>=' (a limit includes its bounds)"),
        ("gmacs=4.5kg", "no unit is called 'kg'; did you mean 'k'?"),
        ("gmac=4.5", "no cost is called 'gmac'"),
        ("gmacs=4,5", "'4,5' is not a number"),
        ("gmacs=4.5", "almost never met; write gmacs=4.5+-1%"),
        ("params=30M..20M", "the lower limit 30,000,000 is above the upper 20,000,000"),
        ("macs=4.4+-0.1", "the lower limit 5 is above the upper 4"),
        ("params<=", "'' is not a number"),
        ("params<=-5", "'-5' is not a number"),
        ("params<=many", "'many' is not a number"),
        ("params<=1e99", "more than any network costs"),
        ("params", "is not a limit; write it like"),
        ("", "is not a limit; write it like"),
        ("9>=mmacs>=3", "is not a limit; write it like"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(text: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        parse_limit(text)
    assert said in str(caught.value)
    assert str(caught.value).startswith("--limit: ")
    assert "\n" not in str(caught.value)
    assert caught.value.exit_code == 2


decimals = st.decimals(min_value=0, max_value=10**6, places=6, allow_nan=False)
scales = st.sampled_from([("gmacs", 10**9), ("mmacs", 10**6), ("macs", 1)])


@given(decimals, st.decimals(min_value=0, max_value=100, places=3), scales)
def test_a_window_holds_exactly_the_whole_numbers_within_it(
    middle: Any, percent: Any, scaled: tuple[str, int]
) -> None:
    name, scale = scaled
    center = Fraction(middle) * scale
    around = center * Fraction(percent) / 100
    low, high = math.ceil(center - around), math.floor(center + around)
    text = f"{name}={middle:f}+-{percent:f}%"
    if low > high:
        with pytest.raises(InputError, match="above the upper"):
            parse_limit(text)
        return
    limit = parse_limit(text)
    assert (limit.cost, limit.low, limit.high) == ("macs", low, high)
    assert center - around <= low < center - around + 1
    assert center + around - 1 < high <= center + around


@given(st.text(max_size=30))
def test_any_text_is_a_limit_or_one_line(text: str) -> None:
    with contextlib.suppress(InputError):
        limit = parse_limit(text)
        assert limit.low is not None or limit.high is not None


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=1, max_size=5))
def test_several_limits_on_a_cost_intersect(pairs: list[tuple[int, int]]) -> None:
    limits = [Limit(cost="acts", low=min(pair), high=max(pair)) for pair in pairs]
    shared = set.intersection(*(set(range(min(pair), max(pair) + 1)) for pair in pairs))
    if not shared:
        with pytest.raises(ValueError, match="no acts are at least"):
            intersect(limits)
        return
    (one,) = intersect(limits)
    assert (one.low, one.high) == (min(shared), max(shared))


def test_limits_on_different_costs_stand_side_by_side() -> None:
    texts = ("gmacs>=1", "params<=30M", "gmacs<=4", "params<=20M")
    macs, params = intersect([parse_limit(text) for text in texts])
    assert (macs.cost, macs.low, macs.high) == ("macs", 10**9, 4 * 10**9)
    assert (params.cost, params.low, params.high) == ("params", None, 20_000_000)


SPACE = """base: convnext_proxy
axes:
  act: {path: act, choices: [gelu, relu]}
limits:
  - {cost: params, high: 1M}
"""


def test_the_short_form_in_yaml_is_the_long_one() -> None:
    axes = {"act": {"path": "act", "choices": ["gelu", "relu"]}}
    short = load_space({"base": "convnext_proxy", "axes": axes, "limits": ["gmacs=4.5+-1%"]})
    window = {"cost": "gmacs", "low": 4.455, "high": 4.545}
    long = load_space({"base": "convnext_proxy", "axes": axes, "limits": [window]})
    assert short.digest == long.digest
    assert short.limits == long.limits


@pytest.mark.parametrize(
    ("limit", "said"),
    [
        ("gmac=4.5+-1%", "limits.1: no cost is called 'gmac'; did you mean 'gmacs'?"),
        ("{cost: gmac, high: 3}", "limits.1: no cost is called 'gmac'; did you mean 'gmacs'?"),
        ("{cost: macs, high: 3X}", "limits.1: no unit is called 'X'"),
        ("{cost: macs, hihg: 3}", "limits.1.hihg: unknown key 'hihg'; did you mean 'high'?"),
        ("{cost: macs}", "limits.1: a limit needs `low`, `high` or both"),
    ],
)
def test_a_wrong_limit_in_yaml_has_its_line(tmp_path: Path, limit: str, said: str) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(f"{SPACE}  - {limit}\n")
    with pytest.raises(InputError) as caught:
        load_space(path)
    assert said in str(caught.value)
    assert "space.yaml:6" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_limits_that_contradict_each_other(tmp_path: Path) -> None:
    path = tmp_path / "space.yaml"
    path.write_text(f"{SPACE}  - params>=2M\n")
    said = r"space\.yaml:4: limits: no params are at least 2,000,000 and at most 1,000,000"
    with pytest.raises(InputError, match=said):
        load_space(path)
