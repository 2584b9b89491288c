"""How a Ray of our own starts: what is left out, and what is done meanwhile."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest

from designspace.searching.ray_session.quick_start import quick_start
from designspace.searching.ray_session.ray_settings import prepare


@pytest.fixture
def ray() -> Any:
    """Ray's node and services, which are not started."""
    prepare()
    services: Any = import_module("ray._private.services")
    return import_module("ray._private.node").Node, services


def test_what_is_replaced_is_there_and_comes_back(ray: Any) -> None:
    node, services = ray
    names = ("start_monitor", "start_log_monitor", "start_api_server")
    before = [getattr(node, name) for name in names]
    waits = services.get_node
    with quick_start(lambda: None):
        assert all(getattr(node, name) is not old for name, old in zip(names, before, strict=True))
        assert services.get_node is not waits
    assert [getattr(node, name) for name in names] == before
    assert services.get_node is waits


def test_the_driver_works_once_while_the_node_starts(
    ray: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    services, done = ray[1], list[str]()
    monkeypatch.setattr(services, "get_node", lambda *_: done.append("asked"))
    with quick_start(lambda: done.append("worked")):
        services.get_node("address", "node")
        services.get_node("address", "node")
    assert done == ["worked", "asked", "asked"]


def test_the_driver_works_too_where_ray_does_not_wait(ray: Any) -> None:
    del ray
    done = list[str]()
    with quick_start(lambda: done.append("worked")):
        pass
    assert done == ["worked"]
