"""Facts about weights without loading them into a network, for people and for `show`."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any

from designspace.weights.preprocessing import Preprocessing
from designspace.weights.reading.hub import TIMM, settings_of
from designspace.weights.recognise import resemblance
from designspace.weights.sources import Weights, read_weights

_INPUT = ("size", "mean", "std", "crop_pct", "crop_mode", "interpolation")


def about(source: Weights | str | Path) -> dict[str, Any]:
    """Return the facts of weights as plain data, license first; unknown facts are left out.

    Args:
        source: Source of the weights, as for `load_weights`. For `timm:NAME` only timm's own
            settings are read, and nothing is downloaded.

    Returns:
        `license`, `origin_url`, `hf_hub_id` and `input`; if tensors were read also `layout`,
        `tensors`, `values`, `precision` and `notes`.

    Raises:
        InputError: There are no such weights, or they cannot be read.
    """
    if isinstance(source, str) and source.startswith(TIMM):
        return _stated(Preprocessing.from_timm(settings_of(source.removeprefix(TIMM))))
    weights = read_weights(source)
    alike = resemblance(weights.tensors)
    kinds = Counter(str(t.dtype).removeprefix("torch.") for t in weights.tensors.values())
    layout = weights.facts.get("layout") or (alike.title if alike else None)
    facts = {
        **_stated(weights.preprocessing),
        "layout": layout,
        "tensors": len(weights.tensors),
        "values": sum(tensor.numel() for tensor in weights.tensors.values()),
        "precision": kinds.most_common(1)[0][0],
        "notes": list(weights.notes),
    }
    return {name: value for name, value in facts.items() if value not in (None, [])}


def _stated(known: Preprocessing | None) -> dict[str, Any]:
    facts = known.facts() if known else {}
    origin = {name: value for name, value in facts.items() if name not in _INPUT}
    given = {name: facts[name] for name in _INPUT if facts.get(name) is not None}
    return origin | ({"input": given} if given else {})
