"""What is kept of spaces between runs: never another answer than without it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from designspace.layers.kind import Kind
from designspace.sampling.cache import keys, store
from designspace.sampling.described import describe_space
from designspace.sampling.space import load_space
from designspace.sampling.tables.part_tables import Pieces
from designspace.sampling.task import Task
from tests.helpers.algebra_spaces import SPACES, data

SMALL = "widths couple the stages"
LIMITED = [{"cost": "params", "high": "20K"}]


@pytest.fixture(scope="module", autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A cache of this module's own; the program counts as free of plugins, as a user's is."""
    base = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(base))
        patch.setenv("DESIGNSPACE_CACHE", "on")
        patch.setattr(keys, "families", dict[str, dict[str, type[Kind]]])
        yield base / "designspace" / "spaces"


def described(name: str = SMALL, **other: Any) -> Any:
    space = load_space(data(SPACES[name], LIMITED) | other)
    return describe_space(space, space.limits, Task(32, 1, 7))


def off(name: str = SMALL) -> Any:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("DESIGNSPACE_CACHE", "off")
        return described(name)


def drawn(name: str) -> Any:
    """Networks and their number, of tables that are read where they are kept."""
    space = load_space(data(SPACES[name], LIMITED))
    found: Any = space.feasible([], task=Task(32, 1, 7))
    draw = found.draw(200, seed=3)
    costs = [each.tolist() for each in draw.costs().values()]
    sizes = list(found.networks.chain.sizes.values())
    any_labels = np.random.default_rng(1).integers(0, sizes, (500, len(sizes)))
    priced = found.networks.chain.costs(any_labels).tolist()
    return found.count, draw.labels.tolist(), costs, priced


def files(home: Path) -> list[Path]:
    return sorted(home.glob("*"))


@pytest.mark.parametrize("name", SPACES)
def test_a_description_is_the_same_without_with_and_from_the_cache(name: str, home: Path) -> None:
    expected = off(name)
    before = len(files(home))
    assert described(name) == expected
    assert len(files(home)) > before
    assert described(name) == expected
    assert repr(described(name)) == repr(expected), "types included"


@pytest.mark.parametrize("name", SPACES)
def test_networks_are_the_same_without_with_and_from_kept_tables(
    name: str, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DESIGNSPACE_CACHE", "off")
    expected = drawn(name)
    monkeypatch.setenv("DESIGNSPACE_CACHE", "on")
    for path in files(home):
        path.unlink()
    assert drawn(name) == expected
    (kept,) = files(home)
    monkeypatch.setattr(Pieces, "__init__", never)
    assert drawn(name) == expected, "read, and no part was read or priced again"
    for content in (b"", b"PK", kept.read_bytes()[32:-200]):
        store.write(kept.stem, content)
        with pytest.raises(AssertionError, match="compiled"):
            drawn(name)


def never(*_: object) -> None:
    raise AssertionError("compiled")


@given(st.lists(st.tuples(st.floats(0, 1), st.binary(max_size=64)), min_size=1, max_size=4))
def test_any_damage_leaves_the_answer_as_it_is(
    home: Path, damages: list[tuple[float, bytes]]
) -> None:
    for path in files(home):
        path.unlink()
    expected = described()
    for share, tail in damages:
        for path in files(home):
            whole = path.read_bytes()
            path.write_bytes(whole[: int(share * len(whole))] + tail)
        assert described() == expected
        assert all(store.read(path.stem) for path in files(home)), "written anew"


def test_a_content_with_the_right_sum_that_is_no_description_is_replaced(home: Path) -> None:
    expected = described()
    for path in files(home):
        for content in (b"", b"{}", b"[1]", b"\xff\xfe", b'{"total": "many"}'):
            store.write(path.stem, content)
            assert described() == expected


def test_what_an_answer_depends_on_is_in_its_key(monkeypatch: pytest.MonkeyPatch) -> None:
    space = load_space(data(SPACES[SMALL], LIMITED))
    task = Task(32, 1, 7)
    known = {keys.key_of(space.axes, space.base_data, task)}
    turned = dict(reversed(space.axes.items()))
    others: list[Any] = [
        (turned, space.base_data, task),
        (space.axes, space.base_data | {"act": "relu"}, task),
        (space.axes, space.base_data, Task(32, 1, 8)),
        (space.axes, space.base_data, task, "more"),
    ]
    known |= {keys.key_of(*each) for each in others}
    assert len(known) == 5
    monkeypatch.setattr(keys, "_source", lambda: "changed")
    assert keys.key_of(space.axes, space.base_data, task) not in known
    assert keys.key_of(space.axes, {"depths": Path()}, task) is None, "no plain data"


def test_every_room_that_an_answer_depends_on_is_there_and_holds_source() -> None:
    for room in keys.ROOMS:
        assert list((keys.ROOT / room).rglob("*.py")), room


def test_a_kind_from_outside_the_package_is_not_cached(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(keys, "families", lambda: {"mixer": {"mine": Foreign}})
    assert keys.key_of({}, {}, Task()) is None
    assert described() == off()


class Foreign(Kind):
    pass


def test_without_a_place_to_write_nothing_is_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = off()
    (tmp_path / "designspace").write_text("no folder")
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert described() == expected
    monkeypatch.setenv("XDG_CACHE_HOME", "relative")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert described() == expected
    assert list((tmp_path / "home/.cache/designspace/spaces").glob("*.kept"))
    assert not Path("relative").exists()


def test_a_cache_that_is_off_is_not_touched(home: Path) -> None:
    described()
    before = {path: path.stat().st_mtime_ns for path in files(home)}
    off()
    assert {path: path.stat().st_mtime_ns for path in files(home)} == before


def test_the_cache_stays_below_its_bound(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for path in files(home):
        path.unlink()
    monkeypatch.setattr(store, "MOST_BYTES", 1000)
    for number in range(20):
        store.write(f"{number:04}", bytes(200))
        os.utime(home / f"{number:04}.kept", (number, number))
    store.write("last", bytes(200))
    left = files(home)
    assert sum(path.stat().st_size for path in left) <= 1000
    assert [path.stem for path in left] == ["0017", "0018", "0019", "last"], "the oldest go first"
