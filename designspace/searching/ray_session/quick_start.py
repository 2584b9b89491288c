"""How a Ray of our own starts sooner: without helpers that no study asks, and never idly.

Ray's head starts three processes beside its control service and its node: one that scales clusters
in a cloud, one that sends the workers' output to the driver, and the server behind the dashboard,
for which `ray.init` waits before it starts the node. A study on one machine uses none of them, and
each imports for about a second while the workers want to. Ray has no setting that leaves them out.

Then `ray.init` waits until its node has registered, most of the time for the node's agents to
import. In this wait the driver can import what it needs next; it does so in the same thread, since
two threads that import modules of one package may find them half made.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import ExitStack, contextmanager
from importlib import import_module
from typing import Any


@contextmanager
def quick_start(meanwhile: Callable[[], object]) -> Generator[None]:
    """Let a head that starts within the context start like this.

    What a version of Ray does not have is left as it is; `meanwhile` is called in any case.

    Args:
        meanwhile: What this process does while the node starts.
    """
    services: Any = import_module("ray._private.services")
    node: Any = import_module("ray._private.node").Node
    done: list[bool] = []

    def once() -> None:
        if not done:
            done.append(True)
            meanwhile()

    def get_node(*args: Any, **options: Any) -> Any:
        once()
        return waits(*args, **options)

    waits: Any = getattr(services, "get_node", None)
    with ExitStack() as stack:
        _replaced(stack, node, "start_monitor", _nothing)
        _replaced(stack, node, "start_log_monitor", _nothing)
        _replaced(stack, node, "start_api_server", _no_server)
        _replaced(stack, services, "get_node", get_node)
        yield
    once()


def _replaced(stack: ExitStack, owner: Any, name: str, instead: Callable[..., Any]) -> None:
    """Replace an attribute until the stack is left; nothing where there is none."""
    before = getattr(owner, name, None)
    if before is not None:
        setattr(owner, name, instead)
        stack.callback(setattr, owner, name, before)


def _nothing(_node: Any) -> None:
    pass


def _no_server(node: Any, **_: Any) -> None:
    node._webui_url = ""
