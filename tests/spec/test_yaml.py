"""The quick reader of YAML gives what the plain one gives, errors included."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from designspace.errors import InputError
from designspace.spec.documents.document import Document, dump_yaml, parse
from designspace.spec.documents.yaml_parser import QuickLoader

ROOT = Path(__file__).parents[2]
scalars = st.one_of(
    st.none(), st.booleans(), st.integers(-(2**70), 2**70), st.floats(allow_nan=False), st.text()
)
plain = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)
pieces = st.sampled_from(
    [*"[]{}:,-#&*!|>'\"%@` \n\t?=~", "a", "b: 1", "- ", "1e-6", "0x1f", "012", "1_000", "yes",
     "null", "2001-01-01", "<<: *a", "&a ", "!!python/name:os.system ", "---\n", "...\n", "\u2028",
     "\x00", "\ufeff", "\ud800", "é"]
)  # fmt: skip


def read(text: str, *, quick: bool) -> Document | str:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(QuickLoader, "is_there", quick)
        try:
            return parse(text, file="some.yaml")
        except InputError as error:
            return str(error)


def same(text: str) -> None:
    quick, slow = read(text, quick=True), read(text, quick=False)
    assert repr(quick) == repr(slow)


@given(plain)
def test_data_are_read_alike(data: Any) -> None:
    same(dump_yaml(data))


@given(st.lists(pieces, max_size=30).map("".join))
@example("a: [1, 2\nb: 3")
@example("a: &x [*x]")
@example("a: 1\na: 2")
@example("[" * 100)
@example("a: !!python/object:os.system x")
@example("a\tb: c")
@example("{a: b, c}")
@example("a: 'x\n")
@example("")
def test_any_text_is_read_or_refused_alike(text: str) -> None:
    same(text)


@pytest.mark.parametrize(
    "path", sorted(path.relative_to(ROOT) for path in ROOT.glob("s*/**/*.yaml")), ids=str
)
def test_what_ships_is_read_alike(path: Path) -> None:
    same((ROOT / path).read_text())
