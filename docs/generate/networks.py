"""The networks that ship, their exact counts and their published results."""

from __future__ import annotations

from typing import Any

from designspace.costing import cost
from designspace.spec import load
from designspace.spec.documents import catalog
from designspace.spec.network.network import Network
from generate.markdown import table


def page() -> str:
    """A table of counts, and one of published results."""
    networks = [load(name) for name in catalog.names("specs")]
    return "\n\n".join(
        [
            "# Published networks\n\nThis page is generated from the files in `specs/`. Parameters "
            "and multiply-adds are counted exactly, at the network's own input size and with 1,000 "
            "classes. `designspace verify NAME` counts them three ways and compares them with "
            "the published numbers.",
            "## What ships",
            table(
                ["network", "input", "parameters", "GMACs", "activations (M)"],
                [_counts(network) for network in networks],
                right=(1, 2, 3, 4),
            ),
            "## Published results\n\nPublished top-1 accuracy on ImageNet-1K. The last "
            "column names the weights that `build --weights` and `eval --weights` take.",
            table(
                ["network", "resolution", "pretraining", "top-1", "source", "weights"],
                [row for network in networks for row in _published(network)],
                right=(1, 3),
            ),
        ]
    )


def _counts(network: Network) -> list[str]:
    costs = cost(network)
    return [
        f"`{network.name}`",
        str(network.input_size),
        f"{costs.params:,}",
        f"{costs.macs / 1e9:.4f}",
        f"{costs.acts / 1e6:.2f}",
    ]


def _published(network: Network) -> list[list[str]]:
    rows: Any = network.published or ()
    return [
        [
            f"`{network.name}`",
            str(row.resolution or network.input_size),
            row.pretrain or "",
            "" if row.top1 is None else f"{row.top1:.1f}",
            row.source or "",
            f"`{row.weights}`" if row.weights else "",
        ]
        for row in rows
    ]
