"""CPUs and GPUs for the trials: of this machine, of the Ray in this process, or of a cluster."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Any

from designspace.errors import InputError
from designspace.searching.ray_session.address import VARIABLE, address, probe
from designspace.searching.ray_session.ray_settings import prepare
from designspace.searching.request import Resources
from designspace.searching.resources.nodes import Available, Node


def require_resources(asked: Resources, executor: str) -> None:
    """Check that at least one trial fits where the trials are to run.

    The local executor uses as many threads as it is told, and the GPU that is named.

    Raises:
        InputError: Not even one trial fits, or nothing answers at RAY_ADDRESS.
    """
    if executor == "ray":
        available("ray").require(asked)
    elif asked.device != "cpu":
        from designspace.compiler.device import device_of

        device_of(asked.device)


def available(executor: str) -> Available:
    """Return the resources that an executor has for its trials.

    Raises:
        InputError: Nothing answers at RAY_ADDRESS, or the answer is not Ray's.
    """
    ray = sys.modules.get("ray")
    if executor == "ray" and ray is not None and ray.is_initialized():
        return Available("Ray", of_ray(ray.nodes()))
    if executor == "ray" and address():
        return _cluster(address())
    return Available("this machine", (Node(os.cpu_count() or 1, gpus_here()),))


def gpus_here() -> int:
    """Count the GPUs of this machine that torch can use, without opening a context on them."""
    import torch

    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def of_ray(nodes: Iterable[Mapping[str, Any]]) -> tuple[Node, ...]:
    """Return the nodes that are alive, from Ray's list of nodes."""
    has = [node["Resources"] for node in nodes if node["Alive"]]
    return tuple(Node(each.get("CPU", 0), each.get("GPU", 0)) for each in has)


def _cluster(named: str) -> Available:
    """Ask the head of a cluster for its nodes without joining it, because joining takes seconds."""
    head = probe()
    prepare()
    import ray.exceptions

    options: Any = import_module("ray._raylet").GcsClientOptions
    state: Any = import_module("ray._private.state").GlobalState()
    try:
        state._initialize_global_state(
            options.create(head, None, allow_cluster_id_nil=True, fetch_cluster_id_if_nil=False)
        )
        nodes = of_ray(state.node_table())
    except (OSError, RuntimeError, ValueError, ray.exceptions.RayError) as error:
        said = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise InputError(f"{VARIABLE}={named}: Ray refuses: {said}") from None
    finally:
        state.disconnect()
    return Available(f"the cluster at {named}", nodes)
